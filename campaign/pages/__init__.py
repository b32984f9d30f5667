"""Our own pages: the HTML, CSS and JavaScript files beside this one, and the one way in which text goes into them.

Raises nothing. They are filled in by `string.Template`, in one pass: what a value holds is never read as a template.
"""

from functools import cache
from html import escape
from importlib.resources import files


@cache
def asset(name: str) -> str:
    """Read the text of a file of this folder."""
    return (files("campaign") / "pages" / name).read_text("utf-8")


def shown(text: str) -> str:
    """Escape text for HTML text or a quoted attribute value; what HTML can't hold becomes U+FFFD."""
    return escape(text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace"))

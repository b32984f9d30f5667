"""The files of a template folder: which there are, and whether they make a message. A path in, names out.

Raises `TemplateError`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from campaign.errors import TemplateError

SUBJECT, HTML, MJML_BODY, TEXT = "subject.txt", "body.html", "body.mjml", "body.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFolder:
    """`path` is absolute; `html`: the file of the HTML body, None without one; `has_text`: there is a body.txt."""

    path: Path
    html: str | None
    has_text: bool

    @property
    def text(self) -> str:
        """The file that the text is from: that of the HTML, where it has none of its own."""
        return TEXT if self.has_text or self.html is None else self.html


def template_folder(path: Path) -> TemplateFolder:
    """Look at a folder."""
    folder = Path(os.path.abspath(path))  # noqa: PTH100 - a link to a folder keeps the neighbours it was put among
    if not folder.is_dir():
        raise TemplateError("there is no such template folder", where=str(folder), fix="correct message.template")
    there = {name for name in (SUBJECT, HTML, MJML_BODY, TEXT) if (folder / name).is_file()}
    if SUBJECT not in there:
        raise TemplateError(f"there is no {SUBJECT}", where=str(folder), fix=f"add {SUBJECT}: one line of text")
    if there == {SUBJECT}:
        raise TemplateError(f"there is neither {HTML} nor {TEXT}", where=str(folder), fix="add one of them, or both")
    if {HTML, MJML_BODY} <= there:
        what = f"there are both {HTML} and {MJML_BODY}"
        raise TemplateError(what, where=str(folder), fix="keep one of them: MJML is compiled to HTML")
    html = next((name for name in (HTML, MJML_BODY) if name in there), None)
    return TemplateFolder(path=folder, html=html, has_text=TEXT in there)

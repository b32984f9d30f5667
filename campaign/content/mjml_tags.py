"""Where in MJML one is: in which element, within a tag, a value or a comment. Pieces of text in, one after the other.

Raises `TemplateError` for what no compiler of MJML takes, and most refuse without a line: an end that fits no
beginning, a value without quotes, a `<` that begins nothing; and for a component that there is none of, or that stands
where it is only text: mrml hands these on to the inbox as they stand.

Limits: it follows tags, and does not know what a component may hold. CDATA, DOCTYPE and processing instructions are
refused.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches

from campaign.errors import TemplateError

CORRECT = "correct the template"
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
"""Elements that have no end: HTML Standard, section 13.1.2."""

HOLD_HTML = frozenset(
    (
        *("mj-text", "mj-button", "mj-table", "mj-raw", "mj-social-element", "mj-navbar-link"),
        *("mj-accordion-title", "mj-accordion-text", "mj-title", "mj-preview", "mj-style"),
    )
)
"""Components in which nothing is MJML any more: MJML's "ending tags", and texts of the head."""
_COMPONENTS = HOLD_HTML | frozenset(
    (
        *(
            "mjml",
            "mj-head",
            "mj-body",
            "mj-include",
            "mj-attributes",
            "mj-all",
            "mj-class",
            "mj-breakpoint",
            "mj-font",
        ),
        *("mj-html-attributes", "mj-selector", "mj-html-attribute", "mj-wrapper", "mj-section", "mj-group"),
        *("mj-column", "mj-hero", "mj-image", "mj-divider", "mj-spacer", "mj-social", "mj-navbar", "mj-accordion"),
        *("mj-accordion-element", "mj-carousel", "mj-carousel-image"),
    )
)
"""All there are: documentation.mjml.io."""

_BEGIN = re.compile(r"<!--|</?(?=[A-Za-z])|<")
_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_WITHIN_TAG = re.compile(r"\s+|/?>|=|[\"']|[^\s=>\"'/]+|/")

Fault = Callable[[str, int, str], TemplateError]
"""What is wrong, the line, and what to do → the error."""


class Tags:
    """The elements that are open, and what of a tag or comment has been read."""

    def __init__(self, fault: Fault, place: Callable[[int], str]) -> None:
        """`place` writes a line for people."""
        self._fault = fault
        self._place = place
        self.open: list[tuple[str, int]] = []
        """Names, and the lines that they were opened on."""
        self.inside = ""
        """"" in content, or "tag", "comment", or the quote of a value."""
        self.wants_value = False
        """Within a tag: behind a `=`."""
        self.tag = ""
        """The last tag's name, with the `/` of an end; `!--` for a comment."""
        self.tag_line = 0

    @property
    def element(self) -> str:
        """The innermost one that is open, or ""."""
        return self.open[-1][0] if self.open else ""

    def require_closed(self, depth: int) -> None:
        """Raise for what is left open at the end of a file that began with `depth` elements."""
        if self.inside:
            raise self._fault(f"<{self.tag}> is not closed", self.tag_line, CORRECT)
        if len(self.open) > depth:
            name, line = self.open[-1]
            raise self._fault(f"<{name}> is not closed", line, CORRECT)

    def follow(self, text: str, at: int, line: int, *, until: str) -> int:
        """Go on in `text` from `at`, which is on `line`; give where a tag `until` has ended, or the text has."""
        while at < len(text):
            start = at
            if self.inside == "comment":
                end = text.find("-->", at)
                at, self.inside = (len(text), "comment") if end < 0 else (end + 3, "")
            elif self.inside in ("'", '"'):
                end = text.find(self.inside, at)
                at, self.inside = (len(text), self.inside) if end < 0 else (end + 1, "tag")
            elif self.inside == "tag":
                found = _WITHIN_TAG.match(text, at)
                assert found is not None  # It takes any character.
                at = found.end()
                self._within_tag(found[0], line)
                if not self.inside and self.tag == until:
                    return at
            else:
                found = _BEGIN.search(text, at)
                if found is None:
                    return len(text)
                line += text.count("\n", at, found.start())
                start = found.start()
                at = self._begin(text, found, line)
            line += text.count("\n", start, at)
        return at

    def _begin(self, text: str, found: re.Match[str], line: int) -> int:
        self.tag_line = line
        if found[0] == "<!--":
            self.inside, self.tag = "comment", "!--"
            return found.end()
        name = _NAME.match(text, found.end())
        if name is None:
            raise self._fault("a < begins no tag", line, "write &lt;")
        self.inside, self.tag, self.wants_value = "tag", name[0], False
        if found[0] == "</":
            self.tag = f"/{name[0]}"
            self._close(name[0])
        elif name[0].lower().startswith("mj"):
            self._require_component(name[0], line)
        return name.end()

    def _within_tag(self, piece: str, line: int) -> None:
        if piece in ("'", '"'):
            self.inside, self.wants_value = piece, False
        elif piece == "=":
            self.wants_value = True
        elif piece.isspace():
            pass
        elif self.wants_value:
            raise self._fault(f"an attribute of <{self.tag}> has no quotes", line, 'write name="value"')
        elif piece == "/>":
            self.inside = ""
        elif piece == ">":
            self.inside = ""
            if not self.tag.startswith("/") and self.tag.lower() not in _VOID:
                self.open.append((self.tag, self.tag_line))

    def _require_component(self, name: str, line: int) -> None:
        if name not in _COMPONENTS:
            near = get_close_matches(name.lower(), _COMPONENTS, n=1, cutoff=0.7)
            raise self._fault(f"MJML has no <{name}>" + (f"; did you mean <{near[0]}>?" if near else ""), line, CORRECT)
        around = next((opened for opened, _ in self.open if opened in HOLD_HTML), None)
        if around is not None and name != "mj-include":
            fix = f"end <{around}> before it, or write HTML"
            raise self._fault(f"<{name}> stands in <{around}>, where MJML compiles nothing", line, fix)

    def _close(self, name: str) -> None:
        if not self.open:
            raise self._fault(f"</{name}> closes nothing", self.tag_line, CORRECT)
        opened, line = self.open.pop()
        if opened.lower() != name.lower():
            what = f"</{name}> stands where <{opened}> of {self._place(line)} is to be closed"
            raise self._fault(what, self.tag_line, CORRECT)

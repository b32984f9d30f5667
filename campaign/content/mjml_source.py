"""MJML with Jinja2 in it, made ready for a compiler: marks in place of Jinja2, files in place of <mj-include>.

In: the source of a file, and how to read those that it includes. Out: MJML that holds marks, what each of them stands
for, and where each piece is from. Raises `TemplateError` with file and line, also for Jinja2 where MJML has no place
for it.

A mark in a text or between components is a comment, which MJML takes nearly everywhere, and a parser of HTML moves
nowhere; in an attribute, or where text is no markup, it is a word.

Limits: an included file is a piece of MJML (or HTML, or CSS, by its `type`), not a whole document.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError

from campaign.content.mjml_tags import CORRECT, Tags
from campaign.errors import TemplateError

_TAKE_COMMENTS = (
    *("mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"),
    *("mj-social", "mj-navbar", "mj-accordion"),
    *("mj-text", "mj-button", "mj-table", "mj-raw", "mj-social-element", "mj-navbar-link"),
    "mj-accordion-text",
)
_NO_MARKUP = ("mj-title", "mj-preview", "mj-style", "mj-accordion-title")
_INCLUDE = "mj-include"
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_IS_EXTENDS = re.compile(r"\{%[-+]?\s*extends\b").match
_IS_DOCUMENT = re.compile(r"<mj(?:ml|-body|-head)\b").search
_END_OF_INCLUDE = re.compile(r"\s*</mj-include\s*>")
_ENDS = ("variable_end", "block_end", "raw_begin", "raw_end")
_AFTER_ALL = 1 << 60

Read = Callable[[str, str], tuple[str, str, str]]
"""The path that a file names, and that file's name → name, title and text. Raises LookupError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Construct:
    """A piece of Jinja2: `{{ … }}`, `{% … %}`, or an end of `{% raw %}`."""

    text: str
    line: int
    """As `MjmlSource.place` takes it."""
    is_parsed: bool
    """Whether Jinja2's parser sees it: `raw` is gone by then."""

    def __str__(self) -> str:
        """On one line."""
        return " ".join(self.text.split())


class MjmlSource:
    """A file with all that it includes. Lines are counted through all of them, one behind the other: see `place`."""

    def __init__(self, environment: Environment, read: Read, *, mark: str) -> None:
        """`mark`: a word that stands nowhere in the template."""
        self._environment = environment
        self._read = read
        self._mark = mark
        self.constructs: list[Construct] = []
        """By the numbers of their marks: `mark`, number, `x`."""
        self.prologue: list[Construct] = []
        """What stands before <mjml>, such as imports of macros; no mark stands for it."""
        self._tags = Tags(self._fault, self.place)
        self._pieces: list[str] = []
        self._origins: list[tuple[int, int]] = []
        """Where each piece begins, and its line."""
        self._files: list[tuple[int, str]] = []
        """The first line of each, and its title."""
        self._length, self._lines = 0, 0

    @property
    def text(self) -> str:
        """The MJML."""
        return "".join(self._pieces)

    def place(self, line: int) -> str:
        """Write file and line, as their author knows them."""
        first, title = self._files[bisect_right(self._files, line, key=lambda file: file[0]) - 1]
        return f"{title} line {line - first + 1}"

    def place_of(self, offset: int) -> str:
        """Write file and line of a character of `text`."""
        start, line = self._origins[bisect_right(self._origins, (offset, _AFTER_ALL)) - 1]
        return self.place(line + self.text.count("\n", start, offset))

    def place_of_text(self, text: str) -> str:
        """Write file and line of the first place that has this text, or only the file."""
        at = self.text.find(text)
        return self._files[0][1] if at < 0 else self.place_of(at)

    def add(self, name: str, title: str, text: str, *, within: tuple[str, ...] = ()) -> None:
        """Read a file; `within` are the names of those that include it."""
        first = self._lines + 1
        self._lines += text.count("\n") + 1
        self._files.append((first, title))
        depth, begun, begun_line = len(self._tags.open), "", 0
        try:
            for at, kind, value in self._environment.lex(text):
                line = first + at - 1
                if kind == "data" and not begun:
                    self._markup(value, line, (*within, name))
                    continue
                begun_line = begun_line if begun else line
                begun += value
                if kind in _ENDS:
                    self._construct(
                        Construct(text=begun, line=begun_line, is_parsed=not kind.startswith("raw")),
                    )
                elif kind == "comment_end":
                    self._put("\n" * begun.count("\n"), begun_line)
                else:
                    continue
                begun = ""
        except TemplateSyntaxError as error:
            what, line = error.message or "it can't be compiled", first + error.lineno - 1
            raise self._fault(what, line) from None
        if begun:
            raise self._fault(f"{begun[:2]} is not closed", begun_line)
        self._tags.require_closed(depth)

    def _fault(self, what: str, line: int, fix: str = CORRECT) -> TemplateError:
        return TemplateError(what, where=self.place(line), fix=fix)

    def _put(self, text: str, line: int) -> None:
        self._origins.append((self._length, line))
        self._pieces.append(text)
        self._length += len(text)

    def _construct(self, construct: Construct) -> None:
        tags, line, element = self._tags, construct.line, self._tags.element
        if _IS_EXTENDS(construct.text):
            raise self._fault("MJML can't extend a template", line, 'use <mj-include path="…"/>')
        if tags.inside == "tag" and tags.wants_value:
            raise self._fault(f"{construct} stands in an attribute without quotes", line, 'write name="value"')
        if not tags.inside and not element:
            if not construct.text.startswith("{%") or self.text.strip():
                raise self._fault(f"{construct} stands outside of <mjml>", line)
            self.prologue.append(construct)
            return
        mark = f"{self._mark}{len(self.constructs)}x"
        self.constructs.append(construct)
        if tags.inside == "tag":
            self._put(f" {mark} ", line)
        elif tags.inside or element in _NO_MARKUP:
            self._put(mark, line)
        elif element == "mj-head":
            self._put(f"<mj-raw>{mark}</mj-raw>", line)
        elif element in _TAKE_COMMENTS or not element.startswith("mj"):
            self._put(f"<!--{mark}-->", line)
        else:
            raise self._fault(f"{construct} can't stand directly in <{element}>", line, "put it around that, or within")

    def _markup(self, text: str, line: int, within: tuple[str, ...]) -> None:
        """Read what stands between two constructs."""
        at = 0
        while at < len(text):
            here = line + text.count("\n", 0, at)
            end = self._tags.follow(text, at, here, until=_INCLUDE)
            if self._tags.inside or self._tags.tag != _INCLUDE:
                self._put(text[at:end], here)
                at = end
                continue
            self._tags.tag = ""
            begun = text.rfind(f"<{_INCLUDE}", at, end)
            if begun < 0:
                raise self._fault(f"<{_INCLUDE}> is computed", here, "name the file")
            self._put(text[at:begun], here)
            at = end
            if self._tags.element == _INCLUDE:
                self._tags.open.pop()
                closed = _END_OF_INCLUDE.match(text, end)
                if closed is None:
                    raise self._fault(f"<{_INCLUDE}> is not closed", self._tags.tag_line, f"write <{_INCLUDE} …/>")
                at = closed.end()
            self._include(text[begun:end], self._tags.tag_line, within)

    def _include(self, tag: str, line: int, within: tuple[str, ...]) -> None:
        """Put a file in the place of the tag that names it."""
        attributes = {found[1]: found[2] or found[3] or "" for found in _ATTRIBUTE.finditer(tag)}
        path, kind = attributes.get("path", ""), attributes.get("type", "mjml")
        try:
            name, title, text = self._read(path, within[-1])
        except LookupError:
            fix = "names count from the template folder, then from the folder beside it; or begin them with ../"
            raise self._fault(f"there is no file {path!r} that can be read", line, fix) from None
        if name in within:
            raise self._fault(f"{path!r} includes itself", line)
        if kind == "mjml" and _IS_DOCUMENT(text):
            raise self._fault(f"{path!r} is a whole document", line, f"leave in it what is to stand for <{_INCLUDE}>")
        around = {"html": "mj-raw", "css": "mj-style"}.get(kind)
        if around is None:
            return self.add(name, title, text, within=within)
        inline = ' inline="inline"' if attributes.get("css-inline") == "inline" else ""
        self._put(f"<{around}{inline}>", line)
        self._tags.open.append((around, line))
        self.add(name, title, text, within=within)
        self._tags.open.pop()
        return self._put(f"</{around}>", line)

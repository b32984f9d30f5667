"""body.mjml compiled to HTML, once, by mrml; what Jinja2 has in it stays, and runs for each message as in body.html.

In: the file, with the files that `<mj-include>` names; these are read here, by the rules for names that Jinja2's own
includes have, and mrml reads nothing itself. Out: the HTML template, and where its lines are from: a line of the HTML
says nothing to who wrote MJML, so tokens get the lines of the original before Jinja2 parses them.

`{% if %}` and `{% for %}` may stand around components and within texts and attributes. An attribute may hold `{{ }}`,
but mrml can't reckon with what it will be: a width has to be a number.

Raises `TemplateError` with file and line, as far as mrml says where, and `SettingsError` without mrml.
"""

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateNotFound
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from campaign.content.mjml_source import Construct, MjmlSource
from campaign.content.nesting import MOST, is_too_deep
from campaign.errors import SettingsError, TemplateError
from campaign.extras import install_command

_POSITION = re.compile(r"(?: in root template)?(?: at position (\d+):\d+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class MjmlDocument:
    """A compiled file."""

    html: str
    source: MjmlSource
    lines: tuple[int, ...]
    """Of each piece of Jinja2 that its parser sees begin, in the order of the HTML: for `source.place`."""
    files: tuple[Path, ...]
    """What was included."""


class OriginalLines(Extension):
    """Gives tokens of compiled MJML the lines of their source."""

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterable[Token]:
        """Leave other templates alone."""
        documents: dict[str, MjmlDocument] = getattr(self.environment.loader, "documents", {})
        document = documents.get(stream.name or "")
        return stream if document is None else _moved(stream, document.lines)


def _moved(stream: Iterable[Token], lines: Iterable[int]) -> Iterator[Token]:
    begun, by = iter(lines), 0
    for token in stream:
        if token.type in ("variable_begin", "block_begin"):
            by = next(begun) - token.lineno
        yield Token(token.lineno + by, token.type, token.value)


def compiled_mjml(environment: Environment, loader: FileSystemLoader, name: str, *, title: str) -> MjmlDocument:
    """Compile the file that the loader knows as `name`. Raises TemplateNotFound, and what reading a file raises."""
    try:
        import mrml
    except ImportError:
        what = "the library that compiles MJML is not installed"
        raise SettingsError(what, where=title, fix=f"install it: {install_command('mjml')}") from None
    files: list[Path] = []

    def read(path: str, parent: str) -> tuple[str, str, str]:
        joined = environment.join_path(path, parent)
        try:
            text, file, _ = loader.get_source(environment, joined)
        except (TemplateNotFound, OSError, ValueError):
            raise LookupError(path) from None
        files.append(Path(file))
        return joined, path, text

    mark = f"jinja{secrets.token_hex(6)}n"
    source = MjmlSource(environment, read, mark=mark)
    source.add(name, title, loader.get_source(environment, name)[0])
    if is_too_deep(source.text):  # mrml would end the process
        what = f"elements stand more than {MOST} deep in each other"
        raise TemplateError(what, where=title, fix="correct the template")
    try:
        html = mrml.to_html(source.text).content
    except OSError as error:
        found = _POSITION.search(str(error))
        assert found is not None
        # mrml counts octets.
        where = title if found[1] is None else source.place_of(len(source.text.encode()[: int(found[1])].decode()))
        what = f"it is no MJML that can be compiled: {str(error)[: found.start()]}"
        raise TemplateError(what, where=where, fix="correct the template") from None
    return _with_jinja(html, source, mark, tuple(files))


def _with_jinja(html: str, source: MjmlSource, mark: str, files: tuple[Path, ...]) -> MjmlDocument:
    """Put back what the marks stand for; some may stand there several times."""
    met: list[Construct] = list(source.prologue)

    def restore(found: re.Match[str]) -> str:
        construct = source.constructs[int(found[1] or found[2])]
        met.append(construct)
        return construct.text

    html = re.sub(rf"<!--{mark}(\d+)x-->|{mark}(\d+)x", restore, html)
    for construct in source.constructs:
        if construct not in met:
            raise TemplateError(
                f"MJML makes nothing of {construct}",
                where=source.place(construct.line),
                fix="put it where something is shown, or into an attribute that the component has",
            )
    return MjmlDocument(
        html="".join(construct.text for construct in source.prologue) + html,
        source=source,
        lines=tuple(construct.line for construct in met if construct.is_parsed),
        files=files,
    )

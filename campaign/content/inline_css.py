"""Rules of <style> made style attributes, by css-inline: the chunks of an HTML body in, those of the inlined one out.

Mail programs that drop <style> then show the message as it was meant. What no attribute can say stays in <style>:
at-rules such as @media, `:hover` and its kind, selectors that match nothing here (`#outlook a`). A <style media="…">,
and what conditional comments hide, is left alone. Nothing is loaded, neither from the network nor from the disk.

Parsing a message takes 0.15 ms, and is done once for all messages of one *shape*: the constant chunks in their order,
with a mark wherever a value stands. The inlined document is cut at the marks, and a message is put together of the
pieces and its own values. So a template is what it was (inheritance, loops, macros, lines in errors), and what comes
out is what parsing that very message would have given. Where that can't be promised, the message is parsed for itself:
where a value stands in <style>, outside of quotes, or in an attribute that a selector or the parser asks for; and where
it is markup (`| safe`, the output of a macro), begins with white space, or completes what stands before it.

Raises SettingsError without the library, and `UnreadableStyleError`. Limits: the document is written anew (quotes, the
order of attributes, <tbody>), as a browser reads it.
"""

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence

from campaign.content.nesting import MOST, is_too_deep
from campaign.errors import SettingsError
from campaign.extras import install_command

Listener = Callable[[Collection[str]], None]

_MOST_SHAPES = 1000
"""That are kept; each is the size of a message. A template with more of them (loops over cells) parses the others."""

_is_text = re.compile(r"(?!\s)(?:[^<>\"'&\0]++|&(?:amp|lt|gt|#34|#39);)++").fullmatch
"""A value that is nothing but text, to a parser: what escaping gives, or what needs none. A NUL is not: it is dropped,
and what follows it is then first.
"""
_is_unfinished = re.compile(r"(?:&#?\w*|<[!/?]?-*)\Z")
"""Text before a value that would take it into a character reference, or for something else than text."""
_may_end_a_comment = re.compile(r"-?!?(?:>|\Z)").match
_NAME_OF_ATTRIBUTE = re.compile(r"[^\s\"<>/=]+\Z")
_STYLE = re.compile(r"<style\b.*?(?:</style|\Z)", re.DOTALL | re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SELECTED = re.compile(r"\[\s*(?:[^\]|=~^$*\s]*\|(?!=))?\s*([^\s\]=~|^$*]+)\s*[~|^$*]?=")
"""Attributes whose value a selector asks for."""
_LOOKED_AT = {"class", "id", "style", "media", "type", "data-css-inline"}
"""Attributes that decide what is done, whatever the selectors: `type` the parser looks at, in an <input>."""

_IGNORE = ' data-css-inline="ignore"'
_FOR_SOME_MEDIA = re.compile(
    r"(<style\b)(?=[^>]*?\s(?:media\s*+=\s*+[\"']?+(?!all\b)|type\s*+=\s*+[\"']?+(?!text/css\b)))(?![^>]*\sdata-css-inline)",
    re.IGNORECASE,
)
_REVEALED_IF = re.compile(r"<!\[if ([^\]>]*)\]>")
_REVEALED_END = "<![endif]>"
"""A conditional comment that only Outlook takes for one, shown by all others; a parser makes a comment of its tags."""
_STYLE_ATTRIBUTE = re.compile(r"\sstyle\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)


class UnreadableStyleError(ValueError):
    """CSS that css-inline can't read, or HTML that it must not be given. `culprit`: the value of the style attribute,
    where it is one; `is_personal`: whether a row's own values have a part in it.
    """

    def __init__(self, words: str, *, culprit: str | None = None, is_personal: bool) -> None:
        super().__init__(words)
        self.culprit = culprit
        self.is_personal = is_personal


class _TooDeepError(ValueError):
    """css-inline would end the process."""


class CssInliner:
    """Inlines the bodies of one template. Keeps nothing of a contact's."""

    def __init__(self, constants: Collection[str]) -> None:
        """`constants`: the chunks that all messages share. Raises SettingsError."""
        try:
            from css_inline import CSSInliner, InlineError
        except ImportError:
            what = "the library that inlines CSS is not installed"
            fix = f"install it: {install_command('css')}"
            raise SettingsError(what, where="message.inline_css", fix=fix) from None
        self._error: type[Exception] = InlineError
        self._inline = CSSInliner(
            keep_style_tags=True, remove_inlined_selectors=True, keep_link_tags=True, load_remote_stylesheets=False
        ).inline
        self._constants = frozenset(constants)
        self._mark = os.urandom(8).hex()
        self._is_mark = re.compile(rf"{self._mark}  (\d+)x")
        self._shapes: dict[tuple[str | None, ...], tuple[str | int, ...] | None] = {}
        """By the constant chunks, None for a value: the pieces, with the numbers of values between them. None: each
        message is to be parsed.
        """
        self.listener: Listener | None = None
        """Is given the constant pieces of each new shape."""

    def __call__(self, chunks: Sequence[str]) -> tuple[str, ...]:
        """Give the chunks of the inlined document. Raises UnreadableStyleError."""
        constants = self._constants
        key: list[str | None] = []
        values: list[str] = []
        for chunk in chunks:
            if chunk in constants:
                key.append(chunk)
            elif _is_text(chunk):
                key.append(None)
                values.append(chunk)
            elif not chunk or chunk.isspace():
                key.append(chunk)  # Nothing, or white space: to a parser, and to `:empty`, not the same as text.
            else:
                return self._parsed(chunks)
        shape = tuple(key)
        try:
            pieces = self._shapes[shape]
        except KeyError:
            pieces = self._learn(shape)
        if pieces is None:
            return self._parsed(chunks)
        return tuple([piece if piece.__class__ is str else values[piece] for piece in pieces])  # type: ignore[index]

    def _parsed(self, chunks: Sequence[str]) -> tuple[str, ...]:
        """Inline one message for itself."""
        text = "".join(chunks)
        try:
            return (self._inlined(text),)
        except UnicodeEncodeError:
            return tuple(chunks)  # Half a character: whoever composes the message refuses it, and says so.
        except _TooDeepError:
            is_the_rows = not is_too_deep("".join(filter(self._constants.__contains__, chunks)))
            words = f"elements stand more than {MOST} deep in each other"
            raise UnreadableStyleError(words, is_personal=is_the_rows) from None
        except self._error as error:
            words = str(error)
        culprit = self._culprit(text)
        if culprit is None:
            raise UnreadableStyleError(words, is_personal=False)
        end, is_personal = 0, False
        for chunk in chunks:
            start, end = end, end + len(chunk)
            if start < culprit.end(1) and culprit.start(1) < end:
                is_personal = is_personal or chunk not in self._constants
        raise UnreadableStyleError(words, culprit=culprit[1], is_personal=is_personal)

    def _inlined(self, document: str) -> str:
        if is_too_deep(document):
            raise _TooDeepError
        document = _REVEALED_IF.sub(r"<!--[if \1]><!-->", document).replace(_REVEALED_END, "<!--<![endif]-->")
        document = _FOR_SOME_MEDIA.sub(rf"\1{_IGNORE}", document)
        return self._inline(document).replace(f"<style{_IGNORE}", "<style")

    def _learn(self, shape: tuple[str | None, ...]) -> tuple[str | int, ...] | None:
        if len(self._shapes) >= _MOST_SHAPES:
            return None
        pieces = self._shapes[shape] = self._pieces(shape)
        if pieces is not None and self.listener is not None:
            self.listener([piece for piece in pieces if isinstance(piece, str)])
        return pieces

    def _pieces(self, shape: Sequence[str | None]) -> tuple[str | int, ...] | None:
        """Inline a message of this shape, with marks for its values; None where a value may be more than text."""
        count = 0
        chunks = []
        for chunk in shape:
            if chunk is None:
                # Two spaces within: what is not in quotes falls apart there, and is written anew with one at most.
                chunk = f"{self._mark}  {count}x"
                count += 1
            chunks.append(chunk)
        document = "".join(chunks)
        try:
            inlined = self._inlined(document)
        except (UnicodeEncodeError, _TooDeepError, self._error):
            return None
        # Marks may have changed places, or be there twice: so a parser mends what is nested wrongly.
        parts = self._is_mark.split(inlined)
        if len(set(parts[1::2])) != count or not self._are_text(document, inlined):
            return None
        pieces = [int(part) if at % 2 else part for at, part in enumerate(parts)]
        return tuple(piece for piece in pieces if piece != "")

    def _are_text(self, document: str, inlined: str) -> bool:
        """Whether the marks stand where it is all the same to the parser, and to selectors, what text there is."""
        styles = list(_STYLE.finditer(document))
        for mark in self._is_mark.finditer(document):
            if _is_unfinished.search(document, max(0, mark.start() - 40), mark.start()):
                return False
            if _may_end_a_comment(document, mark.end()) or any(
                style.start() < mark.start() < style.end() for style in styles
            ):
                return False
        css = _CSS_COMMENT.sub("", "".join(style.group() for style in styles))
        selected = {name.lower() for name in _SELECTED.findall(css)} | _LOOKED_AT
        names = set(_attributes(inlined, self._is_mark))
        return not names or not (None in names or names & selected or any("\\" in name for name in selected))

    def _culprit(self, document: str) -> re.Match[str] | None:
        """Find the style attribute that can't be read: css-inline does not say which it is."""
        for found in _STYLE_ATTRIBUTE.finditer(document):
            try:
                self._inline(f"<style>p {{ color: red }}</style><p style={found[1]}>")
            except self._error:
                return found
        return None


def _attributes(document: str, mark: re.Pattern[str]) -> Iterator[str | None]:
    """Give the names of attributes that marks stand in; None where that is in doubt. In `document`, values of
    attributes are in double quotes and have none in them.
    """
    for found in mark.finditer(document):
        quote = document.rfind('"', 0, found.start())
        if quote > 0 and document[quote - 1] == "=":
            name = _NAME_OF_ATTRIBUTE.search(document, max(0, quote - 80), quote - 1)
            yield None if name is None else name.group().lower()

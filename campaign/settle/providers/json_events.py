"""The objects of a JSON file, however they stand in it, one by one.

In: octets, UTF-8 or UTF-16 (which a Windows shell writes). Out: each object with the line on which it begins. They may
stand alone, on a line each, one after the other without anything between (Amazon Data Firehose), in an array, also one
that fills a single line, or in a list inside an object (`{"items": […]}`): memory stays flat, whatever the file is.
What is broken is told, with its line, and costs no other object where lines tell where the next one begins. Raises
nothing for what stands in it; OSError, EOFError or zlib.error from whoever gives the octets.

Limits: an object may have 4 Mi characters. A list inside an object is read as a stream only under the names that
providers use, and only if what stands before it is short.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

Tell = Callable[[str, int, str], None]
"""What is wrong, on which line, what to do."""

LISTS = ("items", "Records", "Bounces", "Messages", "messages", "Opens", "Clicks")
"""Mailgun's API; S3, Lambda; Postmark's API, and what `aws sqs receive-message` prints; SendGrid's API."""
_LONGEST = 4 * 1024 * 1024
_CHUNK = 256 * 1024
_DEEPEST = 8
"""Arrays around an object."""
_GAP = re.compile(r"[\s,]*")
_COLON = re.compile(r"\s*:\s*")
_WRAPPER = re.compile(
    r'\{\s*(?:"[^"\\]{1,64}"\s*:\s*(?:"[^"\\]{0,4096}"|[-+.\w]{1,64}|\{[^{}\[\]]{0,8192}\}|\[\])\s*,\s*){0,16}'
    rf'"(?:{"|".join(LISTS)})"\s*:\s*\[\s*[{{\]]'
)
_EDGE = 16
"""An error this near to the end of what was read may be nothing but that end: a literal or a \\u escape cut in two."""
_SPLIT_ERRORS = ("Unterminated string", "Invalid \\escape", "Invalid \\uXXXX escape")
_ON_ITS_OWN = "the others were read; have it written anew if it matters"
_TO_THE_END = "what stands after it was not read; correct it, or fetch the file anew"
_DECODER = json.JSONDecoder()
_WRAPS = object()
"""In place of a value: an object that has its events in a list inside."""


def json_objects(octets: BinaryIO, tell: Tell) -> Iterator[tuple[int, dict[str, object]]]:
    """Give line and object, of each."""
    return _Scan(octets, tell).objects()


class _Broken(Exception):  # noqa: N818  # never leaves this module
    """What stands here is none. Its words: what is wrong."""


class _Scan:
    """A window that moves over the text."""

    def __init__(self, octets: BinaryIO, tell: Tell) -> None:
        self._octets, self._tell = octets, tell
        start = octets.read(_CHUNK)
        self._decoder = codecs.getincrementaldecoder(_encoding(start))("replace")
        self._text, self._at, self._line, self._ended = self._decoder.decode(start), 0, 1, not start
        self._around: list[tuple[str, int]] = []
        """The brackets that are open around, each with its line."""

    def objects(self) -> Iterator[tuple[int, dict[str, object]]]:
        while first := self._next():
            line = self._line
            try:
                found = self._step(first)
            except _Broken as broken:
                self._go_on_after(str(broken), line)
            else:
                if found is not None:
                    yield line, found
        if self._around:
            self._tell("the file ends before its list of events does", self._line, "there may be more: fetch it anew")

    def _step(self, first: str) -> dict[str, object] | None:
        """Read what begins here; give it if it is an object."""
        around = self._around[-1][0] if self._around else ""
        if first == {"[": "]", "{": "}"}.get(around):
            self._around.pop()
            self._move(self._at + 1)
        elif around == "{":
            self._member()
        elif first == "[":
            self._enter("[")
        elif first == "{":
            return self._object()
        elif around == "[":
            self._value()  # no event
        else:
            raise _Broken("this is no JSON")
        return None

    def _object(self) -> dict[str, object] | None:
        found = self._value()
        if found is _WRAPS:
            self._enter("{")
            return None
        assert isinstance(found, dict)
        return found

    def _member(self) -> None:
        """Read a name and what stands under it, of an object around."""
        name = self._value()
        while not (colon := _COLON.match(self._text, self._at)) or colon.end() == len(self._text):
            if not self._more():
                raise _Broken("a name without a value")
        if not isinstance(name, str):
            raise _Broken("a name that is none")
        self._move(colon.end())
        if name in LISTS and self._text[self._at] == "[":
            self._enter("[")
        elif self._value() is _WRAPS:
            self._enter("{")

    def _value(self) -> object:
        """Read one value, whole, and go on behind it; give `_WRAPS`, and stay, where it has its events inside."""
        while True:
            if self._text[self._at] == "{" and _WRAPPER.match(self._text, self._at):
                return _WRAPS
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise _Broken("this is nested too deeply") from None
            except json.JSONDecodeError as error:
                ended = error.pos >= len(self._text) - _EDGE or error.msg.startswith(_SPLIT_ERRORS)
                if not ended or not self._more():
                    too_long = ended and not self._ended
                    raise _Broken("this is too long to be an event" if too_long else "this is broken JSON") from None
            except ValueError:
                raise _Broken("a number in this is too long") from None
            else:
                if end == len(self._text) and not isinstance(found, dict | list | str) and self._more():
                    continue  # a number may go on
                self._move(end)
                return found

    def _enter(self, bracket: str) -> None:
        if len(self._around) >= _DEEPEST:
            raise _Broken("this is nested too deeply")
        self._around.append((bracket, self._line))
        self._move(self._at + 1)

    def _next(self) -> str:
        """Go to what comes next, and give its first character; empty at the end."""
        while True:
            gap = _GAP.match(self._text, self._at)
            self._move(gap.end() if gap else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _move(self, to: int) -> None:
        self._line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Read on: as much again as is kept, so that an object is not tried a hundred times."""
        kept = self._text.rfind("\n", max(0, self._at - _CHUNK), self._at) + 1
        if kept == 0 and self._at > _CHUNK:
            kept = self._at
        self._text, self._at = self._text[kept:], self._at - kept
        ahead = len(self._text) - self._at
        if self._ended or ahead > _LONGEST:
            return False
        octets = self._octets.read(max(_CHUNK, ahead))
        self._ended = not octets
        self._text += self._decoder.decode(octets, final=self._ended)
        return True

    def _go_on_after(self, what: str, line: int) -> None:
        """Go to the next line that begins like the one on which the broken thing began, and tell."""
        start = self._text.rfind("\n", 0, self._at) + 1
        begins = re.match(r"([ \t]*)([{\[])", self._text[start : self._at + 1])
        while self._around and self._around[-1][1] == line:
            self._around.pop()
        if begins is None:
            self._around.clear()
        indent, brackets = (begins[1], r"\{" if self._around else r"[{\[]") if begins else ("", r"[{\[]")
        next_line = re.compile(rf"\n{indent}{brackets}")
        while not (found := next_line.search(self._text, self._at)):
            self._move(max(self._at, len(self._text) - 4096))
            if not self._more():
                self._move(len(self._text))
                self._around.clear()
                break
        else:
            self._move(found.end() - 1)
        self._tell(what, line, _ON_ITS_OWN if found else _TO_THE_END)


def _encoding(start: bytes) -> str:
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"

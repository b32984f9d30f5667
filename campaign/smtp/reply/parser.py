"""Bytes from a server → `Reply`.

Takes what arrived, in whatever pieces; gives the replies that are complete, in order. Raises `ReplyError` for what is
no reply at all. Tolerant where servers are sloppy (a bare LF, no text), strict where tolerance would let a message be
counted wrongly: a code that changes between the lines of a reply is no code.
"""

import re

from campaign.model import Reply
from campaign.visible import visible

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)  # RFC 5321 section 4.2
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")  # RFC 3463 section 2
_TOKEN = re.compile(r"\S*eyJ[A-Za-z0-9_-]{6,}\S*|[A-Za-z0-9_-]{64,}")
_BREAKS = re.compile(r"[\t-\r\x85\u2028\u2029]+")
"""White space that would begin a line, or move to a column."""

MAX_REPLY = 64 * 1024
"""A longer reply is no reply: RFC 5321 section 4.5.3.1.5 asks for lines of 512 octets at most."""
MAX_TEXT = 500
"""What is kept of a reply's text, in characters."""
_MEMORY = 512


class ReplyError(Exception):
    """What the server sent is not an SMTP reply."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.before: list[Reply] = []
        """The replies that were complete before it."""


class ReplyParser:
    """Collects a server's bytes until they make replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._size = 0
        self._known: dict[bytes, Reply] = {}  # most replies of a session are the same few

    def feed(self, data: bytes) -> list[Reply]:
        """Give the replies completed by `data`. Raises ReplyError; the session is then out of step for good."""
        if self._rest:
            data = self._rest + data
        *lines, self._rest = data.split(b"\n")
        replies: list[Reply] = []
        try:
            for line in lines:
                if not self._lines and (known := self._known.get(line)) is not None:
                    replies.append(known)
                elif (reply := self._line(line)) is not None:
                    replies.append(reply)
            if self._size + len(self._rest) > MAX_REPLY:
                raise ReplyError(f"a reply of more than {MAX_REPLY:,} bytes")
        except ReplyError as error:
            error.before = replies
            raise
        return replies

    @property
    def incomplete(self) -> bool:
        """Whether part of a reply has arrived and its end has not."""
        return bool(self._rest or self._lines)

    def _line(self, line: bytes) -> Reply | None:
        bare = line.rstrip(b"\r")
        match = _LINE.fullmatch(bare)
        if match is None:
            raise ReplyError(f"not an SMTP reply: {readable(line)[:80]!r}")
        ends = match[2] != b"-"
        if ends and not self._lines:
            if len(self._known) >= _MEMORY:
                self._known.clear()
            reply = self._known[line] = parse_reply([bare])
            return reply
        self._lines.append(bare)
        self._size += len(line)
        if self._lines[0][:3] != line[:3]:  # which of the two is meant decides who got the mail
            raise ReplyError(f"a reply with two codes, {readable(self._lines[0][:3])} and {readable(line[:3])}")
        if not ends:
            return None
        reply = parse_reply(self._lines)
        self._lines, self._size = [], 0
        return reply


def parse_reply(lines: list[bytes]) -> Reply:
    """Give the `Reply` that complete reply lines make; each begins with a code. Never raises."""
    code = int(lines[-1][:3])
    words, enhanced = [], None
    for line in lines:
        text = readable(line[4:])
        match = _ENHANCED.match(text)
        if match and int(text[0]) == code // 100:  # trusted only when the classes agree
            enhanced = match[1]
            text = text[match.end() :]
        words.append(text)
    return Reply(code=code, enhanced=enhanced, text=" ".join(filter(None, words))[:MAX_TEXT])


def without_enhanced(words: bytes) -> bytes:
    """Give the words of a reply's line without the enhanced status code before them."""
    return re.sub(rb"^\s*[245]\.[0-9]{1,3}\.[0-9]{1,3}(?:\s+|$)", b"", words)


def readable(raw: bytes) -> str:
    """Server text as one line that can do no harm on a terminal or in a file.

    Spam filters quote the URLs that they dislike: what looks like a sign-in token is not kept.
    """
    text = raw.decode("utf-8", "replace")
    text = text.strip(" ") if text.isprintable() else visible(_BREAKS.sub(" ", text).strip(" \0"))
    return _TOKEN.sub("[link]", text) if len(text) > 30 else text

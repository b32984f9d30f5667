"""`Part`: a mail, or a part of one, as far as reports need it: header fields, and the parts of its outermost level.

In: octets, anything at all. Out: text of fields on one line, octets of bodies. The standard library's parser reads the
fields; the body is cut at its boundary here, since that parser goes into whatever is nested, and a stranger's mail can
be nested so deeply that it takes minutes. Raises nothing: what is no mail has no fields.
"""

import base64
import quopri
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from itertools import islice, pairwise
from typing import TypeVar

_LONGEST_HEAD = 128 * 1024
_LONGEST_FIELD = 16 * 1024
_LONGEST_DATE = 200
_LONGEST_TYPE = 2048
"""Characters of a Content-Type: the standard library looks at its quotation marks again for each of its semicolons."""
_LONGEST_ID = 200
_MOST_PARTS = 20
_LAST_MOMENT = 253_402_300_799
"""The end of the year 9999."""
_parser = BytesHeaderParser(policy=compat32)
_SPACE = re.compile(r"\s+")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Part:
    """A mail or a part."""

    body: bytes
    """As it stands: not decoded. Lines end with LF."""
    _head: Message
    _fields: dict[str, list[str]]

    def all(self, name: str) -> list[str]:
        """Give every field of that name (lower case), unfolded, in order."""
        return self._fields.get(name, [])

    def field(self, name: str) -> str:
        """Give the first field of that name; "" where there is none."""
        return next(iter(self.all(name)), "")

    def words(self, name: str) -> str:
        """Give a field as a person reads it: encoded words (RFC 2047) decoded."""
        text = self.field(name)
        return _one_line(_safely(lambda: str(make_header(decode_header(text))), text))

    @property
    def media_type(self) -> str:
        """Lower case, as in "multipart/report"."""
        return _safely(self._head.get_content_type, "text/plain")

    def parameter(self, name: str) -> str:
        """Give a parameter of Content-Type, in lower case."""
        return _safely(lambda: str(self._head.get_param(name, "")), "").lower()

    @property
    def moment(self) -> int | None:
        """The Date, in Unix seconds."""
        return moment_of(self.field("date"))

    def text(self) -> bytes:
        """The body, with its transfer encoding undone."""
        encoding = self.field("content-transfer-encoding").lower()
        if encoding == "base64":
            return _safely(lambda: base64.b64decode(self.body), b"").replace(b"\r\n", b"\n")
        if encoding == "quoted-printable":
            return quopri.decodestring(self.body).replace(b"\r\n", b"\n")
        return self.body

    def parts(self) -> Iterator["Part"]:
        """Give the parts of the outermost level (RFC 2046 section 5.1.1); none where it is no multipart."""
        boundary: str | None = _safely(self._head.get_boundary, None)
        if not boundary or not self.media_type.startswith("multipart/"):
            return
        mark = re.escape(boundary.encode("utf-8", "surrogateescape"))
        found = re.finditer(rb"(?:^|\n)--" + mark + rb"(--)?[ \t]*(?=\n|\Z)", self.body)
        for this, following in pairwise([*islice(found, _MOST_PARTS), None]):
            if this is None or this[1]:
                return
            yield parse(self.body[this.end() + 1 : following.start() if following else len(self.body)])

    @property
    def identity(self) -> str:
        """The same for every copy of the mail, whatever mailbox programs have put in front of it: its Message-ID, or
        a digest.
        """
        if 0 < len(own := self.field("message-id")) <= _LONGEST_ID:
            return own
        told = blake2b(digest_size=16)
        for name in ("from", "to", "date", "subject"):
            told.update(self.field(name).encode("utf-8", "surrogatepass") + b"\0")
        told.update(self.body.strip())
        return told.hexdigest()


def parse(octets: bytes) -> Part:
    """Read a mail or a part: fields, an empty line, the body."""
    text = octets.replace(b"\r\n", b"\n")
    if text.startswith(b"\n"):  # a part may have no fields at all
        head, body = b"", text[1:]
    else:
        end = text.find(b"\n\n")
        head, body = (text, b"") if end < 0 else (text[: end + 1], text[end + 2 :])
    message = _safely(lambda: _parser.parsebytes(head[:_LONGEST_HEAD]), Message())
    if len(media_type := str(message.get("content-type", ""))) > _LONGEST_TYPE:
        message.replace_header("content-type", media_type[:_LONGEST_TYPE])
    fields: dict[str, list[str]] = defaultdict(list)
    for name, value in message.raw_items():
        # What is not ASCII is UTF-8, if anything (RFC 6532 section 3).
        octets_of_it = str(value)[:_LONGEST_FIELD].encode("utf-8", "surrogateescape")
        fields[name.lower()].append(_one_line(octets_of_it.decode("utf-8", "replace")))
    return Part(body=body, _head=message, _fields=dict(fields))


def moment_of(date: str) -> int | None:
    """Give an RFC 5322 date in Unix seconds; None where it is none. One without a zone counts as UTC (section 4.3)."""
    moment = _safely(lambda: _seconds(date[:_LONGEST_DATE]), 0)
    return moment if 0 < moment <= _LAST_MOMENT else None


def _seconds(date: str) -> int:
    found = parsedate_to_datetime(date)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _safely(get: Callable[[], _T], otherwise: _T) -> _T:
    """The standard library's parser raises many a thing over fields that somebody has made up, and bugs come and go."""
    try:
        return get()
    except Exception:
        return otherwise

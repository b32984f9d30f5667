"""The files in a message, for its page: images put into the HTML, attachments by name and size.

In: a message's bytes, as finished or as a server received them. Out: what the page shows of its files. Nothing is
written, and nothing is loaded: an image stands in the page as a `data:` URL. Raises nothing.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from typing import NamedTuple
from urllib.parse import unquote

_CID = re.compile(r"""\bcid:([^"'()\s<>]+)""", re.IGNORECASE)


class AttachedFile(NamedTuple):
    """One attachment; `size` in bytes."""

    name: str
    size: int


class MessageFiles(NamedTuple):
    """What of a message is neither text nor HTML."""

    images: dict[str, str]
    """`data:` URLs by Content-ID."""
    attached: tuple[AttachedFile, ...]
    """In order."""


def files_of(message: bytes) -> MessageFiles:
    """Take a message's files out of it; none of one that can't be taken apart."""
    images: dict[str, str] = {}
    attached: list[AttachedFile] = []
    try:
        for part in _parts(message):
            octets = part.get_payload(decode=True)
            if not isinstance(octets, bytes):
                continue
            kind = part.get_content_type()
            if kind.startswith("image/"):
                identifier = str(part["Content-ID"] or "").strip().strip("<>")
                images[identifier] = f"data:{kind};base64,{b64encode(octets).decode('ascii')}"
            if part.get_content_disposition() == "attachment":
                attached.append(AttachedFile(part.get_filename() or "without a name", len(octets)))
    except Exception:  # the parser's own failures on hostile input are of many types (IndexError, LookupError ...)
        return MessageFiles({}, ())
    return MessageFiles(images, tuple(attached))


def with_images(html: str, images: dict[str, str]) -> str:
    """Give the HTML with the message's own images in it (RFC 2392)."""
    return _CID.sub(lambda match: images.get(unquote(match[1]), match[0]), html) if images else html


def _parts(message: bytes) -> Iterator[EmailMessage]:
    """The parts with a Content-Disposition. Raises whatever the parser does."""
    if b"Content-Disposition:" not in message:  # as in nearly all of ours: then nothing need be parsed
        return
    for part in message_from_bytes(message, policy=modern).walk():
        if isinstance(part, EmailMessage) and part.get_content_disposition() is not None:
            yield part

"""The files in a message, for its page: images put into the HTML, attachments by name and size.

In: a message's bytes, as finished or as a server received them. Out: what the page shows of its files. Nothing is
written, and nothing is loaded: an image stands in the page as a `data:` URL. Raises nothing.
"""

import re
from base64 import b64encode
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote

_CID = re.compile(r"""\bcid:([^"'()\s<>]+)""", re.IGNORECASE)


class AttachedFile(NamedTuple):
    """One attachment; `size` in bytes."""

    name: str
    size: int


def with_images(html: str, message: bytes) -> str:
    """Give the HTML with the message's own images in it (RFC 2392)."""
    if "cid:" not in html.lower():
        return html
    images = {}
    for part in _files(message):
        kind, octets = part.get_content_type(), part.get_payload(decode=True)
        if kind.startswith("image/") and isinstance(octets, bytes):
            identifier = str(part["Content-ID"] or "").strip().strip("<>")
            images[identifier] = f"data:{kind};base64,{b64encode(octets).decode('ascii')}"
    return _CID.sub(partial(_with_data, images), html)


def _with_data(images: dict[str, str], match: re.Match[str]) -> str:
    return images.get(unquote(match[1]), match[0])


def attached_files(message: bytes) -> list[AttachedFile]:
    """Give the attachments, in order."""
    found = []
    for part in _files(message):
        octets = part.get_payload(decode=True)
        if part.get_content_disposition() == "attachment" and isinstance(octets, bytes):
            found.append(AttachedFile(part.get_filename() or "without a name", len(octets)))
    return found


def _files(message: bytes) -> list[EmailMessage]:
    """The parts with a Content-Disposition; none of a message that can't be taken apart."""
    if b"Content-Disposition:" not in message:  # as in nearly all of ours: then nothing need be parsed
        return []
    try:
        parts = [part for part in message_from_bytes(message, policy=modern).walk() if isinstance(part, EmailMessage)]
        return [part for part in parts if part.get_content_disposition() is not None]
    except Exception:  # the parser's own failures on hostile input are of many types (IndexError, LookupError ...)
        return []

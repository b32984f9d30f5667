"""A file as a part of a message: attached, or as an image that the HTML shows.

In: its name and its octets. Out: the whole MIME part, header fields, an empty line and base64 in lines of 76 characters
(RFC 2045 section 6.8), without the boundary. It is made once, however many messages it is in. Nothing in it is changed
by DKIM's relaxed canonicalisation (RFC 6376 section 3.4.4): no line ends in white space, none has two blanks in a row.

The octets arrive as they are. Only a calendar's line ends become CRLF, as RFC 5545 section 3.1 wants them.
Raises TemplateError for an image that is none. Limits: whole files in memory.
"""

from binascii import b2a_base64

from campaign.errors import TemplateError
from campaign.model import InlineImage

from .calendar_file import method_of, with_line_ends
from .media_type import media_type
from .parameters import ascii_name, file_name, safe_name

_LINE = 76


def attachment_part(name: str, octets: bytes) -> bytes:
    """Give a file as an attachment, to be saved as `name` (RFC 2183 section 2.2)."""
    kind = media_type(name, octets)
    parameters = "; charset=utf-8" if kind.startswith("text/") else ""
    if kind == "text/calendar" and octets:
        text = octets.decode()
        method = method_of(text)
        parameters += f"; method={method}" if method else ""
        octets = with_line_ends(text).encode()
    return _part(f"{kind}{parameters}", name, octets, disposition="attachment")


def inline_image_part(image: InlineImage) -> bytes:
    """Give an image that the HTML names by its Content-ID (RFC 2392). Raises TemplateError for another file."""
    kind = media_type(image.name, image.octets)
    if not kind.startswith("image/") or not image.octets:
        held = f"what is in it is {kind}" if image.octets else "it is empty"
        raise TemplateError(
            f"{image.name} is no image: {held}", where=image.where, fix="save it again as PNG, JPEG or GIF"
        )
    fields = f"Content-ID: <{image.content_id}>\r\n"
    return _part(kind, image.name, image.octets, disposition="inline", fields=fields)


def _part(kind: str, name: str, octets: bytes, *, disposition: str, fields: str = "") -> bytes:
    name = safe_name(name)
    header = (
        f"Content-Type: {kind}{file_name('name', ascii_name(name))}\r\n"
        f"Content-Disposition: {disposition}{file_name('filename', name)}\r\n"
        f"{fields}Content-Transfer-Encoding: base64\r\n"
    )
    encoded = b2a_base64(octets, newline=False)
    # Without octets, an empty line is left: the line end before a boundary is the boundary's (RFC 2046 section 5.1.1).
    lines = [encoded[at : at + _LINE] for at in range(0, len(encoded), _LINE)] or [b""]
    return b"\r\n".join([header.encode("ascii"), *lines, b""])

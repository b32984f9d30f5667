"""The body of a message, and the header fields that say what it is: texts and files in, a MIME tree out.

    mixed(alternative(text, related(HTML, images…)), attachments…)

Each level is there only where it is needed: two bodies, inline images (RFC 2387), attachments. Text comes before HTML,
the better one last (RFC 2046 section 5.1.4). What is the same for every message is written once, when the tree is made.

Files come as whole MIME parts: their header fields, an empty line, the encoded body, its last line ended by CRLF. They
stay octets of their own, so that a megabyte that goes to everybody is copied for a message, and not looked at again.
"""

from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from campaign.model import Content

from .transfer import TransferEncoder

_MULTIPART = 'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n'
_VERSION = "MIME-Version: 1.0\r\n"
# "utf-8" for ASCII bodies, too: it is true, and a message's shape then does not hang on a contact's name.
_TEXT = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
_HTML = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "


class MimeBody(NamedTuple):
    """A message, as far as it is its own and beyond."""

    text: str
    """CRLF: the header, the empty line, and the body up to where the files begin; ASCII from MIME-Version on."""
    files: Sequence[bytes] = ()
    """What follows: encoded files and the boundaries between them. Each piece begins at the beginning of a line."""


class MimeTree:
    """Writes the bodies of one campaign."""

    def __init__(self, campaign: str, *, constants: Collection[str], images: Sequence[bytes]) -> None:
        """`constants`: the chunks that bodies share, each encoded once. `images`: the inline ones, as MIME parts."""
        name = blake2b(campaign.encode("utf-8", "surrogatepass"), digest_size=12, person=b"boundary").hexdigest()
        # No boundary is the beginning of another (RFC 2046 section 5.1.1): the name is hexadecimal.
        alternative, related, self._mixed = f"=_{name}", f"=_r{name}", f"=_m{name}"
        encoder = TransferEncoder(constants, boundary=name)
        self._encode = encoder.encode
        self.add_constants = encoder.add_constants
        field = f'Content-Type: multipart/alternative; boundary="{alternative}"\r\n\r\n'
        self._alternative = f"{field}--{alternative}\r\n{_TEXT}"
        self._then_html = f"\r\n--{alternative}\r\n{_HTML}"
        self._end = f"\r\n--{alternative}--\r\n"
        self._html = _HTML
        self._after_html = ""
        self._images: tuple[bytes, ...] = ()
        if images:
            opening = _MULTIPART.format(kind='related; type="text/html"', boundary=related)
            self._html = f"{opening}{_HTML}"
            self._then_html = f"\r\n--{alternative}\r\n{opening}{_HTML}"
            self._after_html = f"\r\n--{related}\r\n"
            self._images = (_joined(images, related),)
        self._with_files = _VERSION + _MULTIPART.format(kind="mixed", boundary=self._mixed)
        self._before_files = f"\r\n--{self._mixed}\r\n"

    def write(self, header: str, content: Content, attachments: Sequence[bytes]) -> MimeBody:
        """Write the body behind `header`, which is put before the fields that say what it is. Raises UnicodeEncodeError
        for text that is not Unicode.
        """
        opening, closing = (self._with_files, self._before_files) if attachments else (_VERSION, "")
        if not content.html:
            encoding, text = self._encode(content.text)
            written = f"{header}{opening}{_TEXT}{encoding}\r\n\r\n{text}{closing}"
            return MimeBody(written, tuple(_pieces(attachments, self._mixed)) if attachments else ())
        if content.text:
            closing = f"{self._end}{closing}" if closing else self._end
        # With images, what ends the texts stands behind them.
        after, files = (self._after_html, (*self._images, closing.encode("ascii"))) if self._images else (closing, ())
        encoding, html = self._encode(content.html)
        if not content.text:
            written = f"{header}{opening}{self._html}{encoding}\r\n\r\n{html}{after}"
        else:
            text_encoding, text = self._encode(content.text)
            written = (
                f"{header}{opening}{self._alternative}{text_encoding}\r\n\r\n{text}"
                f"{self._then_html}{encoding}\r\n\r\n{html}{after}"
            )
        return MimeBody(written, (*files, *_pieces(attachments, self._mixed)) if attachments else files)


def _joined(parts: Sequence[bytes], boundary: str) -> bytes:
    return b"".join(_pieces(parts, boundary))


def _pieces(parts: Sequence[bytes], boundary: str) -> Iterator[bytes]:
    """MIME parts one after the other, from behind the delimiter of the first to the one that ends them all. They are
    not put together here: that is done once, for the whole message.
    """
    delimiter = f"--{boundary}\r\n".encode("ascii")
    for number, part in enumerate(parts):
        if number:
            yield delimiter
        yield part
    yield f"--{boundary}--\r\n".encode("ascii")

"""The media type of a file, by its name and by what is in it (RFC 2046; RFC 6838).

The name wins, since it is what the file will be saved and opened by, and a ZIP or XML file may be many things. But what
has a signature must have it: a `.pdf` that is none, as when a download was answered with a page that says "sign in",
is called what it is. A claim that does not hold is what filters take for a disguise. What neither tells is
`application/octet-stream`.

A text is UTF-8, and says so. One that isn't could be in any encoding, and is handed on as octets. A message in a
message would have to stand there unencoded (RFC 2046 section 5.2.1), which no 7-bit transport can promise: an `.eml`
goes as octets, too, and opens all the same once it is saved.

Raises nothing. The library (puremagic, of those that know web pages, images and calendars apart and are kept up) is
imported only where it is needed. Limits: what is only odd (a JPEG called `.png`) is not told.
"""

from collections.abc import Callable
from functools import cache
from pathlib import PurePosixPath

from .calendar_file import is_calendar

OCTETS = "application/octet-stream"
_SURE = 0.4
"""Of puremagic's confidence; below are two letters that many texts begin with."""

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_MORE_NAMES = {
    ".7z": "application/x-7z-compressed",
    ".bz2": "application/x-bzip2",
    ".csv": "text/csv",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".epub": "application/epub+zip",
    ".gz": "application/gzip",
    ".ics": "text/calendar",  # RFC 5545
    ".jar": "application/java-archive",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".msg": "application/vnd.ms-outlook",
    ".odp": f"{_OPEN}.presentation",
    ".ods": f"{_OPEN}.spreadsheet",
    ".odt": f"{_OPEN}.text",
    ".pkpass": "application/vnd.apple.pkpass",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".rar": "application/vnd.rar",
    ".rtf": "application/rtf",
    ".svgz": "application/gzip",
    ".tgz": "application/gzip",
    ".vcf": "text/vcard",  # RFC 6350
    ".webp": "image/webp",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".xz": "application/x-xz",
}
"""What Python's own table lacks in some version that we run on, or has under an older name."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ZIPPED = (".docx", ".epub", ".odp", ".ods", ".odt", ".pkpass", ".pptx", ".xlsx")


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda octets: octets.startswith(starts)


_SIGNATURES: dict[str, Callable[[bytes], bool]] = (
    {
        "application/pdf": lambda octets: b"%PDF-" in octets[:1024],  # readers take what stands before it
        "application/zip": _begins(*_ZIP),
        "image/gif": _begins(b"GIF87a", b"GIF89a"),
        "image/jpeg": _begins(b"\xff\xd8\xff"),
        "image/png": _begins(b"\x89PNG\r\n\x1a\n"),
        "image/svg+xml": lambda octets: _text(octets) is not None and b"<svg" in octets,
        "image/webp": lambda octets: octets[:4] == b"RIFF" and octets[8:12] == b"WEBP",
        "text/calendar": lambda octets: is_calendar(_text(octets) or ""),
    }
    | {_MORE_NAMES[suffix]: _begins(*_ZIP) for suffix in _ZIPPED}
)


def media_type(name: str, octets: bytes) -> str:
    """Give `type/subtype`, without parameters; `text/…` only for UTF-8."""
    named = _by_name(PurePosixPath(name).suffix.lower())
    if not octets:
        return named or OCTETS
    if named is None or (named in _SIGNATURES and not _SIGNATURES[named](octets)):
        named = _by_content(octets)
    return named if not named.startswith("text/") or _text(octets) is not None else OCTETS


@cache
def _by_name(suffix: str) -> str | None:
    if suffix in _MORE_NAMES:
        return _MORE_NAMES[suffix]
    from mimetypes import MimeTypes

    known = MimeTypes()  # Python's table alone: the system's differs from one machine to the next
    named = known.types_map[True].get(suffix) or known.types_map[False].get(suffix)
    return OCTETS if named is not None and named.startswith(("message/", "multipart/")) else named


def _by_content(octets: bytes) -> str:
    import puremagic

    if octets.startswith(_ZIP):
        return "application/zip"  # it may be many things, and would have been called so
    try:
        found = puremagic.magic_string(octets)
    except (puremagic.PureError, ValueError):
        found = []
    for one in found:
        if one.confidence >= _SURE and one.mime_type.count("/") == 1 and one.mime_type.isprintable():
            held = str(one.mime_type)
            return OCTETS if held.startswith(("message/", "multipart/")) else held
    return OCTETS if _text(octets) is None else "text/plain"


def _text(octets: bytes) -> str | None:
    """The text, where it is UTF-8 without NUL."""
    try:
        return None if b"\0" in octets else octets.decode()
    except UnicodeDecodeError:
        return None

"""Files that are no text: recognised by their first bytes, each with words on what to do.

Takes the head of a file (some kilobytes), gives what it is or None. Raises nothing.
Limits: a format that is not listed is only recognised by its control characters: 64 or more, and a twentieth of
the head.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryKind:
    """What a file is, and how to make a CSV of it."""

    what: str
    fix: str


_SAVE = "open it and save it as CSV (UTF-8)"
_UNPACK = "unpack it, and name the CSV file inside"
_EXCEL = BinaryKind(what="this is an Excel workbook, not a CSV file", fix="open it in Excel and save as CSV (UTF-8)")
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _EXCEL),
    (b"\x1f\x8b", BinaryKind(what="this file is compressed (gzip), not a CSV file", fix=_UNPACK)),
    (b"BZh", BinaryKind(what="this file is compressed (bzip2), not a CSV file", fix=_UNPACK)),
    (b"\xfd7zXZ\0", BinaryKind(what="this file is compressed (xz), not a CSV file", fix=_UNPACK)),
    (b"\x28\xb5\x2f\xfd", BinaryKind(what="this file is compressed (Zstandard), not a CSV file", fix=_UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", BinaryKind(what="this is a 7-Zip archive, not a CSV file", fix=_UNPACK)),
    (b"Rar!\x1a\x07", BinaryKind(what="this is a RAR archive, not a CSV file", fix=_UNPACK)),
    (b"%PDF-", BinaryKind(what="this is a PDF document, not a CSV file", fix="export the table as CSV")),
    (b"{\\rtf", BinaryKind(what="this is a rich-text document, not a CSV file", fix=_SAVE)),
    (
        b"SQLite format 3\0",
        BinaryKind(what="this is an SQLite database, not a CSV file", fix="export the table as CSV"),
    ),
    (b"PAR1", BinaryKind(what="this is a Parquet file, not a CSV file", fix="export it as CSV")),
    (b"\xff\xfe\0\0", BinaryKind(what="this text is in UTF-32, which is not read", fix="save it as UTF-8")),
    (b"\0\0\xfe\xff", BinaryKind(what="this text is in UTF-32, which is not read", fix="save it as UTF-8")),
)
_ZIP = BinaryKind(what="this is a zip archive, not a CSV file", fix=_UNPACK)
_OPEN_DOCUMENT = BinaryKind(what="this is an OpenDocument file, not a CSV file", fix=_SAVE)
_UNKNOWN = BinaryKind(what="this is a binary file, not a CSV file", fix="export the contacts as CSV (UTF-8)")
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = bytes(set(range(0x20)) - set(b"\0\t\n\v\f\r\x1a\x1b"))


def kind_of_binary(head: bytes) -> BinaryKind | None:
    """Tell what kind of binary file begins with `head`; None for what may be text."""
    if head.startswith(b"PK\x03\x04"):
        if b"xl/" in head or b"[Content_Types].xml" in head:
            return _EXCEL
        return _OPEN_DOCUMENT if b"application/vnd.oasis.opendocument" in head else _ZIP
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    controls = len(head) - len(head.translate(None, _CONTROLS))
    # Bytes at random have 9 in 100; somebody's odd separators or pasted escape sequences have not.
    if controls >= 64 and controls * 20 > len(head) and not head.startswith(_UTF_16_MARKS):
        return _UNKNOWN
    return None

"""Small files of the kinds that are attached."""

import io
import zipfile
from base64 import b64decode

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
HTML = b"<!DOCTYPE html>\n<html><body>Please sign in</body></html>\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//Events//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    "UID:1@acme.example\r\nDTSTAMP:20261126T090000Z\r\nDTSTART:20261201T150000Z\r\nSUMMARY:Tea\r\n"
    "ORGANIZER:mailto:hello@acme.example\r\nATTENDEE:mailto:ada@example.net\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def zipped(*names: str) -> bytes:
    """A ZIP file with these in it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return whole.getvalue()

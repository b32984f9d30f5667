"""What a file is called: by its name, unless what is in it says otherwise."""

import pytest

from campaign.message.media_type import OCTETS, media_type
from tests.message.files import CALENDAR, GIF, HTML, JPEG, PDF, PNG, SVG, zipped

OFFICE = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("name", "octets", "expected"),
    [
        ("terms.pdf", PDF, "application/pdf"),
        ("TERMS.PDF", PDF, "application/pdf"),
        ("terms.pdf", b"junk\n" + PDF, "application/pdf"),
        ("logo.png", PNG, "image/png"),
        ("logo.gif", GIF, "image/gif"),
        ("photo.jpg", JPEG, "image/jpeg"),
        ("drawing.svg", SVG, "image/svg+xml"),
        ("letter.docx", zipped("[Content_Types].xml", "word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
        ("sheet.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet"),
        ("ticket.pkpass", zipped("pass.json"), "application/vnd.apple.pkpass"),
        ("all.zip", zipped("a.txt"), "application/zip"),
        ("all.tar.gz", b"\x1f\x8b\x08\x00", "application/gzip"),
        ("invite.ics", CALENDAR.encode(), "text/calendar"),
        ("card.vcf", b"BEGIN:VCARD\r\nEND:VCARD\r\n", "text/vcard"),
        ("page.html", HTML, "text/html"),
        ("prices.csv", "a,ä\n".encode(), "text/csv"),
    ],
)
def test_a_file_is_what_its_name_says(name: str, octets: bytes, expected: str) -> None:
    assert media_type(name, octets) == expected


@pytest.mark.parametrize(
    ("name", "octets", "expected"),
    [
        ("invoice.pdf", HTML, "text/html"),
        ("invoice.pdf", b"404 page not found\n", "text/plain"),
        ("invoice.pdf", zipped("a.pdf"), "application/zip"),
        ("photo.jpg", PNG, "image/png"),
        ("letter.docx", PDF, "application/pdf"),
        ("invite.ics", HTML, "text/html"),
        ("invoice.pdf", b"\x00\x01\x02\x03" * 50, OCTETS),
    ],
)
def test_what_lacks_the_signature_of_its_name_is_called_what_it_is(name: str, octets: bytes, expected: str) -> None:
    assert media_type(name, octets) == expected


@pytest.mark.parametrize(
    ("name", "octets", "expected"),
    [
        ("terms", PDF, "application/pdf"),
        ("README", b"Read me.\n", "text/plain"),
        ("data.unheard", b"\x00\x01\x02\x03", OCTETS),
        ("data.unheard", b"", OCTETS),
    ],
)
def test_a_name_that_says_nothing_leaves_it_to_the_content(name: str, octets: bytes, expected: str) -> None:
    assert media_type(name, octets) == expected


@pytest.mark.parametrize("text", ["MZ is how this begins", "BM: the minutes of the board", "{\\rtf is no text", "PK"])
def test_a_text_that_begins_like_something_else_stays_a_text(text: str) -> None:
    assert media_type("notes.txt", text.encode()) == "text/plain"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "shift_jis"])
def test_a_text_that_is_not_utf_8_goes_as_octets(encoding: str) -> None:
    """Its encoding is not known, and a wrong one would show wrong letters."""
    text = "表計算" if encoding == "shift_jis" else "Größe"
    assert media_type("prices.csv", text.encode(encoding)) == OCTETS


@pytest.mark.parametrize("name", ["order.eml", "page.mht", "page.mhtml"])
def test_a_message_goes_as_octets(name: str) -> None:
    """RFC 2046 section 5.2.1: as message/rfc822 it could not be base64."""
    assert media_type(name, b"From: a@b.example\r\nTo: c@d.example\r\n\r\nHi\r\n") == OCTETS


@pytest.mark.parametrize("name", ["empty.pdf", "empty.txt", "empty.png"])
def test_an_empty_file_goes_by_its_name(name: str) -> None:
    assert media_type(name, b"").rpartition("/")[2] in {"pdf", "plain", "png"}

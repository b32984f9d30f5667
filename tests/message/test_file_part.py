"""Files as MIME parts, held against the standard library's reader: the same octets, name and type, and no defect."""

import email
import email.policy
import re
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import TemplateError
from campaign.message import attachment_part, inline_image_part
from campaign.message.parameters import ascii_name, safe_name
from campaign.model import InlineImage
from tests.message.files import CALENDAR, PDF, PNG

STRICT = email.policy.SMTP.clone(raise_on_defect=True)


def read(part: bytes) -> EmailMessage:
    message = email.message_from_bytes(part, policy=STRICT)
    assert isinstance(message, EmailMessage)
    assert [field.defects for field in message.values() if field.defects] == []
    return message


def octets_of(part: EmailMessage) -> bytes:
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets


@given(st.binary(max_size=500))
def test_every_octet_arrives(octets: bytes) -> None:
    part = read(attachment_part("x.bin", octets))
    assert octets_of(part) == octets
    assert part.get_content_disposition() == "attachment"
    assert part["Content-Transfer-Encoding"] == "base64"


def test_an_empty_file_is_a_file() -> None:
    assert attachment_part("empty.txt", b"").endswith(b"base64\r\n\r\n\r\n")
    assert octets_of(read(attachment_part("empty.txt", b""))) == b""


# Names as file systems have them: no slash, no NUL; and no half characters, which are not text.
NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="/\0"), min_size=1, max_size=120)


@given(NAMES)
def test_a_name_arrives_as_it_was_made_safe_and_breaks_no_line(name: str) -> None:
    data = attachment_part(name, b"x")
    part = read(data)
    assert part.get_filename() == safe_name(name)
    assert part["Content-Type"].params["name"] == ascii_name(safe_name(name))
    assert data.isascii()
    for line in data.decode("ascii").split("\r\n"):
        assert len(line) <= 78 and line.isprintable()
        assert line == re.sub(r"[ \t]+", " ", line).rstrip(), "signing would change it (RFC 6376 section 3.4.4)"


@given(NAMES)
def test_a_safe_name_is_no_path_and_shows_what_it_is(name: str) -> None:
    safe = safe_name(name)
    assert safe and safe.isprintable() and not safe.startswith(".")
    assert not set('/\\:*?"<>|') & set(safe)
    assert len(safe.encode()) <= 255
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("terms.pdf", ['name="terms.pdf"', 'filename="terms.pdf"']),
        ("Rechnung März.pdf", ['name="Rechnung Marz.pdf"', "filename*=utf-8''Rechnung%20M%C3%A4rz.pdf"]),
        ("請求書.pdf", ['name="attachment.pdf"', "filename*=utf-8''%E8%AB%8B%E6%B1%82%E6%9B%B8.pdf"]),
        ("two  blanks.pdf", ['name="two blanks.pdf"', "filename*=utf-8''two%20%20blanks.pdf"]),
        ("=?utf-8?q?x?=.pdf", ['name="__utf-8_q_x__.pdf"', 'filename="=_utf-8_q_x_=.pdf"']),
    ],
)
def test_names_that_need_it_are_encoded_and_stand_in_plain_letters_too(name: str, fields: list[str]) -> None:
    lines = attachment_part(name, b"x").decode("ascii").split("\r\n")
    assert [lines[1].strip(), lines[3].strip()] == fields


def test_a_long_name_comes_in_pieces_of_whole_characters() -> None:
    name = "Übersicht über die Änderungen der Geschäftsbedingungen zum Jahreswechsel.pdf"
    data = attachment_part(name, b"x").decode("ascii")
    pieces = re.findall(r"filename\*(\d)\*=([^;\r]+)", data)
    assert [number for number, _ in pieces] == [str(number) for number in range(len(pieces))] and len(pieces) > 1
    assert all(len(re.findall("%[89A-F]", piece)) % 2 == 0 for _, piece in pieces)
    assert read(data.encode()).get_filename() == name
    assert 'name="Ubersicht uber' in data


def test_a_name_longer_than_file_systems_take_keeps_its_ending() -> None:
    assert safe_name("ä" * 200 + ".pdf") == "ä" * 125 + ".pdf"
    assert ascii_name("a" * 200 + ".tar.gz") == "a" * 53 + ".tar.gz"


def test_a_name_that_would_deceive_or_hide_does_neither() -> None:
    assert safe_name("invoice\u202efdp.exe") == "invoice_fdp.exe"
    assert safe_name("..\\..\\evil.exe") == "_._.._evil.exe"
    assert safe_name(".htaccess") == "_htaccess"
    assert safe_name("a\r\nBcc: x@y.example") == "a__Bcc_ x@y.example"


def test_a_text_says_its_encoding() -> None:
    part = read(attachment_part("prices.csv", "Größe,€\n".encode()))
    assert part["Content-Type"].content_type == "text/csv"
    assert part.get_content() == "Größe,€\n"


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH"])
def test_a_calendar_says_its_method(method: str) -> None:
    """Without it, nobody is asked whether they come (RFC 6047 section 2.4)."""
    part = read(attachment_part("invite.ics", CALENDAR.replace("REQUEST", method).encode()))
    assert part["Content-Type"].params == {"charset": "utf-8", "method": method, "name": "invite.ics"}
    assert octets_of(part).decode() == CALENDAR.replace("REQUEST", method)


def test_a_calendar_without_method_has_none_and_that_of_a_component_is_not_its() -> None:
    quiet = CALENDAR.replace("METHOD:REQUEST\r\n", "").replace("SUMMARY:Tea", "SUMMARY:Tea\r\nMETHOD:REQUEST")
    part = read(attachment_part("dates.ics", quiet.encode()))
    assert "method" not in part["Content-Type"].params


def test_a_method_is_found_where_its_line_is_folded() -> None:
    """RFC 5545 section 3.1."""
    part = read(attachment_part("invite.ics", CALENDAR.replace("METHOD:REQUEST", "METHOD:REQ\r\n UEST").encode()))
    assert part["Content-Type"].params["method"] == "REQUEST"


def test_a_calendar_of_an_editor_gets_the_line_ends_it_must_have() -> None:
    edited = "\ufeff" + CALENDAR.replace("\r\n", "\n")
    assert octets_of(read(attachment_part("invite.ics", edited.encode()))) == CALENDAR.encode()


def image(name: str = "logo.png", octets: bytes = PNG) -> InlineImage:
    return InlineImage(name=name, octets=octets, content_id="0123abcd@acme.example", where="body.html line 12")


def test_an_image_is_shown_in_its_place_and_known_by_its_content_id() -> None:
    part = read(inline_image_part(image()))
    assert part["Content-ID"] == "<0123abcd@acme.example>"
    assert part.get_content_disposition() == "inline"
    assert (part["Content-Type"].content_type, part.get_filename()) == ("image/png", "logo.png")
    assert octets_of(part) == PNG


@pytest.mark.parametrize(
    ("name", "octets", "held"),
    [
        ("logo.png", b"<!DOCTYPE html><html><body>Sign in</body></html>", "text/html"),
        ("logo.pdf", PDF, "application/pdf"),
        ("logo.png", b"", "it is empty"),
    ],
)
def test_an_image_that_is_none_is_the_templates_fault(name: str, octets: bytes, held: str) -> None:
    with pytest.raises(TemplateError, match=held) as caught:
        inline_image_part(image(name, octets))
    assert caught.value.where == "body.html line 12"


def test_lines_are_of_76_characters() -> None:
    lines = attachment_part("x.bin", bytes(1000)).partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert {len(line) for line in lines[:-2]} == {76} and lines[-1] == b""

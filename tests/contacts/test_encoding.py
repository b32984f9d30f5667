"""Encodings: the whole file decides, and what can't be read faults its row alone."""

import pytest

from campaign.contacts import open_contacts
from tests.contacts.contact_files import Write, read, rows_of

TABLE = "email,name\r\nzoe@b.example,Zoë Größe\r\nanna@bücher.example,“Anna” €5\r\n"


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (TABLE.encode(), "UTF-8"),
        (TABLE.encode("utf-8-sig"), "UTF-8 with a byte-order mark"),
        (TABLE.encode("utf-16"), "UTF-16 little-endian"),
        (TABLE.encode("utf-16-le"), "UTF-16 little-endian"),
        (b"\xfe\xff" + TABLE.encode("utf-16-be"), "UTF-16 big-endian"),
        (TABLE.encode("utf-16-be"), "UTF-16 big-endian"),
        (TABLE.encode("cp1252"), "Windows-1252"),
    ],
)
def test_a_file_is_read_in_the_encoding_it_is_in(write: Write, content: bytes, label: str) -> None:
    file = open_contacts(write(content), email_column="email")
    assert (file.encoding, file.columns) == (label, ("email", "name"))
    rows = rows_of(file)
    assert [row.cells[1] for row in rows] == ["Zoë Größe", "“Anna” €5"]
    assert [row.email for row in rows] == ["zoe@b.example", "anna@xn--bcher-kva.example"]
    assert not any(row.fault for row in rows)


def test_the_whole_file_decides_not_its_beginning(write: Write) -> None:
    ascii_part = b"email,name\n" + b"a@b.example,Ann\n" * 150_000  # Over two megabytes: two blocks and some.
    for codec, label in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252")):
        file = open_contacts(write(ascii_part + "z@b.example,Zoë\n".encode(codec)), email_column="email")
        assert file.encoding == label
        *_, last = rows_of(file)
        assert (last.cells[1], last.fault, last.line) == ("Zoë", None, 150_002)


def test_a_character_across_a_block_is_whole(write: Write) -> None:
    head = b"email,name\na@b.example,"
    for shift in range(4):
        filler = b"x" * ((1 << 20) - len(head) - shift)
        (row,) = read(write(head + filler + "€".encode() + b"\n"))
        assert (row.cells[1][-1], row.fault) == ("€", None)


def test_utf_8_with_a_few_broken_bytes_stays_utf_8(write: Write) -> None:
    content = (
        "email,name\na@b.example,Zoë\nb@b.example,é".encode()
        + b"\xff\xe9\nc@b.example,\xc3\nd@b.example,\xe2\x82\xac\n"
    )
    file = open_contacts(write(content.replace(b"d@", "ñññ,\n,€€€€\nd@".encode())), email_column="email")
    assert file.encoding == "UTF-8"
    rows = rows_of(file)
    assert [row.cells[1] for row in rows] == ["Zoë", "é\ufffd\ufffd", "\ufffd", "", "€€€€", "€"]
    assert rows[1].fault == "line 3 has bytes that are not UTF-8"
    assert rows[2].fault == "line 4 has bytes that are not UTF-8"
    assert (rows[0].fault, rows[5].fault) == (None, None)


def test_more_broken_bytes_than_characters_is_windows_1252(write: Write) -> None:
    content = "email,name\na@b.example,Ã©\n".encode("cp1252") + "b@b.example,Zoë à\nc@b.example,ü\n".encode("cp1252")
    file = open_contacts(write(content), email_column="email")
    assert file.encoding == "Windows-1252"
    assert [row.cells[1] for row in rows_of(file)] == ["Ã©", "Zoë à", "ü"]


def test_bytes_undefined_in_windows_1252_fault_their_row(write: Write) -> None:
    rows = read(write(b"email,name\na@b.example,\xe9\nb@b.example,x\x81\x9d\n"))
    assert [(row.cells[1], row.fault) for row in rows] == [
        ("é", None),
        ("x\ufffd\ufffd", "line 3 has bytes that are not Windows-1252"),
    ]


def test_a_lone_surrogate_in_utf_16_faults_its_row(write: Write) -> None:
    rows = read(write("email,name\na@b.example,x\ud800y\nb@b.example,\U0001f600\n".encode("utf-16", "surrogatepass")))
    assert [(row.cells[1], row.fault is None) for row in rows] == [("x\ufffdy", False), ("\U0001f600", True)]


def test_a_surrogate_written_in_utf_8_faults_its_row(write: Write) -> None:
    rows = read(write("email,né\na@b.example,éé\ud800éé\n".encode("utf-8", "surrogatepass")))
    assert rows[0].fault == "line 2 has bytes that are not UTF-8"
    assert rows[0].cells[1].strip("\ufffd") != rows[0].cells[1].encode("ascii", "ignore").decode()
    assert not any(0xD800 <= ord(character) < 0xE000 for character in rows[0].cells[1])

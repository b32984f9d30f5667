"""Text that is no Unicode: a guess is shown by a sample, and contacts.encoding decides."""

from pathlib import Path

import pytest

from campaign.contacts import ContactsFile, open_contacts
from campaign.errors import ContactsError


def opened(tmp_path: Path, content: bytes, encoding: str | None = None, *, fallback: str | None = None) -> ContactsFile:
    path = tmp_path / "contacts.csv"
    path.write_bytes(content)
    return open_contacts(path, email_column="email", encoding=encoding, fallback=fallback)


def names(file: ContactsFile) -> list[str]:
    return [row.cells[1] for rows in file.rows() for row in rows]


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("cp1250", "Šárka Dvořáková"), ("mac_roman", "Zoë Größe"), ("shift_jis", "山田太郎"), ("cp1251", "Ирина"),
        ("iso8859-2", "Łukasz"), ("gb18030", "王芳"), ("euc_kr", "김철수"), ("cp1252", "Zoë"), ("utf-16", "Zoë"),
        ("utf-16-le", "Zoë"), ("utf-8", "Zoë"), ("utf-8-sig", "Zoë"), ("utf-32", "Zoë"), ("cp037", "Ada"),
    ],
)  # fmt: skip
def test_the_chosen_encoding_is_the_one_it_is_read_in(tmp_path: Path, codec: str, name: str) -> None:
    file = opened(tmp_path, f'email,name\na@x.example,"{name}"\n'.encode(codec), codec)
    assert names(file) == [name]
    assert (file.encoding, file.sample) == (codec, ())


@pytest.mark.parametrize(("codec", "mark"), [("utf-8", "utf-8-sig"), ("utf-16-le", "utf-16")])
def test_a_mark_of_the_chosen_encoding_is_no_part_of_the_header(tmp_path: Path, codec: str, mark: str) -> None:
    assert names(opened(tmp_path, "email,name\na@x.example,Zoë\n".encode(mark), codec)) == ["Zoë"]


@pytest.mark.parametrize(
    ("content", "codec", "place"),
    [
        (b"email,name\na@x.example,Zoe\nb@x.example,\x81\x9d\n", "cp1252", "line 3, byte 40 of the file"),
        ("email,name\na@x.example,Zoë\n".encode("cp1252"), "utf-8", "line 2, byte 26 of the file"),
        ("email,name\na@x.example,Zoë\n".encode(), "ascii", "line 2, byte 26 of the file"),
        (b"email,name\na@x.example,\x82\n", "shift_jis", "line 2, byte 24 of the file"),
        (b"x" * (1 << 20) + b"\xe9\n", "utf-8", "line 1, byte 1048577 of the file"),
        (b"x" * ((1 << 20) - 1) + b"\xe2\x82\n", "utf-8", "line 1, byte 1048576 of the file"),
    ],
)
def test_a_file_that_is_not_text_in_it_says_where(tmp_path: Path, content: bytes, codec: str, place: str) -> None:
    with pytest.raises(ContactsError, match=f"not text in {codec}") as caught:
        opened(tmp_path, content, codec)
    assert caught.value.where == f"{tmp_path / 'contacts.csv'}, {place}"
    assert "contacts.encoding" in caught.value.fix


def test_a_mark_of_another_encoding_is_believed(tmp_path: Path) -> None:
    with pytest.raises(ContactsError, match="byte-order mark of UTF-8, which cp1250 has not"):
        opened(tmp_path, "email\na@x.example\n".encode("utf-8-sig"), "cp1250")
    with pytest.raises(ContactsError, match="no byte-order mark") as caught:
        opened(tmp_path, "email\na@x.example\n".encode("utf-16-le"), "utf-16")
    assert "utf-16-le" in caught.value.fix
    with pytest.raises(ContactsError, match="no byte-order mark") as caught:
        opened(tmp_path, "email\na@x.example\n".encode("utf-32-be"), "utf-32")
    assert "utf-32-be" in caught.value.fix


def test_a_binary_file_is_none_in_any_encoding(tmp_path: Path) -> None:
    with pytest.raises(ContactsError, match="zip archive"):
        opened(tmp_path, b"PK\x03\x04\x14\0\0\0\0\0", "cp1250")


def test_a_guess_is_shown_with_row_line_and_column(tmp_path: Path) -> None:
    lines = ["email,first,city", "", "a@x.example,Ann,Rom", ",,", "b@x.example,Šárka,Brno", "c@x.example,Šárka,Znojmo",
             "d@x.example,Jiří,Ústí"]  # fmt: skip
    file = opened(tmp_path, "\r\n".join(lines).encode("cp1250"))
    assert file.encoding == "Windows-1252"
    assert [str(one) for one in file.sample] == ["row 2 (line 5), first: Šárka", "row 4 (line 7), first: Jiøí"]
    assert [(row.number, row.line) for rows in file.rows() for row in rows][1] == (2, 5)


def test_signs_alone_and_the_header_are_shown_where_there_is_nothing_else(tmp_path: Path) -> None:
    file = opened(tmp_path, "email,price\na@x.example,5 €\n".encode("cp1252"))
    assert [str(one) for one in file.sample] == ["row 1 (line 2), price: 5 €"]
    file = opened(tmp_path, "email,größe\na@x.example,5\n".encode("cp1252"))
    assert [str(one) for one in file.sample] == ["header: größe"]


def test_a_sample_is_short_and_fit_for_a_terminal(tmp_path: Path) -> None:
    file = opened(tmp_path, f'email,note\na@x.example,"é\x1b[2J\n{"x" * 500}"\n'.encode("cp1252"))
    (one,) = file.sample
    assert one.text.isprintable() and len(one.text) <= 41


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_is_unicode_needs_no_sample(tmp_path: Path, codec: str) -> None:
    assert opened(tmp_path, "email,name\na@x.example,Zoë\n".encode(codec)).sample == ()


def test_a_fallback_takes_the_place_of_the_guess(tmp_path: Path) -> None:
    """For results that were corrected: written as UTF-8, and perhaps saved in the encoding of the contacts."""
    content = "email,name\na@x.example,Jiří\n"
    assert names(opened(tmp_path, content.encode("cp1250"), fallback="cp1250")) == ["Jiří"]
    assert names(opened(tmp_path, content.encode(), fallback="cp1250")) == ["Jiří"]


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a", "\r\n\x1a\x1a\x1a", "\r\n\x1a\r\n"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1252"])
def test_a_last_ctrl_z_is_nothing(tmp_path: Path, end: str, codec: str) -> None:
    content = f"email,name\r\na@x.example,Zoë\r\nb@x.example,Bob{end}".encode(codec)
    for encoding in (None, codec):
        assert names(opened(tmp_path, content, encoding)) == ["Zoë", "Bob"]

"""A contacts file as a whole: empty, of nobody, no text, gone, or changed since it was opened."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from campaign.contacts import open_contacts, read_suppressions
from campaign.errors import ContactsError
from tests.contacts.contact_files import Write


@pytest.mark.parametrize("content", ["", "\n\r\n\n", "\ufeff", "sep=;\n"])
def test_an_empty_file_is_refused(write: Write, content: str) -> None:
    with pytest.raises(ContactsError, match="empty"):
        open_contacts(write(content), email_column="email")


def test_a_header_alone_is_a_file_of_nobody(write: Write) -> None:
    assert list(open_contacts(write("email,name"), email_column="email").rows()) == []
    assert list(open_contacts(write("email,name\n\n\n"), email_column="email").rows()) == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "Excel workbook"),
        (b"PK\x03\x04\x14\0\0\0\0\0contacts.csv", "zip"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xff\xfe\0\0e\0\0\0", "UTF-32"),
        (bytes(range(1, 32)) * 20, "binary"),
    ],
)
def test_a_file_that_is_no_text_is_called_by_its_name(write: Write, content: bytes, word: str) -> None:
    with pytest.raises(ContactsError, match=word) as caught:
        open_contacts(write(content), email_column="email")
    assert caught.value.fix
    assert "contacts.csv" in caught.value.where


def test_what_cannot_be_opened_is_told_as_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, word in (
        (tmp_path, "folder"),
        (tmp_path / "missing.csv", "no such file"),
        (tmp_path / "missing" / "x.csv", "no such file"),
        (tmp_path / "pipe", "regular file"),
        (tmp_path / ("x" * 5_000), "can't be read"),
        (Path("a\0b"), "can't be read"),
    ):
        with pytest.raises(ContactsError, match=word):
            open_contacts(path, email_column="email")
        with pytest.raises(ContactsError, match=word):
            list(read_suppressions([path]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said_to_be_one(write: Write) -> None:
    path = write("email\n")
    path.chmod(0)
    with pytest.raises(ContactsError, match="may not be read"):
        open_contacts(path, email_column="email")


def test_a_file_that_changed_since_it_was_opened_is_refused(write: Write) -> None:
    file = open_contacts(write("email\na@b.example\n"), email_column="email")
    write("email\na@b.example\nb@b.example\n")
    with pytest.raises(ContactsError, match="changed"):
        file.rows()


def test_a_file_that_vanished_is_refused(write: Write) -> None:
    path = write("email\na@b.example\n")
    file = open_contacts(path, email_column="email")
    path.unlink()
    with pytest.raises(ContactsError, match="no such file"):
        file.rows()


def test_size_and_digest_are_those_of_the_files_bytes(write: Write) -> None:
    content = b"email\n" + b"a@b.example\n" * 300_000
    file = open_contacts(write(content), email_column="email")
    assert (file.size_bytes, file.digest()) == (len(content), hashlib.sha256(content).hexdigest())


def test_pandas_waits_until_rows_are_read() -> None:
    code = "import sys, campaign.contacts as c; c.parse_address('a@b.example'); sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

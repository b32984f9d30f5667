"""Files as parts: each encoded once, never another's, and whose fault it is where there is none."""

import os
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import InvalidContactError, SettingsError
from campaign.message import attachment_part
from campaign.worker import attachments
from campaign.worker.attachments import AttachmentParts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "invoices").mkdir()
    (tmp_path / "terms.pdf").write_bytes(b"terms")
    for name in ("1", "2", "3"):
        (tmp_path / "invoices" / name).write_bytes(name.encode() * 300)
    return tmp_path


def parts(folder: Path, *constant: str, **more: Any) -> AttachmentParts:
    return AttachmentParts(folder, **{"constant": constant, "folders": ["invoices"], "private": []} | more)


class Encoded:
    """Counts what is encoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        monkeypatch.setattr(attachments, "attachment_part", self)

    def __call__(self, name: str, octets: bytes) -> bytes:
        self.names.append(name)
        return attachment_part(name, octets)


def test_a_file_is_encoded_once_for_all_who_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = Encoded(monkeypatch)
    made = parts(folder, "terms.pdf")
    got = [made(path) for path in ["terms.pdf", "invoices/1", "terms.pdf", "invoices/1", "invoices/2", "invoices/1"]]
    assert encoded.names == ["terms.pdf", "1", "2"]
    assert got[1] == got[3] == got[5] == attachment_part("1", b"1" * 300) != got[4]


def test_a_contacts_file_that_has_changed_is_read_again(folder: Path) -> None:
    made = parts(folder)
    made("invoices/1")
    replaced = folder / "invoices" / "new"
    replaced.write_bytes(b"x" * 300)  # as large as before
    replaced.replace(folder / "invoices" / "1")
    assert made("invoices/1") == attachment_part("1", b"x" * 300)


def test_a_file_that_was_written_in_place_with_its_old_time_is_read_again(folder: Path) -> None:
    made, file = parts(folder), folder / "invoices" / "1"
    made("invoices/1")
    before = file.stat()
    file.write_bytes(b"x" * 300)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert made("invoices/1") == attachment_part("1", b"x" * 300)


def test_what_is_for_all_stays_as_it_was_when_the_run_began(folder: Path) -> None:
    owner = parts(folder, "terms.pdf")
    (folder / "terms.pdf").unlink()
    worker = parts(folder, "terms.pdf", for_all=owner.for_all)
    assert worker("terms.pdf") == owner("terms.pdf") == attachment_part("terms.pdf", b"terms")


def test_no_more_octets_are_kept_than_may_be_and_the_latest_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = 2 * len(attachment_part("1", b"1" * 300))
    encoded = Encoded(monkeypatch)
    made = parts(folder, kept=room)
    for path in ("1", "2", "1", "3", "1", "2"):
        made(f"invoices/{path}")
    assert encoded.names == ["1", "2", "3", "2"]


def test_a_file_larger_than_all_that_may_be_kept_is_sent_all_the_same(folder: Path) -> None:
    assert parts(folder, kept=10)("invoices/1") == attachment_part("1", b"1" * 300)


def test_files_of_one_content_keep_their_own_names(folder: Path) -> None:
    os.link(folder / "invoices" / "1", folder / "invoices" / "one.pdf")
    made = parts(folder)
    assert b'filename="1"' in made("invoices/1") and b'filename="one.pdf"' in made("invoices/one.pdf")


@pytest.mark.parametrize("label", ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY"])
def test_a_private_key_is_attached_to_nothing(folder: Path, label: str) -> None:
    """It may lie in the campaign's folder though no setting names it."""
    key = f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n"
    (folder / "dkim.pem").write_text(key)
    (folder / "invoices" / "9").write_text(f"notes\n{key}")
    with pytest.raises(SettingsError, match="holds a private key"):
        parts(folder, "dkim.pem")
    with pytest.raises(InvalidContactError, match="holds a private key"):
        parts(folder)("invoices/9")


def test_the_digest_tells_other_files_for_all(folder: Path) -> None:
    before = parts(folder, "terms.pdf").digest()
    assert parts(folder, "terms.pdf").digest() == before
    (folder / "terms.pdf").write_bytes(b"other")
    assert parts(folder, "terms.pdf").digest() != before


@pytest.mark.parametrize(
    ("path", "words"),
    [("invoices/4", "is not there"), ("invoices/" + "x" * 300, "too long"), ("invoices/1/2", "can't be read")],
)
def test_a_rows_own_file_that_is_not_there_is_its_own_fault(folder: Path, path: str, words: str) -> None:
    with pytest.raises(InvalidContactError, match=words) as caught:
        parts(folder)(path)
    assert caught.value.where == "message.attachments"
    assert len(caught.value.what) < 250


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_its_rows_fault(folder: Path) -> None:
    (folder / "invoices" / "1").chmod(0)
    with pytest.raises(InvalidContactError, match="Permission denied"):
        parts(folder)("invoices/1")


def test_a_folder_that_is_gone_is_no_rows_fault(folder: Path) -> None:
    made = parts(folder)
    (folder / "invoices").rename(folder / "elsewhere")
    with pytest.raises(SettingsError, match="folder 'invoices' is not there"):
        made("invoices/1")


@pytest.mark.parametrize("path", ["./nowhere/1", "./invoices/4", "./terms.pdf/1"])
def test_a_folder_that_the_row_has_chosen_is_its_own_fault(folder: Path, path: str) -> None:
    with pytest.raises(InvalidContactError, match=f"attachment '{path[2:]}'"):
        parts(folder)(path)
    assert b'filename="1"' in parts(folder)("./invoices/1")


def test_a_folder_in_a_folder_that_is_gone_is_no_rows_fault(folder: Path) -> None:
    """What the setting names is the setting's, however deep: `files/2026/{{ contact.invoice }}`."""
    (folder / "files" / "2026").mkdir(parents=True)
    made = parts(folder, folders=["files", "files/2026"])
    with pytest.raises(InvalidContactError, match="'files/2026/a/1' is not there"):
        made("files/2026/a/1")
    (folder / "files" / "2026").rmdir()
    with pytest.raises(SettingsError, match="folder 'files/2026' is not there"):
        made("files/2026/a/1")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_entered_is_no_rows_fault(folder: Path) -> None:
    made = parts(folder)
    (folder / "invoices").chmod(0o600)
    try:
        with pytest.raises(SettingsError, match="Permission denied"):
            made("invoices/1")
    finally:
        (folder / "invoices").chmod(0o700)


def test_a_folder_that_leads_out_is_no_rows_fault(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (folder / "bills").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(SettingsError, match="leads out"):
        parts(folder, folders=["bills"])
    with pytest.raises(SettingsError, match="leads out"):
        parts(folder)("bills/1")


@pytest.mark.parametrize("number", [5, 24, 116])  # EIO, EMFILE, ESTALE
def test_a_disk_that_fails_is_no_rows_fault(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    made = parts(folder)
    monkeypatch.setattr(attachments, "open_within", fail)
    with pytest.raises(SettingsError, match=os.strerror(number)):
        made("invoices/1")


def test_a_file_larger_than_any_server_takes_is_not_read(folder: Path) -> None:
    with (folder / "invoices" / "large").open("wb") as file:
        file.truncate(attachments.LARGEST + 1)
    with pytest.raises(InvalidContactError, match="never sent"):
        parts(folder)("invoices/large")


@pytest.mark.parametrize(
    ("path", "what", "fix"),
    [
        ("term.pdf", "is not there; did you mean 'terms.pdf'?", "put the file into the campaign's folder"),
        ("terms.PDF2", "is not there; did you mean 'terms.pdf'?", "put the file into the campaign's folder"),
        ("invoice/1", "is not there", "put the file into the campaign's folder"),
        ("secrets.csv", "is not there", "put the file into the campaign's folder"),
        ("invoices", "is a folder", "name another file"),
        ("secret.csv", "is one of the campaign's own files", "name another file"),
    ],
)
def test_a_file_for_all_that_is_none_is_told_with_the_one_that_was_meant(
    folder: Path, path: str, what: str, fix: str
) -> None:
    """What is never attached is not proposed either."""
    (folder / "secret.csv").write_bytes(b"x")
    with pytest.raises(SettingsError) as caught:
        parts(folder, path, private=[folder / "secret.csv"])
    told = caught.value
    assert told.what.startswith(f"the attachment {path!r} {what}") and told.fix.startswith(fix)
    assert ("did you mean" in told.what) == ("did you mean" in what)

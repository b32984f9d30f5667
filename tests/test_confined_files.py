"""What a template or a cell may name: plain files inside a folder, whatever links and tricks lead to."""

import os
import socket
from pathlib import Path

import pytest

from campaign.confined_files import RefusedFileError, identity, open_within, plain_form, read_whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "campaign"
    (inside / "invoices" / "2026").mkdir(parents=True)
    (inside / "terms.pdf").write_bytes(b"terms")
    (inside / "invoices" / "2026" / "1.pdf").write_bytes(b"one")
    (tmp_path / "secret.pdf").write_bytes(b"secret")
    return inside


def content(folder: Path, path: str) -> bytes:
    with open_within(folder, path) as file:
        return read_whole(file, largest=1000)


def refused(folder: Path, path: str, private: frozenset[str] = frozenset()) -> str:
    with pytest.raises(RefusedFileError) as caught:
        open_within(folder, path, private=private).close()
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("terms.pdf", b"terms"), ("invoices/2026/1.pdf", b"one"), ("invoices/../terms.pdf", b"terms")],
)
def test_a_file_inside_is_read(folder: Path, path: str, expected: bytes) -> None:
    assert content(folder, path) == expected


@pytest.mark.parametrize("path", ["../secret.pdf", "invoices/../../secret.pdf", "/etc/passwd", "../campaign2/x"])
def test_a_way_out_is_refused_whether_or_not_anything_is_there(folder: Path, path: str) -> None:
    assert refused(folder, path) == "leads out of the folder"


def test_a_folder_whose_name_only_begins_alike_is_outside(folder: Path) -> None:
    beside = folder.with_name("campaign-secrets")
    beside.mkdir()
    (beside / "x.pdf").write_bytes(b"x")
    assert refused(folder, "../campaign-secrets/x.pdf") == "leads out of the folder"


def test_a_link_that_stays_inside_is_followed(folder: Path) -> None:
    (folder / "newest").symlink_to("invoices/2026")
    (folder / "agb.pdf").symlink_to("terms.pdf")
    assert (content(folder, "newest/1.pdf"), content(folder, "agb.pdf")) == (b"one", b"terms")


def test_the_folder_itself_may_be_reached_by_a_link(folder: Path) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)
    assert content(link, "terms.pdf") == b"terms"


@pytest.mark.parametrize("target", ["../secret.pdf", "/etc/passwd"])
def test_a_link_that_leads_out_is_refused(folder: Path, target: str) -> None:
    (folder / "x.pdf").symlink_to(target)
    assert refused(folder, "x.pdf") == "leads out of the folder"


def test_a_folder_that_is_a_link_out_is_refused(folder: Path) -> None:
    (folder / "all").symlink_to("..")
    assert refused(folder, "all/secret.pdf") == "leads out of the folder"


def test_links_in_a_circle_are_no_file(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    assert refused(folder, "a") == "is no plain file"


def test_a_folder_exchanged_for_a_link_after_the_look_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race itself: the path is found to be inside, then somebody puts a link in its place."""
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "1.pdf").write_bytes(b"secret")
    looked = os.path.realpath

    def look_then_exchange(path: str | Path) -> str:
        found = looked(path)
        if str(path).endswith("1.pdf"):
            (folder / "invoices" / "2026").rename(folder / "moved")
            (folder / "invoices" / "2026").symlink_to(folder.parent / "elsewhere")
        return found

    monkeypatch.setattr(os.path, "realpath", look_then_exchange)
    with pytest.raises(NotADirectoryError):
        open_within(folder, "invoices/2026/1.pdf")


def test_a_fifo_a_socket_and_a_folder_are_no_files_and_keep_nobody_waiting(folder: Path) -> None:
    os.mkfifo(folder / "fifo.pdf")
    assert refused(folder, "fifo.pdf") == "is no plain file"
    assert refused(folder, "invoices") == "is a folder"
    assert refused(folder, "invoices/") == "is a folder"
    assert refused(folder, ".") == "is a folder"
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path may have 107 octets
        try:
            listener.bind("s.pdf")
        finally:
            os.chdir(here)
        assert refused(folder, "s.pdf") == "is no plain file"


@pytest.mark.parametrize("path", ["a\0.pdf", "a\n.pdf", "\ud800.pdf", "\u202efdp.exe"])
def test_what_nobody_can_see_is_refused(folder: Path, path: str) -> None:
    assert refused(folder, path) == "has a control character in it"


@pytest.mark.parametrize("path", ["x" * 300 + ".pdf", "x/" * 3000])
def test_a_name_too_long_is_the_systems_to_refuse(folder: Path, path: str) -> None:
    with pytest.raises(OSError, match=r"too long|No such file"):
        open_within(folder, path)


@pytest.mark.parametrize("path", [".env", "invoices/.git/config", "a.ledger", "A.Ledger-wal", "invoices/a.ledger.bak"])
def test_hidden_files_and_ledgers_are_refused(folder: Path, path: str) -> None:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_bytes(b"x")
    assert "never sent" in refused(folder, path)


def test_what_is_private_is_refused_by_whatever_name(folder: Path) -> None:
    (folder / "preview").mkdir()
    (folder / "preview" / "1.eml").write_bytes(b"x")
    (folder / "innocent.pdf").symlink_to("terms.pdf")
    private = plain_form([folder / "Terms.PDF", folder / "preview"])
    for path in ("terms.pdf", "innocent.pdf", "preview/1.eml"):
        assert "never sent" in refused(folder, path, private)
    with open_within(folder, "invoices/2026/1.pdf", private=private) as file:
        assert file.read() == b"one"


def test_a_file_larger_than_may_be_is_not_read(folder: Path) -> None:
    with (folder / "large.bin").open("wb") as file:
        file.truncate(10_001)
    with open_within(folder, "large.bin") as opened, pytest.raises(RefusedFileError, match="10,001 bytes"):
        read_whole(opened, largest=10_000)


def test_a_file_that_is_written_to_meanwhile_is_not_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = open_within(folder, "terms.pdf")
    before = identity(file)
    identities = iter([before, before._replace(changed_ns=before.changed_ns + 1)])
    monkeypatch.setattr("campaign.confined_files.identity", lambda _: next(identities))
    with file, pytest.raises(RefusedFileError, match="written to"):
        read_whole(file, largest=1000)


def test_nothing_stays_open(folder: Path) -> None:
    (folder / "x.pdf").symlink_to("../secret.pdf")
    os.mkfifo(folder / "fifo.pdf")
    before = len(list(Path("/dev/fd").iterdir()))
    for path in ("invoices/2026/1.pdf", "invoices/2026/none.pdf", "x.pdf", "fifo.pdf", "terms.pdf/x", "invoices"):
        try:
            open_within(folder, path).close()
        except (OSError, RefusedFileError):
            continue
    assert len(list(Path("/dev/fd").iterdir())) == before

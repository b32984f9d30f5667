"""Of what people name, each file comes once, with the reader that knows it; logs in the order of their stories."""

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import UsageError
from campaign.evidence import Evidence, Unread
from campaign.settle.discovery import Found, discover
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.ours import Ours
from campaign.settle.readers import make_readers


class Logs:
    """Reads files that begin with LOG and a number: the moment."""

    source = "log"

    def recognises(self, name: str, sample: bytes) -> bool:
        return sample.startswith(b"LOG ")

    def read(self, file: EvidenceFile, ours: Ours) -> Iterator[Evidence]:
        yield from ()

    def first_moment(self, sample: bytes, modified: float) -> int | None:
        return int(sample.split()[1])


class Mails:
    """Reads mails."""

    source = "mail"

    def recognises(self, name: str, sample: bytes) -> bool:
        return sample.startswith(b"From: ")

    def read(self, file: EvidenceFile, ours: Ours) -> Iterator[Evidence]:
        yield from ()

    def read_message(self, octets: bytes, place: str, ours: Ours) -> Iterator[Evidence]:
        yield from ()


class Search:
    """A search in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[Unread] = []

    def write(self, name: str, content: str = "LOG 1") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def __call__(self, *named: str, leave_out: tuple[str, ...] = (), stdin: bytes | None = None) -> list[Found]:
        return list(
            discover(
                [Path(name) if name == "-" else self.folder / name for name in named],
                [Mails(), Logs()],
                tell=self.told.append,
                leave_out=[self.folder / name for name in leave_out],
                stdin=None if stdin is None else _stream(stdin),
            )
        )

    def names(self, *named: str, leave_out: tuple[str, ...] = ()) -> list[str]:
        return [found.file.name for found in self(*named, leave_out=leave_out)]


def _stream(octets: bytes) -> io.BufferedReader:
    class Raw(io.BytesIO):
        def fileno(self) -> int:
            return 0

    return io.BufferedReader(Raw(octets))


@pytest.fixture
def search(tmp_path: Path) -> Search:
    return Search(tmp_path)


def test_logs_come_from_the_oldest_on_in_whatever_order_they_are_named(search: Search) -> None:
    for name, moment in (("mail.log", 300), ("mail.log.1", 200), ("mail.log.2.gz", 100)):
        search.write(name, f"LOG {moment}")
    assert search.names("mail.log", "mail.log.2.gz", "mail.log.1") == ["mail.log.2.gz", "mail.log.1", "mail.log"]


def test_a_folder_is_read_with_all_that_is_in_it_but_what_is_hidden_and_ours(search: Search) -> None:
    names = ("logs/a", "logs/b/x", "logs/.hidden", "logs/.git/x", "logs/ours.csv", "logs/preview/1.eml")
    for moment, name in enumerate(names):
        search.write(name, f"LOG {moment}")
    assert search.names("logs", leave_out=("logs/ours.csv", "logs/preview", "nowhere")) == ["logs/a", "logs/b/x"]


def test_one_file_is_read_once_by_whatever_names_it_is_reached(search: Search) -> None:
    first = search.write("logs/a")
    (search.folder / "logs/link").symlink_to(first)
    (search.folder / "logs/loop").symlink_to(search.folder / "logs")
    (search.folder / "logs/hard").hardlink_to(first)
    assert search.names("logs", "logs/a", "logs", "logs/link") == ["logs/a"]
    assert not search.told


def test_files_of_one_name_are_told_apart(search: Search) -> None:
    search.write("mx1/mail.log", "LOG 1")
    search.write("mx2/mail.log", "LOG 2")
    assert search.names("mx1/mail.log", "mx2/mail.log") == [
        str(search.folder / "mx1/mail.log"),
        str(search.folder / "mx2/mail.log"),
    ]


def test_the_mails_of_a_maildir_are_those_in_cur_and_new_and_in_the_maildirs_hidden_in_it(search: Search) -> None:
    for name in ("cur/1:2,S", "new/2", "tmp/3", "dovecot.index", ".Bounces/cur/4", ".Bounces/new/5", ".other/6"):
        search.write(f"Maildir/{name}", "anything at all")
    found = search("Maildir")
    assert sorted(one.file.name for one in found) == [
        "Maildir/.Bounces/cur/4",
        "Maildir/.Bounces/new/5",
        "Maildir/cur/1:2,S",
        "Maildir/new/2",
    ]
    assert all(one.message and isinstance(one.reader, Mails) for one in found)


def test_a_file_that_nobody_knows_is_told_and_an_empty_one_is_nothing_to_tell(search: Search) -> None:
    search.write("logs/nobody@knows.bin", "\0\0\0")
    search.write("logs/empty", "")
    search.write("logs/log")
    assert search.names("logs") == ["logs/log"]
    (one,) = search.told
    assert "no kind that is known" in one.what and "nobody@" not in one.where and one.fix


def test_a_folder_that_may_not_be_entered_is_told_and_stops_nothing_else(
    search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/log", "secret/log", "z/log"):
        search.write(f"logs/{name}")
    look = os.stat

    def refused(path: str | os.PathLike[str] | int, **how: bool) -> os.stat_result:  # root may enter any folder
        if not isinstance(path, int) and "/secret/" in os.fspath(path):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return look(path, **how)

    monkeypatch.setattr(os, "stat", refused)
    assert search.names("logs") == ["logs/a/log", "logs/z/log"]
    assert [one.where for one in search.told] == ["logs/secret/log"]


def test_what_is_not_there_is_said_before_anything_is_read(search: Search) -> None:
    search.write("log")
    os.mkfifo(search.folder / "fifo")
    for missing in ("nowhere.log", "fifo", "x" * 300):
        with pytest.raises(UsageError) as error:
            search("log", missing)
        assert missing in error.value.where and error.value.fix


def test_what_can_t_be_read_in_a_folder_is_told_and_the_rest_is_read(search: Search) -> None:
    (search.folder / "logs").mkdir()
    os.mkfifo(search.folder / "logs/fifo")
    (search.folder / "logs/gone").symlink_to(search.folder / "nowhere")
    search.write("logs/log")
    assert search.names("logs") == ["logs/log"]
    assert [one.where for one in search.told] == ["logs/fifo", "logs/gone"]


def test_folders_that_lie_too_deep_are_told(search: Search) -> None:
    search.write("/".join(["logs", *"d" * 300, "log"]))
    search.write("logs/log")
    assert search.names("logs") == ["logs/log"]
    (one,) = search.told
    assert "too deep" in one.what


def test_a_dash_is_standard_input(search: Search) -> None:
    (one,) = search("-", stdin=b"LOG 5\nmore\n")
    assert one.file.name == "standard input"
    assert [line for _, line in one.file.lines()] == [b"LOG 5", b"more"]


class _Nobody:
    """A campaign that knows nobody."""

    def by_message_id(self, message_id: str) -> int | None:
        return None

    by_key = by_relay_id = by_address = by_message_id

    def has_address(self, contact: int, address: str) -> bool:
        return False


@settings(max_examples=50)
@given(st.binary(max_size=2_000), st.sampled_from(["mail.log", "x.json", "x.jsonl", "x.csv", "x.eml", "mbox", "x.gz"]))
def test_whatever_octets_a_file_has_nobody_stumbles(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(octets)
    for found in discover([path], make_readers(), tell=lambda _: None):
        list(found.reader.read(found.file, _Nobody()))

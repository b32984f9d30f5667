"""A ledger that is not the one which the last run left is refused, whatever was done to its files in between."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.sqlite.files import generation_file
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests.ledgers import people, settle, words

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests.ledgers import people, settle
ledger = SqliteRunLedger.open(Path(sys.argv[1]), "x")
people(ledger, 9)
for number in range(int(sys.argv[2])):
    settle(ledger, {f"p{number + 1}@people.example": Status.SENT})
    if number % 2:
        ledger._checkpoints._next = 0.0
        ledger.checkpoint()
os.kill(os.getpid(), signal.SIGKILL)
"""

KILLED_AT_ITS_FIRST_WRITE = """
import os, signal, sys
from pathlib import Path
from campaign.ledger.sqlite import run_connection, store
run_connection.note_wal = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store.SqliteRunLedger.open(Path(sys.argv[1]), "x")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.ledger"


def killed(path: Path, sent: int = 5) -> None:
    """A run that is killed after so many messages; every second one is followed by a checkpoint."""
    code = subprocess.run([sys.executable, "-c", KILLED, str(path), str(sent)], cwd=ROOT, check=False).returncode
    assert code == -signal.SIGKILL


def ended(path: Path, sent: int = 5) -> None:
    """A run that ends in order."""
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 9)
        settle(ledger, {f"p{number + 1}@people.example": Status.SENT for number in range(sent)})


def copied(path: Path, *, wal: bool = False) -> Path:
    """A copy in another folder: a backup."""
    backup = path.parent / "backup"
    backup.mkdir(exist_ok=True)
    for end in ("", "-wal") if wal else ("",):
        shutil.copyfile(f"{path}{end}", backup / f"{path.name}{end}")
    return backup / path.name


def restored(path: Path, backup: Path) -> None:
    for file in path.parent.glob(f"{path.name}-*"):
        if file != generation_file(path):
            file.unlink()
    for file in backup.parent.iterdir():
        shutil.copyfile(file, path.parent / file.name)


def without_wal(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def without_wal_and_shm(path: Path) -> None:
    without_wal(path)
    Path(f"{path}-shm").unlink()


def with_an_empty_wal(path: Path) -> None:
    Path(f"{path}-wal").write_bytes(b"")


def refused(path: Path, what: str) -> None:
    for open_it in (lambda: SqliteRunLedger.open(path, "x"), lambda: reading_ledger(path, "x").__enter__()):
        for _ in range(2):  # and looking at it has changed nothing
            with pytest.raises(LedgerError, match=what) as caught:
                open_it()
            assert caught.value.fix


@pytest.mark.parametrize("sent", [1, 2, 5])
@pytest.mark.parametrize("loses", [without_wal, without_wal_and_shm, with_an_empty_wal])
def test_after_a_kill_the_wal_must_be_there(path: Path, loses: Callable[[Path], None], sent: int) -> None:
    killed(path, sent)
    loses(path)
    refused(path, "gone with the ledger's -wal file")


def test_a_copy_of_a_running_ledger_is_not_one_without_its_wal(path: Path) -> None:
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 9)
        settle(ledger, {"p1@people.example": Status.SENT})
        backup = copied(path)
        settle(ledger, {"p2@people.example": Status.SENT})
    restored(path, backup)
    refused(path, "gone with the ledger's -wal file")


def test_a_copy_from_before_the_last_run_is_an_older_one(path: Path) -> None:
    ended(path, 2)
    backup = copied(path)
    ended(path, 5)
    restored(path, backup)
    refused(path, "older copy")


def test_nor_does_the_wal_of_another_time_belong_to_it(path: Path) -> None:
    """The file of a backup, and the WAL of today's run, which was killed."""
    killed(path, 2)
    backup = copied(path)
    with SqliteRunLedger.open(path, "x") as ledger:
        assert words(ledger).count("sent") == 2
    killed(path, 8)
    shutil.copyfile(backup, path)
    refused(path, "not its own|older copy")


def test_a_backup_of_both_taken_together_is_whole_but_older(path: Path) -> None:
    killed(path, 5)
    backup = copied(path, wal=True)
    ended(path, 9)
    restored(path, backup)
    with SqliteRunLedger.open(path, "x") as ledger:  # what can't be noticed: the promises say so
        assert words(ledger).count("sent") == 5


@pytest.mark.parametrize("leave", [ended, killed])
def test_a_ledger_that_is_gone_is_missed(path: Path, leave: Callable[[Path], None]) -> None:
    leave(path)
    for file in path.parent.glob(f"{path.name}*"):
        if file != generation_file(path):
            file.unlink()
    with pytest.raises(LedgerError, match="is gone") as caught:
        SqliteRunLedger.open(path, "x")
    assert generation_file(path).name in caught.value.fix
    assert not path.exists()


@pytest.mark.parametrize(("start", "end"), [(0, 41), (39, 41), (33, 41), (22, 32), (11, 21), (0, 10), (5, 6)])
@pytest.mark.parametrize("torn", [b"\0", b"7", b" "])
def test_a_page_that_a_power_cut_has_torn_in_a_checkpoint_is_made_whole_by_the_wal(
    path: Path, start: int, end: int, torn: bytes
) -> None:
    killed(path)
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as database:
        ((value,),) = database.execute("SELECT value FROM generation")
    octets, whole = path.read_bytes(), value.encode()
    assert octets.count(whole) == 1 and len(whole) == 41
    path.write_bytes(octets.replace(whole, whole[:start] + torn * (end - start) + whole[end:]))
    wal = path.with_name(f"{path.name}-wal")
    aside = wal.rename(path.with_name("aside"))
    with pytest.raises(LedgerError, match="-wal"):
        SqliteRunLedger.open(path, "x")
    aside.rename(wal)
    with SqliteRunLedger.open(path, "x") as ledger:
        assert ledger.reader.counts()[Status.SENT] == 5


def test_a_hard_link_has_no_wal_of_its_own(path: Path, tmp_path: Path) -> None:
    killed(path)
    other = tmp_path / "elsewhere"
    other.mkdir()
    os.link(path, other / "y.ledger")
    refused(other / "y.ledger", "gone with the ledger's -wal file")
    with SqliteRunLedger.open(path, "x") as ledger:
        assert words(ledger).count("sent") == 5


@pytest.mark.parametrize("leave", [ended, killed])
def test_what_belongs_is_opened_however_the_run_ended(path: Path, leave: Callable[[Path], None]) -> None:
    leave(path)
    for _ in range(3):
        with reading_ledger(path, "x") as database:
            assert database.execute("SELECT count(*) FROM delivery WHERE status = 'sent'").fetchone() == (5,)
    leave(path)
    with SqliteRunLedger.open(path, "x") as ledger:
        assert words(ledger).count("sent") == 5


def test_folded_in_by_another_program_and_killed_again_at_the_first_write(path: Path) -> None:
    killed(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM delivery WHERE status = 'sent'").fetchone() == (5,)
    assert not Path(f"{path}-wal").exists()
    again = subprocess.run([sys.executable, "-c", KILLED_AT_ITS_FIRST_WRITE, str(path)], cwd=ROOT, check=False)
    assert again.returncode == -signal.SIGKILL and Path(f"{path}-wal").stat().st_size
    with SqliteRunLedger.open(path, "x") as ledger:
        assert words(ledger).count("sent") == 5


def test_a_ledger_of_an_earlier_version_is_taken_as_it_is(path: Path) -> None:
    ended(path)
    with SqliteRunLedger.open(path, "x") as ledger:
        ledger.database.execute("UPDATE generation SET value = ''")
    generation_file(path).unlink()
    with SqliteRunLedger.open(path, "x") as ledger:
        assert words(ledger).count("sent") == 5


def test_a_run_notices_that_its_ledger_is_no_longer_the_file_at_its_path(path: Path) -> None:
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 9)
        settle(ledger, {"p1@people.example": Status.SENT})
        assert ledger.in_place
        path.rename(path.with_name("away"))
        assert not ledger.in_place
        path.write_bytes(b"")
        assert not ledger.in_place
        rescued = ledger.rescue()
    with SqliteRunLedger.open(Path(rescued), "x") as ledger:
        assert words(ledger).count("sent") == 1


def test_a_copy_that_a_run_has_rescued_is_put_back_before_anybody_is_mailed(tmp_path: Path) -> None:
    """The ledger was taken away while it went on: a new one would know of nobody."""
    path = tmp_path / "x.ledger"
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 3)
        settle(ledger, {"p1@people.example": Status.SENT})
        for one in tmp_path.iterdir():
            one.unlink()
        copy = ledger.rescue()
    with pytest.raises(LedgerError) as caught:
        SqliteRunLedger.open(path, "x")
    assert "taken away while a run went on" in caught.value.what and caught.value.where == copy
    Path(copy).rename(path)
    with SqliteRunLedger.open(path, "x") as ledger:
        assert words(ledger)[0] == Status.SENT

"""The ledger as a run holds it: one at a time, this campaign's only, recovered, and let go of."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.database import PATIENCE
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests.disks import read_only
from tests.ledgers import attempt, commit, deliveries, journal, outcome, people, settle, words

ROOT = Path(__file__).parents[2]
KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests.ledgers import commit, journal, attempt, people, settle
ledger = SqliteRunLedger.open(Path(sys.argv[1]), "x")
people(ledger, 5)
settle(ledger, {"p1@people.example": Status.SENT})
pen = journal(ledger.path)
pen.claim(attempt(2))
pen.claim(attempt(3))
commit(pen)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.ledger"


@pytest.fixture
def cut_off(path: Path) -> Path:
    """A ledger whose run was killed: one sent, two under way, two not begun; none of it in the file but its WAL."""
    killed = subprocess.run([sys.executable, "-c", KILLED_RUN, str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert beside(path) == [path.name, *(f"{path.name}-{end}" for end in ("generation", "shm", "wal"))]
    return path


def beside(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir())


def test_a_new_ledger_is_private_and_leaves_one_file(path: Path) -> None:
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 3)
        settle(ledger, {"p1@people.example": Status.SENT})
    assert beside(path) == ["x.ledger", "x.ledger-generation"]
    assert path.stat().st_mode & 0o777 == 0o600
    with SqliteRunLedger.open(path, "x") as ledger:
        assert words(ledger) == ["sent", "pending", "pending"]


def test_a_second_run_is_refused_and_told_who_holds_it(path: Path) -> None:
    with SqliteRunLedger.open(path, "x"):
        with pytest.raises(LedgerBusyError) as caught:
            SqliteRunLedger.open(path, "x")
        assert f"process {os.getpid()} on {os.uname().nodename}, since 2" in caught.value.what
        assert caught.value.where == str(path)
        assert "campaign status" in caught.value.fix
    SqliteRunLedger.open(path, "x").close()


def test_a_second_run_is_refused_before_the_first_has_said_who_it_is(path: Path) -> None:
    with SqliteRunLedger.open(path, "x") as ledger:
        ledger.database.execute("DELETE FROM facts WHERE name = 'holder'")
        with pytest.raises(LedgerBusyError, match="has not given its name yet"):
            SqliteRunLedger.open(path, "x")


def test_a_child_that_inherited_the_lock_keeps_it(path: Path) -> None:
    ledger = SqliteRunLedger.open(path, "x")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[ledger.lock])
    ledger.close()
    with pytest.raises(LedgerBusyError):
        SqliteRunLedger.open(path, "x")
    child.communicate(b"\n")
    SqliteRunLedger.open(path, "x").close()


def test_the_lock_of_a_dead_run_is_free(cut_off: Path) -> None:
    SqliteRunLedger.open(cut_off, "x").close()


def test_another_campaigns_ledger_is_refused_and_untouched(path: Path) -> None:
    SqliteRunLedger.open(path, "spring").close()
    before = path.read_bytes()
    for opened in (lambda: SqliteRunLedger.open(path, "autumn"), lambda: reading_ledger(path, "autumn").__enter__()):
        with pytest.raises(LedgerError, match="belongs to another campaign, 'spring', not to 'autumn'") as caught:
            opened()
        assert caught.value.where == str(path)
    assert path.read_bytes() == before
    assert beside(path) == ["x.ledger", "x.ledger-generation"]


def test_a_ledger_of_another_format_is_refused(path: Path) -> None:
    SqliteRunLedger.open(path, "x").close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(LedgerError, match="has format 99"):
        SqliteRunLedger.open(path, "x")


def test_claims_without_an_outcome_become_doubts(cut_off: Path) -> None:
    with SqliteRunLedger.open(cut_off, "x") as ledger:
        assert words(ledger) == ["sent", "in_doubt", "in_doubt", "pending", "pending"]
        assert ledger.recover() == 2
        assert ledger.recover() == 0
        found = deliveries(cut_off)
    assert {number: one[:3] for number, one in found.items()} == {
        1: ("sent", 1, 1),
        2: ("in_doubt", 1, 0),
        3: ("in_doubt", 1, 0),
    }
    assert "cut off" in found[2][-1]


def test_what_is_reopened_and_what_never(path: Path) -> None:
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 7)
        given = [Status.SENT, Status.REJECTED, Status.FAILED, Status.IN_DOUBT, Status.INVALID, Status.PENDING]
        settle(ledger, {f"p{number}@people.example": status for number, status in enumerate(given, 1)})
        assert ledger.reopen((Status.FAILED, Status.INVALID), chosen_only=True) == 0
        ledger.database.execute("UPDATE entry SET chosen = 1 WHERE row = 3")
        assert ledger.reopen((Status.FAILED, Status.INVALID), chosen_only=True) == 1
        assert words(ledger) == ["sent", "rejected", "pending", "in_doubt", "invalid", "pending", "pending"]
        assert ledger.reopen((Status.FAILED, Status.INVALID, Status.IN_DOUBT), chosen_only=False) == 2
        assert words(ledger) == ["sent", "rejected", *["pending"] * 5]
        assert {(attempts, tries) for word, attempts, tries, *_ in deliveries(path).values() if word == "pending"} == {
            (1, 0)
        }


def test_reading_while_a_run_goes_on_and_after(path: Path, cut_off: Path) -> None:
    with reading_ledger(cut_off, "x") as database:
        assert database.execute("SELECT count(*) FROM entry").fetchone() == (5,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            database.execute("DELETE FROM entry")
    with SqliteRunLedger.open(path, "x") as ledger, reading_ledger(path, "x") as database:
        ledger.keep_note("a", "b")
        assert database.execute("SELECT value FROM facts WHERE name = 'a'").fetchone() == ("b",)


def test_there_is_nothing_to_read_before_the_first_run(path: Path) -> None:
    for prepare in (lambda: None, lambda: path.write_bytes(b"")):
        prepare()
        with pytest.raises(LedgerError, match="nothing was ever sent"), reading_ledger(path, "x"):
            pass


def test_a_wal_that_was_taken_away_after_a_crash_is_missed(cut_off: Path) -> None:
    """The file alone would say that nobody was mailed."""
    wal = Path(f"{cut_off}-wal")
    wal.rename(f"{cut_off}-away")
    with pytest.raises(LedgerError, match="gone with the ledger's -wal file") as caught:
        SqliteRunLedger.open(cut_off, "x")
    assert caught.value.where == str(wal)
    with pytest.raises(LedgerError, match="gone with the ledger's -wal file"), reading_ledger(cut_off, "x"):
        pass
    Path(f"{cut_off}-away").rename(wal)
    with SqliteRunLedger.open(cut_off, "x") as ledger:
        assert words(ledger) == ["sent", "in_doubt", "in_doubt", "pending", "pending"]


def test_somebody_who_looked_into_it_with_another_program_is_no_harm(cut_off: Path) -> None:
    with sqlite3.connect(cut_off) as database:
        database.execute("SELECT * FROM delivery").fetchall()
    database.close()  # folds the WAL into the file, and deletes it
    assert beside(cut_off) == ["x.ledger", "x.ledger-generation"]
    with SqliteRunLedger.open(cut_off, "x") as ledger:
        assert words(ledger) == ["sent", "in_doubt", "in_doubt", "pending", "pending"]


def test_a_ledger_put_into_another_journal_mode_is_put_back(path: Path) -> None:
    SqliteRunLedger.open(path, "x").close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    database.close()
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 1)
        settle(ledger, {"p1@people.example": Status.SENT})


def test_checkpoints_move_the_wal_while_others_write_and_read(path: Path) -> None:
    with SqliteRunLedger.open(path, "x") as ledger, reading_ledger(path, "x") as reader:
        people(ledger, 50)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entry").fetchone()  # a reader that stays
        pen = journal(path)
        longest = 0.0
        for contact in range(1, 51):
            pen.claim(attempt(contact))
            commit(pen)
            pen.settle(outcome(contact))
            start = time.monotonic()
            ledger.checkpoint()
            longest = max(longest, time.monotonic() - start)
            ledger._checkpoints._next = 0.0
        pen.close()
        assert longest < PATIENCE / 2, "it waited for the reader"
        reader.execute("COMMIT")
        ledger.checkpoint()
        assert ledger.database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[0] == 0
        assert words(ledger) == ["sent"] * 50


@pytest.mark.parametrize("where", ["missing/x.ledger", "file/x.ledger", "folder"])
def test_a_place_where_no_ledger_can_be(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(LedgerError) as caught:
        SqliteRunLedger.open(tmp_path / where, "x")
    assert caught.value.where == str(tmp_path / where)
    assert "folder" in caught.value.fix
    with pytest.raises(LedgerError), reading_ledger(tmp_path / where, "x"):
        pass


def test_a_folder_that_may_not_be_written(guarded_folder: Path) -> None:
    path = guarded_folder / "x.ledger"
    SqliteRunLedger.open(path, "x").close()
    with read_only(guarded_folder):
        for one in (path, guarded_folder / "new.ledger"):
            with pytest.raises(LedgerError) as caught:
                SqliteRunLedger.open(one, "x")
            assert caught.value.where == str(one)
            assert "written" in caught.value.fix


def test_a_disk_that_is_full_from_the_beginning(tiny_disk: Path) -> None:
    path, filler = tiny_disk / "x.ledger", tiny_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        file.write(b"x" * (tiny_disk.stat().st_blksize and (1 << 20)))
    with pytest.raises(LedgerError, match=r"full|No space") as caught:
        SqliteRunLedger.open(path, "x")
    assert caught.value.where == str(path)
    filler.unlink()
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 2)


def test_a_disk_that_fills_up_loses_nothing(tiny_disk: Path) -> None:
    """Commits, checkpoints and the close meet a full disk; what was on record before stays on record."""
    path, filler = tiny_disk / "x.ledger", tiny_disk / "filler"
    ledger = SqliteRunLedger.open(path, "x")
    people(ledger, 100)
    settle(ledger, {"p1@people.example": Status.SENT})
    with filler.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096) == 4096 and os.statvfs(tiny_disk).f_bavail:
            pass
    with pytest.raises(LedgerError, match="full"):
        ledger.keep_note("too much", "x" * 1_000_000)
    ledger._checkpoints._next = 0.0
    ledger.checkpoint()
    ledger.close()
    filler.unlink()
    with SqliteRunLedger.open(path, "x") as ledger:
        assert words(ledger) == ["sent", *["pending"] * 99]

"""The WAL stays short while much is written, and whose it is can be told after a kill at any moment."""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from campaign.contacts import contact_key
from campaign.ledger.sqlite import checkpoints, enrolment, schema
from campaign.ledger.sqlite.checkpoints import Checkpoints
from campaign.ledger.sqlite.enrolment import enrol
from campaign.ledger.sqlite.files import generation_file, size_of, wal_file
from campaign.ledger.sqlite.generation import refuse_what_does_not_belong
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Row
from tests.ledgers import attempt, commit, journal, outcome, people, row, words

ROWS = 6_000
LIMIT = 512 * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.ledger"


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of a campaign a hundred times as large."""
    monkeypatch.setattr(enrolment, "_HEAVIEST_PART", LIMIT // 2)
    monkeypatch.setattr(schema, "_LONGEST_WAL", LIMIT)


def test_the_wal_stays_short_while_rows_are_read_and_sent(path: Path, small_limits: None) -> None:
    """6 MB of rows, and what becomes of each, through a WAL of half a megabyte."""
    longest = 0

    def look() -> None:
        nonlocal longest
        longest = max(longest, size_of(wal_file(path)))

    def chunks() -> Iterator[list[Row]]:
        for first in range(1, ROWS, 100):
            look()
            yield [
                row(number, f"p{number * 7919 % ROWS}@people.example", "x" * 1_000)
                for number in range(first, first + 100)
            ]

    with SqliteRunLedger.open(path, "x") as ledger, closing(connect(path)) as reading:
        room = Checkpoints(reading, path, limit=LIMIT)
        enrol(reading, ["email"], chunks(), [], contact_key, in_parts=True, make_room=room.make_room)
        ours = Checkpoints(ledger.database, path, limit=LIMIT)
        pen = journal(path)
        for first in range(1, ROWS, 50):
            for contact in range(first, first + 50):
                pen.claim(attempt(contact))
            commit(pen)
            for contact in range(first, first + 50):
                pen.settle(outcome(contact))
            look()
            ours.now_and_then()
            ours._next = 0.0
        pen.close()
        assert words(ledger) == ["sent"] * ROWS
        assert size_of(path) > 8 * LIMIT
        assert LIMIT // 4 < longest < 3 * LIMIT
    assert size_of(wal_file(path)) == 0


def full(ledger: SqliteRunLedger) -> Checkpoints:
    """Those of a ledger whose WAL is over the limit."""
    people(ledger, 100)
    return Checkpoints(ledger.database, ledger.path, limit=8_192)


def salt(path: Path) -> bytes:
    return wal_file(path).read_bytes()[16:20]


def clock_with(sleep: Callable[[float], None]) -> SimpleNamespace:
    """What the module takes for `time`: other threads of this process sleep as ever."""
    return SimpleNamespace(sleep=sleep, monotonic=time.monotonic)


def test_who_writes_much_waits_for_who_reads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SqliteRunLedger.open(path, "x") as ledger, closing(connect(path, readonly=True)) as reader:
        room = full(ledger)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entry").fetchone()
        before = salt(path)
        naps: list[float] = []

        def sleep(seconds: float) -> None:
            assert salt(path) == before
            naps.append(seconds)
            if len(naps) == 3:
                reader.execute("COMMIT")

        monkeypatch.setattr(checkpoints, "time", clock_with(sleep))
        room.make_room()
        assert len(naps) == 3
        assert salt(path) != before


def test_but_not_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who has a shell open in the ledger, and has gone home."""
    naps: list[float] = []
    monkeypatch.setattr(checkpoints, "time", clock_with(naps.append))
    monkeypatch.setattr(checkpoints, "_RESTART_PATIENCE", 0.001)
    with SqliteRunLedger.open(path, "x") as ledger, closing(connect(path, readonly=True)) as reader:
        room = full(ledger)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entry").fetchone()
        room.make_room()
        assert sum(naps) == checkpoints._LONGEST_WAIT
        room.make_room()
        assert sum(naps) == checkpoints._LONGEST_WAIT, "each part would wait as long"


def test_a_wal_that_is_begun_anew_in_the_middle_of_a_checkpoint_is_the_ledgers_own(path: Path, tmp_path: Path) -> None:
    """One writer comes between the two steps of it, another behind it; then the power goes."""
    with SqliteRunLedger.open(path, "x") as ledger, closing(connect(path)) as writer:
        room = full(ledger)
        steps: list[str] = []

        def write(statement: str) -> None:
            if "wal_checkpoint" not in statement and "busy_timeout" not in statement:
                return
            steps.append(statement)
            writer.execute("INSERT OR REPLACE INTO facts VALUES ('step', ?)", (len(steps),))

        first = salt(path)
        ledger.database.set_trace_callback(write)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(checkpoints, "begin_generation", lambda *_: None)  # it is cut off before that
            room.make_room()
        ledger.database.set_trace_callback(None)
        assert int.from_bytes(salt(path)) == int.from_bytes(first) + 2, "it did not begin anew twice"
        generation_file(path).write_text("99\n")
        cut = tmp_path / "cut"
        cut.mkdir()
        for file in (path, wal_file(path), generation_file(path)):
            shutil.copyfile(file, cut / file.name)
    refuse_what_does_not_belong(cut / path.name)
    with closing(sqlite3.connect(cut / path.name)) as database:
        assert database.execute("SELECT value FROM facts WHERE name = 'step'").fetchone() == (str(len(steps)),)


def test_two_processes_do_not_checkpoint_at_once(path: Path) -> None:
    """Each generation is written down once, in the WAL and beside the ledger: the other one leaves it, or waits."""
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 9)
        theirs = Checkpoints(ledger.database, path)
        before = generation_file(path).read_text()
        with checkpoints._alone(path, wait=True) as alone:
            assert alone
            theirs.now_and_then()
            assert generation_file(path).read_text() == before
        theirs._next = 0.0
        theirs.now_and_then()
        assert generation_file(path).read_text() != before

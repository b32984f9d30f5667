"""The ledger's tables: made whole or not at all, and what can't be a ledger's is seen."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.schema import connect, create, keep_wal, verify
from campaign.ledger.store import Ledger
from campaign.model import Status
from tests.ledgers import people, settle


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.ledger"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with Ledger.open(path, "x") as ledger:
        people(ledger, 3)
        settle(ledger, {"p1@people.example": Status.SENT})
    with closing(connect(path)) as opened:
        yield opened


def test_a_ledger_that_is_whole(database: sqlite3.Connection, path: Path) -> None:
    verify(database, path, "x")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE delivery SET status = 'sEnt'", "what became of contact 1"),
        ("UPDATE entry SET status = 'sent' WHERE row = 2", "the contact of row 2"),
        ("UPDATE entry SET contact = NULL WHERE row = 2", "the contact of row 2"),
        ("UPDATE entry SET email = NULL WHERE row = 3", "the contact of row 3"),
    ],
)
def test_rows_that_make_no_sense_are_damage(database: sqlite3.Connection, path: Path, change: str, words: str) -> None:
    database.execute(change)
    with pytest.raises(LedgerError, match=words) as caught:
        verify(database, path, "x")
    assert caught.value.what.startswith("the ledger is damaged")
    assert "backup" in caught.value.fix


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 37), reason="this SQLite has no strict tables")
def test_a_value_of_the_wrong_type_is_damage(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_master SET sql = replace(sql, 'STRICT', '') WHERE name = 'delivery'")
    database.execute("PRAGMA writable_schema = RESET")
    database.execute("UPDATE delivery SET attempts = 'once'")
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_master SET sql = sql || ' STRICT' WHERE name = 'delivery'")
    database.execute("PRAGMA writable_schema = RESET")
    with pytest.raises(LedgerError, match="attempts"):
        verify(database, path, "x")


def test_a_database_of_somebody_elses_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE theirs (a)")
        database.commit()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="not a ledger of ours"):
        Ledger.open(path, "x")
    assert path.read_bytes() == before


def test_making_the_tables_is_all_or_nothing(path: Path) -> None:
    with closing(connect(path, create=True)) as database:
        database.execute("CREATE TABLE delivery (a)")
        with pytest.raises(LedgerError, match="already exists"):
            create(database, "x")
        assert [name for (name,) in database.execute("SELECT name FROM sqlite_master")] == ["delivery"]


def test_where_no_wal_can_be_kept_it_is_said(path: Path) -> None:
    with (
        closing(sqlite3.connect(":memory:")) as database,
        pytest.raises(LedgerError, match="can't be kept in this folder"),
    ):
        keep_wal(database, path)


def test_the_one_scan_that_grows_with_the_file_follows_it_row_by_row(database: sqlite3.Connection) -> None:
    """A run over a million settled rows reads both tables by their keys, once, and sorts nothing."""
    from campaign.ledger import roster, summary

    asked: list[str] = []
    database.set_trace_callback(asked.append)
    list(summary.standings(database))
    roster.count_due(database, (), limit=None, chosen_only=False)
    database.set_trace_callback(None)
    for question in asked:
        plan = [row[-1] for row in database.execute("EXPLAIN QUERY PLAN " + question)]
        assert plan[0].startswith("SCAN entry"), plan
        assert all("USING INTEGER PRIMARY KEY" in step for step in plan[1:]), plan

"""The ledger's tables: made whole or not at all, and what can't be a ledger's is seen."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.sql import queries, tally
from campaign.ledger.sql.due_counts import count_due
from campaign.ledger.sql.suppressed import Suppressed
from campaign.ledger.sqlite import due_rows
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.ledger.sqlite.schema import connect, create, keep_wal, migrate
from campaign.ledger.sqlite.sqlite_errors import path_of
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.tables import VERSION
from campaign.ledger.sqlite.verification import verify
from campaign.model import Status
from tests import ledgers
from tests.ledgers import people, settle


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.ledger"


@pytest.fixture
def database(path: Path) -> Iterator[SqliteConnection]:
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 3)
        settle(ledger, {"p1@people.example": Status.SENT})
    with closing(connect(path)) as opened:
        yield opened


def test_a_ledger_that_is_whole(database: SqliteConnection, path: Path) -> None:
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
def test_rows_that_make_no_sense_are_damage(database: SqliteConnection, path: Path, change: str, words: str) -> None:
    database.execute(change)
    with pytest.raises(LedgerError, match=words) as caught:
        verify(database, path, "x")
    assert caught.value.what.startswith("the ledger is damaged")
    assert "backup" in caught.value.fix


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 37), reason="this SQLite has no strict tables")
def test_a_value_of_the_wrong_type_is_damage(database: SqliteConnection, path: Path) -> None:
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
        SqliteRunLedger.open(path, "x")
    assert path.read_bytes() == before


def test_making_the_tables_is_all_or_nothing(path: Path) -> None:
    with closing(connect(path, create=True)) as database:
        database.execute("CREATE TABLE delivery (a)")
        with pytest.raises(LedgerError, match="already exists"):
            create(database, "x")
        assert [name for (name,) in database.execute("SELECT name FROM sqlite_master")] == ["delivery"]


def begun_by_version_1(path: Path) -> None:
    """Make a ledger what it was before lists, lines and the numbers of rows were kept."""
    with closing(connect(path)) as database:
        ledgers.as_of_version_3(database)
        database.execute("DROP TABLE tally")
        database.execute("DROP INDEX entry_by_status")
        database.execute("DROP TABLE suppressed")
        database.execute("CREATE TABLE suppressed (address TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID")
        database.execute("INSERT INTO suppressed VALUES ('p3@people.example')")
        database.execute("PRAGMA user_version = 1")


def test_a_ledger_of_the_version_before_goes_on_working(database: SqliteConnection, path: Path) -> None:
    """What only looks takes it as it is; a run brings it up to date, and loses nothing."""
    database.close()
    begun_by_version_1(path)
    with reading_ledger(path, "x") as reading:
        assert queries.counts(reading)[Status.SENT] == 1
        assert reading.execute("PRAGMA user_version").fetchone() == (1,)
    for _ in range(2):
        with SqliteRunLedger.open(path, "x") as ledger:
            assert ledger.database.execute("PRAGMA user_version").fetchone() == (VERSION,)
            assert ledger.database.execute("SELECT * FROM suppressed").fetchall() == [("p3@people.example", None, None)]
            assert Suppressed(ledger.database).among(["p3@people.example"]) == {
                "p3@people.example": "on a suppression list"
            }
            assert ledgers.words(ledger) == ["sent", "pending", "pending"]
    with SqliteRunLedger.open(path, "x") as ledger:
        ledgers.enrolled(ledger, ledgers.rows("p3@people.example"), suppressed=["p3@people.example"])
        assert ledgers.words(ledger) == ["suppressed"]


def test_a_ledger_of_a_version_to_come_is_refused(database: SqliteConnection, path: Path) -> None:
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(LedgerError, match=f"format {VERSION + 1}"):
        verify(database, path, "x")


def test_bringing_up_to_date_is_all_or_nothing(database: SqliteConnection, path: Path) -> None:
    database.close()
    begun_by_version_1(path)
    with closing(connect(path)) as opened:
        opened.execute("ALTER TABLE suppressed ADD COLUMN line INTEGER")  # so that the second step fails
        with pytest.raises(LedgerError):
            migrate(opened)
        assert opened.execute("PRAGMA user_version").fetchone() == (1,)
        assert [row[1] for row in opened.execute("PRAGMA table_info(suppressed)")] == ["address", "line"]


def test_where_no_wal_can_be_kept_it_is_said(path: Path) -> None:
    with (
        closing(sqlite3.connect(":memory:", factory=SqliteConnection)) as database,
        pytest.raises(LedgerError, match="can't be kept in this folder"),
    ):
        keep_wal(database, path)


def test_what_grows_with_the_file_follows_it_row_by_row(database: SqliteConnection) -> None:
    """A run over a million settled rows reads both tables by their keys, once, and sorts nothing."""
    database.execute("INSERT INTO later_word (contact, feedback) VALUES (1, 'complaint 2026-11-27')")
    for question in asked(database, lambda: list(queries.result_rows(database))):
        if "FROM entry" not in question:  # whether there are later words
            assert plan(database, question) == ["SCAN later_word"]
            continue
        first, *then = plan(database, question)
        assert first == "SCAN entry", first
        assert all("USING INTEGER PRIMARY KEY" in step for step in then), then


def test_the_pictures_of_a_report_follow_the_rows_one_by_one(database: SqliteConnection) -> None:
    """Once, by their keys, and nothing is sorted: five million rows are gone through in seconds."""
    database.execute("INSERT INTO later_word (contact, feedback) VALUES (1, 'complaint 2026-11-27')")
    asked_all = asked(database, lambda: list(queries.final_words(database)))
    (question,) = (one for one in asked_all if "FROM entry" in one)
    first, *then = plan(database, question)
    assert first == "SCAN entry", first
    assert all("PRIMARY KEY" in step or "SUBQUERY" in step for step in then), then


def test_how_many_there_are_is_known_whatever_the_size(database: SqliteConnection) -> None:
    """Neither the rows nor what became of them are gone through."""

    def ask() -> None:
        queries.counts(database)
        queries.deliveries(database)
        queries.being_sent(database)
        count_due(database, (Status.FAILED,), limit=None, chosen_only=False)

    for question in asked(database, ask):
        assert not any("entry" in step or "delivery" in step for step in plan(database, question)), question


def test_the_next_rows_are_found_without_reading_those_that_are_settled(database: SqliteConnection) -> None:
    """By an index that has no cells in it; so are the rows counted, where they must be."""
    due_rows.prepare_run(database, limit=None, chosen_only=False)
    with closing(due_rows.SqliteDueRows(path_of(database))) as one:
        assert plan(database, one._select, 0, 5)[0] == "SEARCH entry USING INDEX entry_by_status (status=? AND row>?)"
    first, *_ = asked(database, lambda: tally.counted(database))
    assert plan(database, first)[0] == "SCAN entry USING COVERING INDEX entry_by_status"


def asked(database: SqliteConnection, ask: Callable[[], object]) -> list[str]:
    """What SQLite is asked."""
    heard: list[str] = []
    database.set_trace_callback(heard.append)
    ask()
    database.set_trace_callback(None)
    assert heard
    return [question for question in heard if not question.startswith("PRAGMA")]  # of what columns there are


def plan(database: SqliteConnection, question: str, *values: int) -> list[str]:
    """How SQLite would answer."""
    return [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {question}", values)]

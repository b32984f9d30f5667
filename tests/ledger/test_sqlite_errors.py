"""What SQLite raises, and what a person is told."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.errors import ContactsError, LedgerError
from campaign.ledger.sqlite.sqlite_errors import explain, explained, path_of, transaction


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "x.ledger", isolation_level=None)) as opened:
        opened.execute("CREATE TABLE t (a)")
        yield opened


def raised(code: int, words: str) -> sqlite3.Error:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "what", "fix"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full", "make room"),
        (sqlite3.SQLITE_CORRUPT, "damaged", "backup"),
        (sqlite3.SQLITE_CORRUPT | 1 << 8, "damaged", "backup"),
        (sqlite3.SQLITE_NOTADB, "not a ledger, or its beginning is destroyed", "set ledger.path"),
        (sqlite3.SQLITE_READONLY, "can't be opened for writing", "folder"),
        (sqlite3.SQLITE_CANTOPEN, "can't be opened for writing", "folder"),
        (sqlite3.SQLITE_BUSY, "another program holds", "close it"),
        (sqlite3.SQLITE_IOERR, "the disk does not do", "quota"),
        (sqlite3.SQLITE_IOERR | 3 << 8, "the disk does not do", "quota"),
        (sqlite3.SQLITE_ERROR, "can't be used: oh no", "disk"),
    ],
)
def test_what_is_told(code: int, what: str, fix: str) -> None:
    error = explain(raised(code, "oh no\nand more"), Path("a/x.ledger"))
    assert what in error.what
    assert fix in error.fix
    assert error.where == "a/x.ledger"
    assert "\n" not in error.what


def test_errors_of_pythons_own_are_told_too() -> None:
    told = explain(sqlite3.OperationalError("Could not decode to UTF-8 column 'a' with text 'x'"), Path("x"))
    assert "damaged (bytes that are not text)" in told.what
    assert "x'" not in told.what
    assert "damaged" in explain(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), Path("x")).what
    assert explain(sqlite3.ProgrammingError("closed"), Path("x")).what == "the ledger can't be used: closed"


def attempt(database: sqlite3.Connection, *statements: str, then: BaseException | None = None) -> None:
    with transaction(database):
        for statement in statements:
            database.execute(statement)
        if then is not None:
            raise then


def test_a_transaction_is_all_or_nothing(database: sqlite3.Connection) -> None:
    attempt(database, "INSERT INTO t VALUES (1)")
    for error in (ContactsError("torn"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught:
            attempt(database, "INSERT INTO t VALUES (2)", then=error)
        assert caught.value is error
        assert not database.in_transaction
    with pytest.raises(LedgerError, match="no such table: u") as told:
        attempt(database, "INSERT INTO t VALUES (3)", "INSERT INTO u VALUES (3)")
    assert told.value.where == str(path_of(database))
    assert told.value.__cause__ is None
    assert database.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_of_several_errors_the_first_is_told(database: sqlite3.Connection) -> None:
    with pytest.raises(LedgerError, match="no such table: u"):
        attempt(database, "ROLLBACK", "INSERT INTO u VALUES (3)")


def test_what_is_not_sqlites_passes_through(database: sqlite3.Connection) -> None:
    with pytest.raises(ZeroDivisionError), explained(database):
        _ = 1 / 0


def test_a_connection_without_a_file_has_a_name_all_the_same() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        assert str(path_of(database)) == "the temporary folder"
    assert path_of(database) == Path("the ledger")

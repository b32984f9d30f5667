"""A ledger copied: from a file into a database, once and for all; and within a database, to try things out."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaign.contacts import contact_key
from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger import moving
from campaign.ledger.location import ledger_exists, locate, take_over
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.copied_tables import COPIED
from campaign.ledger.postgres.enrolment import enrol
from campaign.ledger.postgres.tables import TABLES
from campaign.ledger.postgres.throwaway_copy import throwaway_copy
from campaign.ledger.sql.queries import counts
from campaign.ledger.sqlite.files import moved_file
from campaign.ledger.sqlite.schema import temporary
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import DatabasePlace
from campaign.model import Status
from tests.ledgers import enrolled, row, rows, settle
from tests.postgres.ledgers import dumped, made

pytestmark = pytest.mark.postgres
Places = Callable[[str], DatabasePlace]
EVERYTHING = {
    name: f"SELECT {', '.join(columns).replace('chosen', 'CAST(chosen AS INTEGER)')} FROM {name} ORDER BY 1, 2, 3"
    if len(columns) > 2
    else f"SELECT {', '.join(columns)} FROM {name} ORDER BY 1"
    for name, columns in COPIED.items()
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger in a file, with some of everything."""
    path = tmp_path / "autumn.ledger"
    with SqliteRunLedger.open(path, "autumn") as ledger:
        people = [row(1, "a@x.example", "a\0b"), *rows("a@x.example", "b@x.example", None, "c@x.example")[1:]]
        enrolled(ledger, people, suppressed=["c@x.example"])
        settle(ledger, {"a@x.example": Status.SENT, "b@x.example": Status.FAILED})
        ledger.keep_note("digest", "of a file")
        ledger.keep_note("daily_count 2026-11-27 relay", "7 9")
        database = ledger.database
        database.execute("UPDATE entry SET chosen = 1, detail = ? WHERE row = 3", ("a\0b",))
        database.execute("INSERT INTO timeline VALUES (900, 60, 1.5, NULL, '{}', '{}')")
        database.execute("INSERT INTO erased VALUES ('erased 00', '2026-11-26')")
        database.execute("INSERT INTO later_word (contact, feedback) VALUES (1, 'complaint 2026-11-27')")
        database.execute(
            "INSERT INTO evidence (contact, kind, id, source, place, recorded_at, word, word_before) "
            "VALUES (1, 'bounce', 'x', 'log', 'line 1', 5, 'bounced', 'sent')"
        )
    return path


def test_a_files_ledger_comes_into_the_database_whole(path: Path, place: Places) -> None:
    with contextlib.closing(SqliteRunLedger.open(path, "autumn")) as ledger:
        before, words = dumped(ledger.database, EVERYTHING), counts(ledger.database)
    there = place("autumn")
    assert not ledger_exists(there, "autumn")
    assert locate(there, (path,), "autumn") == path, "until a run takes it over, it is read where it is"
    assert take_over(there, (path,), "autumn") == path
    assert ledger_exists(there, "autumn") and locate(there, (path,), "autumn") == there
    assert not path.exists() and moved_file(path).exists()
    with PostgresConnection(there) as database:
        after = dumped(database, EVERYTHING)
        assert {name: [tuple(map(_sound, one)) for one in found] for name, found in before.items()} == after
        assert all(after.values())
        assert counts(database) == words
        assert dumped(database, {"day": "SELECT CAST(day AS text), name, worker, began, leave FROM daily_count"}) == {
            "day": [("2026-11-27", "relay", 0, 7, 7)]
        }
        facts = dict(database.execute("SELECT name, value FROM facts").fetchall())
        assert facts["digest"] == "of a file" and facts["campaign"] == "autumn"
        assert not {"holder", "generation", "cursor"} & facts.keys()
    assert take_over(there, (path,), "autumn") is None


def _sound(value: object) -> object:
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def test_nobody_sends_by_the_file_again(path: Path, place: Places) -> None:
    take_over(place("autumn"), (path,), "autumn")
    with pytest.raises(LedgerError, match="brought into a database"):
        SqliteRunLedger.open(path, "autumn")
    assert not path.exists()


def test_a_move_that_was_cut_off_comes_to_its_end(path: Path, place: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed behind the commit: the file still has its name. It is not taken for a second ledger."""
    there = place("autumn")
    with monkeypatch.context() as killed:
        killed.setattr(moving, "_rename", _kill)
        with pytest.raises(KeyboardInterrupt):
            take_over(there, (path,), "autumn")
    assert path.exists() and locate(there, (path,), "autumn") == there
    assert take_over(there, (path,), "autumn") == path
    assert not path.exists() and moved_file(path).exists()


def test_a_file_that_was_used_since_is_a_second_ledger(
    path: Path, place: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is only in the file may have been mailed: that is for a person to decide."""
    there = place("autumn")
    with monkeypatch.context() as killed:
        killed.setattr(moving, "_rename", _kill)
        with pytest.raises(KeyboardInterrupt):
            take_over(there, (path,), "autumn")
    with SqliteRunLedger.open(path, "autumn") as ledger:
        settle(ledger, {"c@x.example": Status.SENT})
    with pytest.raises(LedgerError, match="2 ledgers") as caught:
        take_over(there, (path,), "autumn")
    assert str(path) in caught.value.where and there.schema in caught.value.where


def test_what_does_not_come_whole_does_not_come_at_all(
    path: Path, place: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = place("autumn")
    with monkeypatch.context() as killed:
        killed.setattr(moving, "recount", _kill)
        with pytest.raises(KeyboardInterrupt):
            take_over(there, (path,), "autumn")
    assert not ledger_exists(there, "autumn")
    assert take_over(there, (path,), "autumn") == path


def test_one_that_a_run_holds_stays(path: Path, place: Places) -> None:
    with SqliteRunLedger.open(path, "autumn"), pytest.raises(LedgerBusyError):
        take_over(place("autumn"), (path,), "autumn")
    assert path.exists() and not ledger_exists(place("autumn"), "autumn")


def _kill(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def ledger(place: Places) -> Iterator[PostgresConnection]:
    with contextlib.closing(made(place("autumn"))) as opened:
        enrol(opened, ("email",), [rows("a@x.example", "b@x.example", "c@x.example")], [], contact_key, digest="one")
        opened.execute("INSERT INTO delivery (contact, status) VALUES (1, 'sent')")
        yield opened


def test_what_is_done_to_a_copy_stays_in_it(ledger: PostgresConnection, place: Places) -> None:
    """It has everything; another file is read into it; and in the campaign's own tables nothing changes."""
    before = dumped(ledger)
    with contextlib.closing(throwaway_copy(place("autumn"), "autumn")) as copy:
        assert dumped(copy, EVERYTHING) == dumped(ledger, EVERYTHING)
        assert counts(copy)[Status.SENT] == 1 and counts(copy)[Status.PENDING] == 2
        enrol(copy, ("email",), [rows("c@x.example", "d@x.example")], [("c@x.example", "q", 1)], contact_key)
        assert counts(copy)[Status.SUPPRESSED] == 1
        assert len(dumped(copy)["contact"]) == 4
    assert dumped(ledger) == before


def test_nobody_waits_for_what_is_done_to_a_copy(ledger: PostgresConnection, place: Places) -> None:
    with (
        contextlib.closing(throwaway_copy(place("autumn"), "autumn")) as copy,
        copy.transaction(),
        ledger.transaction(patience=0.01),
    ):
        copy.execute("DELETE FROM entry")
        assert ledger.execute("SELECT count(*) FROM entry").fetchone() == (3,)


def test_a_copy_has_every_table_of_its_own(ledger: PostgresConnection, place: Places) -> None:
    """Or what is done to it might find the campaign's."""
    tables = {line.split()[2] for line in TABLES.splitlines() if line.startswith("CREATE TABLE")}
    with contextlib.closing(throwaway_copy(place("autumn"), "autumn")) as copy:
        for table in tables:
            (own,) = copy.execute(
                "SELECT relpersistence FROM pg_class WHERE oid = CAST(? AS regclass)", (table,)
            ).fetchone()
            assert own == "t", table


def test_the_tables_that_are_copied_have_the_same_columns_in_both() -> None:
    with contextlib.closing(temporary("autumn")) as file:
        for table, columns in COPIED.items():
            assert tuple(name for _, name, *_ in file.execute(f"PRAGMA table_info({table})")) == columns

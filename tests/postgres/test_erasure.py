"""People's data out of a database: also of what an open transaction could still see; and not while anybody sends."""

from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from campaign.errors import LedgerBusyError
from campaign.ledger.opening import open_for_erasure
from campaign.ledger.postgres import erasure
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.store import PostgresRunLedger
from campaign.ledger_place import DatabasePlace
from tests.ledgers import enrolled, rows
from tests.stores import octets_of

pytestmark = pytest.mark.postgres
ADA = "ada@people.example"


@pytest.fixture
def filled(place: Callable[[str], DatabasePlace]) -> DatabasePlace:
    """A ledger with two people in it."""
    at = place("x")
    with PostgresRunLedger.open(at, "x") as ledger:
        enrolled(ledger, rows(ADA, "bob@people.example"))
    return at


def test_an_old_transaction_of_somebody_else_keeps_nothing_of_them(filled: DatabasePlace) -> None:
    """VACUUM FULL would: what the transaction could still see."""
    with psycopg.connect(filled.url) as old:
        old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        old.execute("SELECT count(*) FROM pg_class")
        with open_for_erasure(filled, "x") as ledger:
            with ledger.erase([ADA], before=None, day="2026-11-27") as found:
                pass
            ledger.scrub()
            ledger.finished()
    assert found.people == 1
    assert ADA.encode() not in octets_of(filled) and b"bob@" in octets_of(filled)


def test_somebody_who_reads_without_an_end_is_named_and_the_next_time_does_the_rest(
    filled: DatabasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "PATIENCE", 0.01)
    with closing(PostgresConnection(filled)) as reading, open_for_erasure(filled, "x") as ledger:
        with ledger.erase([ADA], before=None, day="2026-11-27"):
            pass
        with reading.streamed("SELECT cells FROM entry"), pytest.raises(LedgerBusyError, match="still in its files"):
            ledger.scrub()
    monkeypatch.undo()
    with open_for_erasure(filled, "x") as ledger:
        assert ledger.unfinished
        ledger.scrub()
        ledger.finished()
    assert ADA.encode() not in octets_of(filled)


def test_nothing_is_taken_out_while_a_worker_is_left_of_a_run(filled: DatabasePlace) -> None:
    with closing(PostgresConnection(filled)) as database:
        database.execute(
            "INSERT INTO run (state, owner, owner_host, owner_pid, owner_until) VALUES ('going_on', 'x', 'h', 1, now())"
        )
        database.execute(
            "INSERT INTO worker (run, host, pid, lease_until) "
            "SELECT number, 'w', 2, now() + interval '1 hour' FROM run WHERE state <> 'ended'"
        )
        with pytest.raises(LedgerBusyError, match="still at work"), open_for_erasure(filled, "x"):
            pass
        assert database.execute("SELECT state FROM run WHERE state <> 'ended'").fetchone() == ("going_on",)


def test_a_late_worker_says_nothing_more_of_who_was_erased(filled: DatabasePlace) -> None:
    with closing(PostgresConnection(filled)) as database:
        database.execute("INSERT INTO delivery (contact, status, worker) VALUES (1, 'sending', 7), (2, 'sending', 7)")
        with open_for_erasure(filled, "x") as ledger, ledger.erase([ADA], before=None, day="2026-11-27"):
            pass
        found = database.execute("SELECT status, worker FROM delivery ORDER BY contact").fetchall()
    assert found == [("in_doubt", None), ("in_doubt", 7)]

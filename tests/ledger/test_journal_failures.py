"""The journal on a disk that is full, fails, or lies: nothing is lost, and nothing called durable that is not."""

import os
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.sqlite.journal import SqliteJournal
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests.ledgers import attempt, commit, deliveries, journal, outcome, people


def test_a_round_that_fails_leaves_all_of_it_queued(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    pen.claim(attempt(1))
    pen.claim(attempt(2))
    commit(pen)
    pen.settle(outcome(1))
    pen.release(2)
    pen.claim(attempt(3))
    pen.settle(outcome(3, Status.REJECTED))
    pen.claim(attempt(4))
    pen.mark_invalid(5, "no name")
    before, queued = deliveries(ledger.path), pen.queued
    ledger.database.execute("ALTER TABLE delivery RENAME TO gone")
    with pytest.raises(LedgerError):
        pen.commit()
    ledger.database.execute("ALTER TABLE gone RENAME TO delivery")
    assert deliveries(ledger.path) == before
    assert (pen.queued, pen.syncing) == (queued, False)
    assert commit(pen) == ([3, 4], [])
    assert [word for word, *_ in deliveries(ledger.path).values()] == [
        "sent",
        "pending",
        "rejected",
        "sending",
        "invalid",
    ]


def test_a_full_disk_stops_a_round_and_room_lets_it_through(tiny_disk: Path) -> None:
    with SqliteRunLedger.open(tiny_disk / "x.ledger", "x") as ledger:
        people(ledger, 20)
        pen = journal(ledger.path)
        filler = tiny_disk / "filler"
        fill(filler)
        for contact in range(1, 21):
            pen.claim(attempt(contact))
            pen.settle(outcome(contact, detail="x" * 2000))
        with pytest.raises(LedgerError, match="the disk is full") as caught:
            commit(pen)
        assert (caught.value.where, "make room" in caught.value.fix) == (str(ledger.path), True)
        assert pen.queued == 40
        filler.unlink()
        assert commit(pen) == (list(range(1, 21)), [])
        pen.close()
        assert {word for word, *_ in deliveries(ledger.path).values()} == {"sent"}


def fill(path: Path) -> None:
    """Leaves no room on the disk."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def test_what_cannot_be_synced_is_never_called_durable_but_outcomes_are_still_written(
    pen: SqliteJournal, ledger: SqliteRunLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failed fsync the kernel may call the same pages clean: a later success proves nothing."""
    pen.claim(attempt(1))
    assert commit(pen) == ([1], [])

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    pen.claim(attempt(2))
    pen.commit()
    with pytest.raises(LedgerError, match="can't be made durable: Input/output error"):
        pen.collect(wait=True)
    monkeypatch.undo()
    pen.settle(outcome(1))
    pen.release(2)
    pen.claim(attempt(3))
    assert commit(pen) == ([], [])
    assert [word for word, *_ in deliveries(ledger.path).values()] == ["sent", "pending", "sending"]


def test_closing_after_a_failed_sync_writes_what_is_left_too(
    ledger: SqliteRunLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    pen = journal(ledger.path)
    pen.claim(attempt(1))
    commit(pen)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", fail)
    pen.claim(attempt(2))
    pen.commit()
    pen.settle(outcome(1))
    with pytest.raises(LedgerError, match="No space left"):
        pen.close()
    assert deliveries(ledger.path)[1][0] == "sent"


def test_errors_of_sqlite_never_leave(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    ledger.database.execute("ALTER TABLE delivery RENAME TO gone")
    pen.claim(attempt(1))
    with pytest.raises(LedgerError, match="no such table") as caught:
        pen.commit()
    assert caught.value.__cause__ is None
    pen.release(1)

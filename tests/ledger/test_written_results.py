"""The digests of the results that were written: noted beside a run, and not at its mercy."""

import contextlib
from pathlib import Path

import pytest

from campaign.ledger.sql import written_results
from campaign.ledger.sqlite import reading
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.sqlite_errors import transaction
from campaign.ledger.sqlite.store import SqliteRunLedger


def test_who_only_reads_does_not_wait_long_for_a_writer_that_does_not_come_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was stopped in the middle of a transaction: it would have waited two minutes in vain."""
    monkeypatch.setattr(reading, "_PATIENCE", 0.01)
    with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as ledger, contextlib.closing(connect(ledger.path)) as writer:
        with transaction(writer):
            reading.remember_written_aside(ledger.path, "one")
        assert written_results.written_digests(ledger.database) == set()
        reading.remember_written_aside(ledger.path, "two")
        assert written_results.written_digests(ledger.database) == {"two"}

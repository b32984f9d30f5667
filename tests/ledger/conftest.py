"""A ledger of fifty contacts and a pen for it, for the journal's tests. Others have ledgers of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.ledger.sqlite.journal import SqliteJournal
from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.ledgers import journal, people


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as opened:
        people(opened, 50)
        yield opened


@pytest.fixture
def pen(ledger: SqliteRunLedger) -> Iterator[SqliteJournal]:
    opened = journal(ledger.path)
    yield opened
    opened.close()

"""The journal against its model (`tests/journal_model.py`), in a file."""

import tempfile
from pathlib import Path

from hypothesis import settings

from campaign.ledger.interface import Journal
from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.journal_model import Courier
from tests.ledgers import deliveries, journal, people


class _Courier(Courier):
    """Over a ledger in a file."""

    def open(self) -> list[Journal]:
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = SqliteRunLedger.open(Path(self.folder.name) / "x.ledger", "x")
        people(self.ledger, 4)
        return [journal(self.ledger.path), journal(self.ledger.path)]

    def close(self) -> dict[int, tuple[str, int]]:
        found = {number: (word, attempts) for number, (word, attempts, *_) in deliveries(self.ledger.path).items()}
        self.ledger.close()
        self.folder.cleanup()
        return found


TestCourier = _Courier.TestCase
TestCourier.settings = settings(max_examples=60, stateful_step_count=30)

"""A run needs no more memory for a million contacts than for a thousand.

Counted in the interpreter's memory blocks, which do not waver as a process's size does: what is kept for every contact,
be it one small object, is a block a contact. The server is a process of its own, so only ours are counted.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import linear_regression

import pytest

from campaign.run.progress import Progress
from tests.campaigns import Silent, SmallCampaign
from tests.smtp_server import ServerProcess

_MOST = 0.5
"""Blocks a contact: half an object, and five times what chance has shown."""


class Counting(Silent):
    """A observer that counts blocks as the run goes on: by rows that were read, by contacts that were settled."""

    def __init__(self) -> None:
        super().__init__()
        self.while_reading: dict[int, int] = {}
        self.while_sending: dict[int, int] = {}

    def reading(self, rows: int) -> None:
        self.while_reading[rows] = sys.getallocatedblocks()

    def sending(self, progress: Progress) -> None:
        self.while_sending[sum(progress.settled.values())] = sys.getallocatedblocks()


def growth(blocks: dict[int, int], after: int) -> float:
    """Blocks a contact, once so many have gone by."""
    counted = [(contacts, found) for contacts, found in blocks.items() if contacts >= after]
    return linear_regression(*zip(*counted, strict=True)).slope


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path / "record", "--keep", "nothing", "--misbehave", "rcpt_greylist,share=5") as running:
        yield running


def test_sending_keeps_nothing_of_a_contact_that_is_settled(tmp_path: Path, server: ServerProcess) -> None:
    observer = Counting()
    campaign = SmallCampaign(
        tmp_path / "campaign", settings={"smtp": {"connections": 4, "timeout": "1m"}}, observer=observer
    )
    summary = campaign.people(6_000).send(server.port)
    assert summary.sent_now == 6_000
    assert growth(observer.while_sending, 500) < _MOST


def test_reading_and_writing_keep_nothing_of_a_row(tmp_path: Path) -> None:
    observer = Counting()
    opens = datetime.now(UTC) + timedelta(days=1)
    campaign = SmallCampaign(
        tmp_path / "campaign", settings={"window": {"opens": opens.isoformat()}}, observer=observer
    )
    campaign.people(40_000).send(25, wait=False)
    assert growth(observer.while_reading, 10_000) < _MOST

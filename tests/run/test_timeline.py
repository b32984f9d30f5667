"""What the workers measured comes to the ledger: all of it, with the rate, and a full disk stops nobody."""

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest

from campaign.errors import LedgerError
from campaign.histogram import Stretch
from campaign.ledger.interface import RunLedger
from campaign.ledger.opening import open_for_reading
from campaign.run.timeline import Timeline
from campaign.worker.worker_report import WorkerReport
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer


class Ledger:
    """Keeps what it is given, if it can."""

    def __init__(self) -> None:
        self.kept: list[Stretch] = []
        self.full = False

    def add_to_timeline(self, stretches: Iterable[Stretch]) -> None:
        if self.full:
            raise LedgerError("the disk is full")
        self.kept += stretches


class Clock:
    """Goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def report(begins: int, rate: float | None = None) -> WorkerReport:
    return WorkerReport(settled={}, rate=rate, timeline=(Stretch(begins=begins, accepted={3: 1}),))


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_it_is_written_every_few_seconds_with_the_rate_and_what_throttling_left(ledger: Ledger) -> None:
    clock = Clock()
    timeline = Timeline(cast(RunLedger, ledger), clock=clock)
    timeline.hear([report(1), report(1, rate=4.0), report(1, rate=2.0)], rate=10.0)
    assert ledger.kept == []
    clock.now += 5.0
    timeline.hear([report(6)], rate=10.0)
    assert [(one.begins, one.rate, one.allowed) for one in ledger.kept] == [
        (1, 10.0, 6.0),
        (1, 10.0, 6.0),
        (1, 10.0, 6.0),
        (6, 10.0, None),
    ]
    timeline.write()
    assert len(ledger.kept) == 4, "each once"


def test_nobody_waits_for_it_while_the_contacts_are_read(ledger: Ledger) -> None:
    clock = Clock()
    timeline = Timeline(cast(RunLedger, ledger), clock=clock)
    clock.now += 60.0
    timeline.hear([report(1)], rate=None, hold=True)
    assert ledger.kept == []
    timeline.hear([report(2)], rate=None)
    assert [one.begins for one in ledger.kept] == [1, 2]


def test_what_could_not_be_written_goes_with_the_next(ledger: Ledger) -> None:
    timeline = Timeline(cast(RunLedger, ledger), clock=Clock())
    timeline.hear([report(1)], rate=None)
    ledger.full = True
    timeline.write()
    ledger.full = False
    timeline.hear([report(2)], rate=None)
    timeline.write()
    assert [one.begins for one in ledger.kept] == [1, 2]


@pytest.mark.parametrize("processes", [1, 2])
def test_every_message_that_was_accepted_is_measured_once(
    tmp_path: Path, smtp_server: StartServer, processes: int
) -> None:
    small = SmallCampaign(tmp_path / "campaign", settings={"smtp": {"connections": 4, "rate": 1000.0}}).people(300)
    server = smtp_server()
    small.send(server.port, limit=100, processes=processes)
    small.send(server.port, processes=processes)
    with open_for_reading(small.ledger, small.name) as ledger:
        found = ledger.timeline()
    assert sum(sum(stretch.accepted.values()) for stretch in found) == 300
    assert {stretch.rate for stretch in found} == {1000.0}

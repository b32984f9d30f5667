"""A process of a run is killed while mail goes out: the run ends in order, and says what the ledger says.

The server is a process of its own: without threads in this one, the processes are forked from it, as in a real run.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.ledger.sqlite.reading import reading_ledger
from campaign.model import Status
from campaign.run.contacts_process import ContactsProcess
from campaign.run.progress import Progress
from tests.campaigns import Silent, SmallCampaign, assert_agreement
from tests.forking import require_forks
from tests.smtp_server import ServerProcess, read_record

if TYPE_CHECKING:
    from campaign.run.contacts_loading import LoadOrder

ROWS = 60_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path / "record.jsonl", "--keep", "nothing", "--chunking") as running:
        yield running


def accepted(server: ServerProcess) -> list[str]:
    return [message.recipients[0] for message in read_record(server.record).accepted]


class Killed(ContactsProcess):
    """A reader that is killed when it has told of its first rows."""

    def read(self, order: "LoadOrder", lock: int | None, heard: Callable[[int], None]) -> None:
        def kill(rows: int) -> None:
            os.kill(self._pid, signal.SIGKILL)
            heard(rows)

        super().read(order, lock, kill)


def test_the_reader_is_killed_and_who_was_read_has_results(tmp_path: Path, server: ServerProcess) -> None:
    require_forks()
    reader = Killed.begin()
    assert reader is not None
    campaign = SmallCampaign(tmp_path / "c", {"smtp": {"connections": 4}}).people(ROWS)
    summary = campaign.send(server.port, processes=2, reader=reader)
    reader.dismiss()
    assert summary.exit_code == 3 and summary.trouble is not None
    assert summary.trouble.reason == "contacts" and "run the same command again" in summary.trouble.fix
    assert "has ended before its time; the results have the rows" in summary.trouble.what
    read = sum(summary.counts.values())
    assert 0 < read < ROWS and len(campaign.results()) == read, "it was not killed on its way: this test shows nothing"
    assert_agreement(campaign, accepted(server))
    assert summary.sent_now == summary.counts[Status.SENT] == len(accepted(server))

    rest = campaign.send(server.port, processes=2, limit=20)
    assert sum(rest.counts.values()) == ROWS == len(campaign.results())
    assert (rest.sent_now, rest.trouble, rest.counts[Status.IN_DOUBT]) == (20, None, 0)
    assert_agreement(campaign, accepted(server))


class Killing(Silent):
    """A observer that kills one of the workers once messages have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.workers: list[int] = []

    def sending(self, progress: Progress) -> None:
        super().sending(progress)
        if not self.workers and progress.settled.get("sent", 0) >= 10:
            self.workers = [one.pid for one in multiprocessing.active_children() if one.pid is not None]
            os.kill(self.workers[-1], signal.SIGKILL)


@pytest.mark.parametrize("in_flight", [1, pytest.param(8, marks=pytest.mark.siege)])
def test_a_worker_is_killed_and_the_counts_are_the_ledgers(
    tmp_path: Path, server: ServerProcess, in_flight: int
) -> None:
    """Not those that it told last: it has sent more since."""
    settings: dict[str, dict[str, object]] = {"smtp": {"connections": 4, "rate": 400, "in_flight": in_flight}}
    campaign = SmallCampaign(tmp_path / "c", settings, observer=Killing()).people(1_500)
    summary = campaign.send(server.port, processes=2)
    assert summary.exit_code == 3 and summary.trouble is not None and summary.trouble.reason == "worker_died"
    with reading_ledger(campaign.ledger, "small") as database:
        found = dict(database.execute("SELECT status, count(*) FROM delivery GROUP BY 1"))
    assert 0 < found["sent"] < 1_500, "it was not killed on its way: this test shows nothing"
    assert (summary.sent_now, summary.in_doubt_now) == (found["sent"], found.get("in_doubt", 0))
    assert summary.tried_now == summary.sent_now + summary.in_doubt_now
    assert found.get("in_doubt", 0) <= 2 * 4 * in_flight and "sending" not in found
    assert_agreement(campaign, accepted(server))

    rest = campaign.send(server.port, processes=1)
    assert rest.counts[Status.PENDING] == 0
    assert_agreement(campaign, accepted(server))

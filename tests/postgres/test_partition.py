"""A machine loses the database, or the server, while the others go on: nobody lost, nobody mailed twice, and its rows
go to the others.

Each machine is a network namespace (tests/postgres/machines.py). The short form is cut off for a little longer than a
lease lasts; the long one for two minutes.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Figures
from tests.crashes.sender import Sender, wait_until
from tests.postgres.cluster import MISSING, cluster, is_installed
from tests.postgres.machines import Machine, network
from tests.postgres.shared_campaign import SharedCampaign
from tests.postgres.standing import AtWork, at_work
from tests.smtp_server import ServerProcess

pytestmark = pytest.mark.postgres

_CONNECTIONS = 6
_RATE, _RATE_OF_LONG = 100, 40
"""Messages a second. The ledger is read whole every second: in two minutes more rows would cost more than they show."""
_BEFORE = 300
"""Messages accepted before the cut."""
_CUT = pytest.mark.parametrize(
    "cut", [pytest.param(15, id="15 s"), pytest.param(120, id="120 s", marks=pytest.mark.siege)]
)
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A database, a server, an owner and two workers, each a machine; the run has begun, and all three are sending."""

    shared: SharedCampaign
    machines: Mapping[str, Machine]
    owner: Sender
    workers: Mapping[str, Sender]

    def is_at_work(self, name: str) -> bool:
        """Whether the ledger takes this worker to be at work."""
        return self.workers[name].pid in {one.pid for one in self.at_work()}

    def at_work(self) -> list[AtWork]:
        return at_work(self.shared.place)

    def look(self, seconds: float, when: str) -> None:
        """Hold ledger and record against each other, again and again."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.shared.judge.look(when)
            time.sleep(1)

    def end(self) -> None:
        """Wait for the run's end, and that of all who worked for it."""
        code = self.owner.wait(600)
        assert code in (0, 1), self.shared.said()
        for worker in self.workers.values():
            assert worker.wait() == 0, self.shared.said()


@contextmanager
def scene(folder: Path, figures: Figures, cut: float) -> Iterator[Scene]:
    """Set it: the run is to last for as long as the cut, and some more."""
    if not is_installed():
        pytest.skip(MISSING)
    rate = _RATE if cut < 60 else _RATE_OF_LONG
    smtp = {"connections": _CONNECTIONS, "rate": rate, "timeout": "5s"}
    people = _BEFORE + round(rate * (cut + 15))
    with network("database", "relay", "owner", "first", "second") as machines:
        database, relay = machines["database"], machines["relay"]
        with (
            cluster("fsync=off", host=database.address, prefix=database.prefix) as made,
            ServerProcess(folder / "record.jsonl", host=relay.address, prefix=relay.prefix) as server,
            SharedCampaign(folder, made, "postgres", server, people=people, smtp=smtp) as shared,
        ):
            found = shared.judge.figures
            figures(lambda: str(found))
            found.bound = 2 * _CONNECTIONS
            owner = shared.send("owner", *machines["owner"].prefix)
            workers = {name: shared.work(name, *machines[name].prefix) for name in ("first", "second")}
            shared.await_workers(3)
            shared.await_accepted(_BEFORE)
            yield Scene(shared=shared, machines=machines, owner=owner, workers=workers)


@_CUT
def test_a_worker_that_loses_the_database_is_called_lost_and_tells_the_truth_when_it_is_back(
    tmp_path: Path, figures: Figures, cut: float
) -> None:
    with scene(tmp_path, figures, cut) as now:
        judge = now.shared.judge
        first, database = now.machines["first"], now.machines["database"]
        assert now.is_at_work("first")
        first.cut_off(database)
        now.look(cut, "cut off from the database")
        assert not now.is_at_work("first")
        assert len(now.at_work()) == 2
        first.heal(database)
        now.end()
        judge.finish()
        # The replies that it had in its hand have settled what was in doubt by then: the server was never out of reach.
        assert judge.figures.in_doubt == 0


@_CUT
def test_a_worker_whose_commits_are_done_and_never_confirmed_mails_nobody_twice(
    tmp_path: Path, figures: Figures, cut: float
) -> None:
    """What it writes arrives; what the database says to that does not."""
    with scene(tmp_path, figures, cut) as now:
        judge = now.shared.judge
        first, database = now.machines["first"], now.machines["database"]
        database.lose_what_goes_to(first)
        now.look(cut, "nothing comes back from the database")
        first.heal(database)
        now.end()
        judge.finish()


@_CUT
def test_a_worker_that_loses_the_server_leaves_its_rows_to_the_others(
    tmp_path: Path, figures: Figures, cut: float
) -> None:
    with scene(tmp_path, figures, cut) as now:
        judge = now.shared.judge
        first, relay = now.machines["first"], now.machines["relay"]
        first.cut_off(relay)
        now.look(cut, "cut off from the server")
        first.heal(relay)
        now.end()
        judge.finish()


def test_a_run_ends_without_a_worker_that_does_not_come_back(tmp_path: Path, figures: Figures) -> None:
    """Its claims are in doubt, its other rows are sent by the others; later, it settles what it can."""
    with scene(tmp_path, figures, 0) as now:
        judge = now.shared.judge
        first, database = now.machines["first"], now.machines["database"]
        first.cut_off(database)
        assert now.owner.wait() in (0, 1), now.shared.said()
        assert now.workers["second"].wait() == 0, now.shared.said()
        judge.finish()
        first.heal(database)
        now.workers["first"].wait()
        standing = judge.look("after it has come back")
        assert standing.counts["in_doubt"] == 0


def test_an_owner_that_was_cut_off_for_too_long_leaves_the_run_to_the_one_that_has_taken_it_over(
    tmp_path: Path, figures: Figures
) -> None:
    with scene(tmp_path, figures, 15) as now:
        shared, judge = now.shared, now.shared.judge
        owner, database = now.machines["owner"], now.machines["database"]
        owner.cut_off(database)

        second = shared.send("second owner", *now.machines["second"].prefix)
        wait_until(lambda: "goes on with a run whose owner is gone" in second.said, otherwise=shared.said)
        owner.heal(database)
        assert now.owner.wait() == 3, shared.said()
        for worker in now.workers.values():
            assert worker.wait() == 0, shared.said()
        assert second.wait() in (0, 1), shared.said()
        judge.finish()

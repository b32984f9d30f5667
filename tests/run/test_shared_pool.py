"""The workers of several machines as one pool: heard once, lost without stopping others, waited for to their end."""

import os
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from campaign.cluster import ClusterWorkers
from campaign.cluster.slots import WorkerEnd
from campaign.errors import LedgerError
from campaign.ledger.interface import RunOnRecord, WorkerNow
from campaign.run.plan import open_window
from campaign.run.sending import noticed
from campaign.run.shared_pool import SharedPool
from campaign.run.shutdown import ShutdownSignals
from campaign.run.worker_pool import WorkerPool
from campaign.worker.job import Job
from campaign.worker.report_json import report_to_json
from campaign.worker.worker_report import Notice, StopReason, WorkerReport
from tests.campaigns import SmallCampaign

DONE = WorkerReport(settled={"sent": 5}, last=True)
EARLY = WorkerReport(settled={"sent": 2}, left_early=True, last=True)
AT_WORK = WorkerReport(settled={"sent": 1}, connections=4, under_way=3)
FAULT = StopReason(what="sign-in was refused", fix="see", reason="sign_in")
KILLED = StopReason(what="a worker process ended by signal 9", fix="look", reason="worker_died")


@dataclass
class Ledger:
    """A shared run by hand: what its workers are at each look, the last of them for good."""

    looks: list[list[WorkerNow]]
    number: int = 3
    told: list[tuple[int, str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    adopted: RunOnRecord | None = None
    held: bool = True
    left: bool = True
    away: set[int] = field(default_factory=set)
    """At which looks the database can't be reached."""
    at: int = 0

    def offer(self, bundle: str, files: Mapping[str, bytes], *, check: str) -> None:
        self.done.append("offer")

    def check(self) -> str:
        return ""

    def file(self, digest: str) -> bytes:
        raise AssertionError

    def count_due(self) -> int:
        return 0

    def rows_left(self) -> bool:
        return self.left

    def workers(self) -> list[WorkerNow]:
        self.at += 1
        if self.at in self.away:
            raise LedgerError("the database can't be reached")
        return self.looks[min(self.at, len(self.looks)) - 1]

    def news(self) -> list[tuple[int, str]]:
        told, self.told = self.told, []
        return told

    def drain(self) -> None:
        self.done.append("drain")

    def call_lost(self) -> int:
        return 0

    def end(self) -> None:
        self.done.append("end")


class Own(WorkerPool):
    """The owner's own workers, whose reports have all been written beforehand."""

    def __init__(self, *reports: Sequence[WorkerReport]) -> None:
        super().__init__(0)
        self._written = reports
        self.drained = False

    def work(
        self,
        job: Job,
        lock: int | None,
        signals: ShutdownSignals,
        report: Callable[[Sequence[WorkerReport]], None],
        tick: Callable[[], None],
        *,
        stops_all: Callable[[StopReason], bool] = lambda _: True,
    ) -> None:
        for reports in self._written:
            report(reports)
            tick()

    def drain(self) -> None:
        self.drained = True


class Placed(ClusterWorkers):
    """A cluster that places nobody, and remembers what it was told."""

    def __init__(self, last: WorkerEnd | None = None, *, after: int = 0) -> None:
        """`last`: how the last worker ended, where that leaves no hope, `after` so many looks."""
        super().__init__("local", workers=2, words=())
        self.told: list[tuple[set[str], bool]] = []
        self._last = last
        self._after = after

    def look(self, at_work: Collection[str], *, more: bool = True) -> list[str]:
        self.told.append((set(at_work), more))
        return []

    def hopeless(self, at_work: Collection[str]) -> WorkerEnd | None:
        return self._last if len(self.told) >= self._after and not at_work else None


class Scene:
    """A pool, and what is heard of it. A look is due at every turn."""

    def __init__(self, ledger: Ledger, own: Own | None = None, placed: "Placed | None" = None) -> None:
        self.ledger = ledger
        self.own = own or Own()
        self.signals = ShutdownSignals()
        self.notices: list[str] = []
        self.heard: list[list[WorkerReport]] = []
        self.turns = 0
        self.at_turn: dict[int, Callable[[], None]] = {}
        self.pool = SharedPool(
            self.own,
            ledger,
            begin=lambda _: ledger.done.append("begin"),
            notice=self.notices.append,
            placed=placed,
            clock=lambda: self.turns * 10.0,
            sleep=self._turn,
        )

    def work(self, job: Job) -> "Scene":
        self.pool.work(job, None, self.signals, lambda reports: self.heard.append(list(reports)), lambda: None)
        return self

    def _turn(self, seconds: float) -> None:
        self.turns += 1
        assert self.turns < 50, "it never ends"
        self.at_turn.get(self.turns, lambda: None)()


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder: Path = tmp_path_factory.mktemp("campaign")
    plan = SmallCampaign(folder / "campaign").plan(25)
    return plan.job(open_window())


def worker(number: int, state: str = "working", report: WorkerReport | None = None, **more: object) -> WorkerNow:
    text = "" if report is None else report_to_json(report)
    given = {"host": f"mail-{number}", "pid": 40 + number, "name": ""} | more
    return WorkerNow(number=number, state=state, report=text, **given)  # type: ignore[arg-type]


def settled(scene: Scene) -> int:
    return sum(report.settled.get("sent", 0) for report in scene.heard[-1])


def test_the_run_ends_when_nobody_is_at_work_and_somebody_found_nothing_more_to_do(job: Job) -> None:
    ledger = Ledger(
        [
            [worker(1)],
            [worker(1), worker(2)],
            [worker(1, "left", DONE), worker(2)],
            [worker(1, "left", DONE), worker(2, "left", DONE)],
        ]
    )
    scene = Scene(ledger).work(job)
    assert ledger.done == ["begin", "end"] and settled(scene) == 10
    assert all(report.last for report in scene.heard[-1])
    assert scene.notices == [
        "the worker that is process 41 on mail-1 joined the run; 1 at work elsewhere",
        "the worker that is process 42 on mail-2 joined the run; 2 at work elsewhere",
    ]


def test_a_run_without_workers_of_its_own_waits_for_others_while_rows_are_left(job: Job) -> None:
    ledger = Ledger(
        [
            [],
            [worker(1)],
            [worker(1, "left", EARLY)],
            [worker(1, "left", EARLY)],
            [worker(1, "left", EARLY), worker(2, "left", DONE)],
        ]
    )
    scene = Scene(ledger).work(job)
    assert settled(scene) == 7 and ledger.at >= 5
    assert "the worker that is process 41 on mail-1 has been told to stop; its rows go to others" in scene.notices


def test_and_ends_where_none_is(job: Job) -> None:
    ledger = Ledger([[worker(1)], [worker(1, "left", EARLY)]], left=False)
    assert settled(Scene(ledger).work(job)) == 2


def test_own_workers_and_those_elsewhere_are_in_one_list_and_own_ones_are_not_in_it_twice(job: Job) -> None:
    own = Own([AT_WORK], [DONE])
    mine = worker(1, host=socket.gethostname(), pid=os.getpid())
    ledger = Ledger([[mine, worker(2, "working", AT_WORK)], [worker(2, "left", DONE)]])
    scene = Scene(ledger, own).work(job)
    assert [len(reports) for reports in scene.heard][:2] == [1, 2]
    assert settled(scene) == 10 and ledger.done == ["begin", "end"]


def test_what_is_told_once_is_heard_once_and_the_latest_state_is_kept(job: Job) -> None:
    first = replace(AT_WORK, notices=(Notice("the server is slow"),))
    ledger = Ledger([[worker(1, "working", first)], [worker(1, "working", first)], [worker(1, "left", DONE)]])
    ledger.told = [(1, report_to_json(first)), (1, report_to_json(replace(AT_WORK, notices=(Notice("slower"),))))]
    scene = Scene(ledger).work(job)
    notices = [notice.words for reports in scene.heard for report in reports for notice in report.notices]
    assert notices == ["the server is slow", "slower"]
    by = {notice.by for reports in scene.heard for report in reports for notice in report.notices}
    assert by == {"the worker that is process 41 on mail-1"}, "its way to the server may be another than the owner's"
    assert settled(scene) == 5


def test_a_worker_that_is_lost_is_a_notice_and_has_nothing_under_way_any_more(job: Job) -> None:
    ledger = Ledger(
        [
            [worker(1, "working", AT_WORK, name="w7")],
            [worker(1, "lost", AT_WORK, name="w7")],
            [worker(1, "lost", AT_WORK, name="w7"), worker(2, "left", DONE)],
        ]
    )
    scene = Scene(ledger).work(job)
    assert any(said.startswith("worker w7 (process 41 on mail-1) has not been heard of") for said in scene.notices)
    lost = next(report for report in scene.heard[-1] if report.settled == {"sent": 1})
    assert (lost.under_way, lost.connections, lost.last, lost.trouble) == (0, 0, True, None)


def test_a_worker_that_comes_back_is_told(job: Job) -> None:
    ledger = Ledger([[worker(1)], [worker(1, "lost")], [worker(1)], [worker(1, "left", DONE)]])
    assert "the worker that is process 41 on mail-1 is back" in Scene(ledger).work(job).notices


def test_our_own_fault_that_one_has_met_stops_all(job: Job) -> None:
    stopped = replace(EARLY, left_early=False, trouble=FAULT)
    own = Own([AT_WORK])
    ledger = Ledger(
        [
            *[[worker(1, "left", stopped), worker(2)]] * 5,
            [worker(1, "left", stopped), worker(2, "left", EARLY)],
        ]
    )
    scene = Scene(ledger, own).work(job)
    assert ledger.done == ["begin", "drain", "end"] and own.drained
    assert FAULT in [report.trouble for report in scene.heard[-1]]


def test_a_process_of_our_own_that_died_stops_nobody_where_others_come_to_the_end(job: Job) -> None:
    own = Own([replace(EARLY, left_early=False, trouble=KILLED), DONE])
    ledger = Ledger([[worker(1)], [worker(1, "left", DONE)]])
    scene = Scene(ledger, own).work(job)
    assert "drain" not in ledger.done
    assert [report.trouble for report in scene.heard[-1]] == [None] * 3
    notices = [notice.words for reports in scene.heard for report in reports for notice in report.notices]
    assert notices == ["a worker process ended by signal 9; the others go on"]


def test_where_all_have_died_that_is_the_trouble(job: Job) -> None:
    own = Own([replace(EARLY, left_early=False, trouble=KILLED)])
    scene = Scene(Ledger([[]]), own).work(job)
    assert [report.trouble for report in scene.heard[-1]] == [KILLED]


def test_a_signal_drains_everybody_and_the_end_is_waited_for(job: Job) -> None:
    ledger = Ledger([[worker(1)], [worker(1)], [worker(1)], [worker(1, "left", EARLY)]])
    scene = Scene(ledger)
    scene.at_turn[2] = scene.signals.ask
    scene.work(job)
    assert ledger.done == ["begin", "drain", "end"] and scene.own.drained


def test_a_database_that_is_away_is_waited_for_and_told_of_once(job: Job) -> None:
    ledger = Ledger([[worker(1)]] * 5 + [[worker(1, "left", DONE)]], away={2, 3, 4})
    scene = Scene(ledger).work(job)
    assert settled(scene) == 5
    away = [said for said in scene.notices if "can't be reached" in said or "there again" in said]
    assert away == [
        "the database can't be reached; nothing begins until it can be, and the run waits for it",
        "the database is there again",
    ]


def test_a_run_that_is_anothers_by_now_is_left_to_it(job: Job) -> None:
    ledger = Ledger([[worker(1)]])
    scene = Scene(ledger)
    scene.at_turn[3] = lambda: setattr(ledger, "held", False)
    scene.work(job)
    assert ledger.done == ["begin"]


def test_what_workers_did_for_an_owner_before_is_not_counted_and_their_coming_is_no_news(job: Job) -> None:
    before = RunOnRecord(number=1, bundle="", owner="process 7 on mail-9", workers=1)
    ledger = Ledger([[worker(1, "working", EARLY)], [worker(1, "left", DONE)]], adopted=before)
    scene = Scene(ledger).work(job)
    assert settled(scene) == DONE.settled["sent"] - EARLY.settled["sent"]
    assert scene.notices == []


def test_a_cluster_hears_who_is_at_work_and_places_nobody_more_when_somebody_came_to_the_end(job: Job) -> None:
    one, two = worker(1, name="cluster-1"), worker(2, name="cluster-2")
    gone = worker(2, "lost", name="cluster-2")
    ledger = Ledger(
        [[], [one, two], [one, gone], [worker(1, "left", DONE, name="cluster-1"), gone], [worker(1, "left", DONE)]]
    )
    placed = Placed()
    scene = Scene(ledger, placed=placed).work(job)
    assert placed.told == [
        (set(), True), ({"cluster-1", "cluster-2"}, True), ({"cluster-1"}, True), (set(), False),
    ]  # fmt: skip
    assert ledger.done == ["begin", "end"] and settled(scene) == 5


def test_a_run_that_was_told_to_stop_has_a_cluster_place_nobody_more(job: Job) -> None:
    ledger = Ledger([[], [worker(1)], [worker(1)], [worker(1, "left", EARLY)]])
    placed = Placed()
    scene = Scene(ledger, placed=placed)
    scene.at_turn[1] = scene.pool.drain
    scene.work(job)
    assert [more for _, more in placed.told] == [True, False, False, False] and "drain" in ledger.done


def test_a_run_for_which_a_cluster_has_nobody_who_can_work_stops_and_says_why(job: Job) -> None:
    last = WorkerEnd(what="ended with exit code 2", said="the link secret is another")
    ledger = Ledger([[]])
    scene = Scene(ledger, placed=Placed(last, after=3)).work(job)
    (trouble,) = (report.trouble for report in scene.heard[-1])
    assert trouble is not None and trouble.reason == "no_workers"
    assert trouble.what == (
        "no worker can work on the cluster: the last one ended with exit code 2: the link secret is another"
    )
    assert ledger.done == ["begin", "end"]


def test_what_workers_elsewhere_have_noticed_is_told_with_their_names() -> None:
    def report(words: str, by: str) -> WorkerReport:
        return WorkerReport(settled={}, notices=(Notice(words, by=by), Notice("to", ends_with="rate", by=by)))

    reports = [report("no way", "worker b"), report("no way", "worker a"), report("slow", "worker a")]
    assert list(noticed(reports, set())) == ["worker a, worker b: no way", "worker a: slow"]
    assert list(noticed([*reports, report("no way", "")], set())) == ["no way", "worker a: slow"]


def test_what_one_workers_word_is_enough_for_is_told_once_in_a_run() -> None:
    def report(words: str) -> WorkerReport:
        return WorkerReport(settled={}, notices=(Notice(words, once="in_flight"), Notice("hm")))

    told: set[str] = set()
    assert list(noticed([report("it can't"), report("it could not")], told)) == ["it can't", "hm"]
    assert list(noticed([report("it can't")], told)) == ["hm"]

"""The processes of a run: each gets its share and its end, and a signal is heard once."""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from campaign.contacts import open_contacts
from campaign.ledger.sql import queries
from campaign.ledger.sqlite.due_rows import prepare_run
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from campaign.run.enrolment import Enrolment
from campaign.run.plan import open_window
from campaign.run.shutdown import ShutdownSignals
from campaign.run.worker_pool import WorkerPool
from campaign.worker.job import Job
from campaign.worker.worker_report import Notice, WorkerReport
from tests.campaigns import SmallCampaign
from tests.smtp_server import CATALOGUE, FaultServer

PEOPLE = 400


class Scene:
    """A campaign that is ready to be sent, and a workers to do it; the workers is made first, as a run does."""

    def __init__(self, folder: Path, processes: int, people: int = PEOPLE, **smtp: object) -> None:
        self.workers = WorkerPool(processes)
        self.children = self.workers.processes
        self.signals = ShutdownSignals()
        self.reports: list[Sequence[WorkerReport]] = []
        self.ticks = 0
        self.campaign = SmallCampaign(folder / "campaign", settings={"smtp": {"connections": 4} | smtp}).people(people)

    def work(self, server: FaultServer) -> Counter[str]:
        """Do the job; gives what stands in the ledger after it."""
        plan = self.campaign.plan(server.port, backoff=0.2)
        contacts = open_contacts(plan.settings.contacts.file, email_column="email")
        assert isinstance(plan.ledger, Path)
        with SqliteRunLedger.open(plan.ledger, "small") as ledger:
            Enrolment(ledger, contacts, (), lambda _: None).read()
            prepare_run(ledger.database, limit=None, chosen_only=False)
            self.workers.work(plan.job(open_window()), ledger.lock, self.signals, self.reports.append, self._tick)
            return +Counter({word.value: count for word, count in queries.counts(ledger.database).items()})

    def _tick(self) -> None:
        self.ticks += 1

    @property
    def settled(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for report in self.reports[-1]:
            total.update(report.settled)
        return total


@pytest.fixture
def server() -> FaultServer:
    """Not started: its thread would be in the way of a fork."""
    return FaultServer()


def test_a_crew_of_one_works_right_here(tmp_path: Path, server: FaultServer) -> None:
    scene = Scene(tmp_path, 1)
    assert not scene.workers.apart and scene.children == []
    with server:
        assert scene.work(server) == {Status.SENT: PEOPLE}
    assert scene.settled == {Status.SENT: PEOPLE}
    assert scene.reports[-1][0].last and scene.ticks > 0
    scene.workers.dismiss()


def test_the_work_is_divided_and_nobody_is_mailed_twice(tmp_path: Path, server: FaultServer) -> None:
    scene = Scene(tmp_path, 2)
    assert scene.workers.apart and len(scene.children) == 2
    with server:
        assert scene.work(server) == {Status.SENT: PEOPLE}
        assert set(server.count_by_recipient().values()) == {1}
        assert len(server.accepted) == PEOPLE
    assert scene.settled == {Status.SENT: PEOPLE}
    assert all(report.last for report in scene.reports[-1])
    assert all(report.trouble is None for report in scene.reports[-1])
    scene.workers.dismiss()
    assert all(child.exitcode == 0 for child in scene.children)


def test_a_pool_without_workers_leaves_all_to_others(tmp_path: Path, server: FaultServer) -> None:
    scene = Scene(tmp_path, 0)
    with server:
        assert scene.work(server) == {Status.PENDING: PEOPLE}
    assert scene.workers.apart and scene.children == [] and scene.reports == []
    scene.workers.dismiss()


def test_beside_threads_workers_are_begun_afresh_and_do_the_same(tmp_path: Path, server: FaultServer) -> None:
    with server:
        scene = Scene(tmp_path, 2)
        assert scene.work(server) == {Status.SENT: PEOPLE}
        assert set(server.count_by_recipient().values()) == {1}
    scene.workers.dismiss()
    assert [child.exitcode for child in scene.children] == [0, 0]


def test_workers_that_never_get_a_job_end_when_they_are_let_go(tmp_path: Path) -> None:
    scene = Scene(tmp_path, 3)
    assert all(child.exitcode is None for child in scene.children)
    scene.workers.dismiss()
    assert [child.exitcode for child in scene.children] == [0, 0, 0]


def test_a_worker_that_dies_is_told_of_and_the_others_stop(tmp_path: Path, server: FaultServer) -> None:
    scene = Scene(tmp_path, 2, rate=50)  # without a word to them, they would go on for eight seconds
    pid = scene.children[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    scene.children[0].join()
    with server:
        counts = scene.work(server)
        assert counts.keys() <= {Status.SENT, Status.PENDING}
        assert counts[Status.SENT] == len(server.accepted) < PEOPLE // 2
    breaker = [report.trouble for report in scene.reports[-1] if report.trouble is not None]
    assert len(breaker) == 1
    assert "ended by signal 9" in breaker[0].what
    assert "run the same command again" in breaker[0].fix
    scene.workers.dismiss()


def test_what_a_worker_notices_is_heard_once_however_often_it_reports(tmp_path: Path) -> None:
    scene = Scene(tmp_path, 2, people=20, rate=40)
    with FaultServer(CATALOGUE["rcpt_4xx"](times=1, reply=b"451 4.7.0 Too many messages, slow down\r\n")) as server:
        assert scene.work(server) == {Status.SENT: 20}
    assert len(scene.reports) > 2
    heard = [words for reports in scene.reports for report in reports for words, *_ in report.notices]
    assert len(heard) == 1
    assert "slow down" in heard[0]
    scene.workers.dismiss()


class ByHand:
    """A worker whose reports have all been written beforehand."""

    def __init__(self, *reports: WorkerReport) -> None:
        self.pipe, self.theirs = multiprocessing.Pipe()
        for report in reports:
            self.theirs.send(report)

    def begin(self, job: Job, lock: int) -> None:
        """It needs no orders."""

    def drain(self) -> None:
        """It has nothing to stop."""


def test_no_notice_is_lost_where_reports_come_faster_than_they_are_shown(tmp_path: Path) -> None:
    workers = WorkerPool(0)
    worker = ByHand(
        WorkerReport(settled={}),
        WorkerReport(settled={}, notices=(Notice("slow down"),)),
        WorkerReport(settled={"sent": 9}, last=True),
    )
    workers._members = [worker]  # type: ignore[list-item]  # all that is asked of a member
    heard: list[WorkerReport] = []
    job = SmallCampaign(tmp_path / "campaign").plan(25).job(open_window())
    workers.work(job, 0, ShutdownSignals(), lambda reports: heard.extend(reports), lambda: None)
    assert [words for report in heard for words in report.notices] == [Notice("slow down")]
    assert heard[-1].settled == {"sent": 9}
    worker.pipe.close()
    worker.theirs.close()


@pytest.mark.parametrize("processes", [1, 2])
def test_who_was_asked_to_stop_before_the_work_begins_nothing(
    tmp_path: Path, server: FaultServer, processes: int
) -> None:
    scene = Scene(tmp_path, processes)
    scene.signals.ask()
    with server:
        counts = scene.work(server)
        assert counts[Status.SENT] == len(server.accepted)
    if processes == 1:
        assert counts == {Status.PENDING: PEOPLE}
    else:
        assert counts.keys() <= {Status.PENDING, Status.SENT}
        assert counts[Status.PENDING] > 0
    scene.workers.dismiss()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_asks_and_is_heard_only_while_somebody_listens(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        signals, heard = ShutdownSignals(), []
        signals.on_ask.append(lambda: heard.append("drain"))
        signals.on_insist.append(lambda: heard.append("kill"))
        with signals.listening():
            assert not signals.asked
            signal.raise_signal(number)
            assert signals.asked and heard == ["drain"]
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_a_signal_that_is_ignored_stays_so() -> None:
    """What `nohup` means, and what a shell does to a job in the background."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        signals = ShutdownSignals()
        with signals.listening():
            signal.raise_signal(signal.SIGHUP)
        assert not signals.asked
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_are_given_back_when_a_run_fails() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="broken"), ShutdownSignals().listening():
        raise ValueError("broken")
    assert signal.getsignal(signal.SIGTERM) is before

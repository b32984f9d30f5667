"""A worker waits for a run, joins it, works, and ends in order."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaign.errors import LedgerError, RunEndedError, SettingsError
from campaign.ledger.interface import RunOnRecord
from campaign.ledger_place import DatabasePlace
from campaign.run import work as module
from campaign.run.shutdown import ShutdownSignals
from campaign.run.work import WorkEnd, WorkOrder, work
from campaign.worker.job import Job
from campaign.worker.worker_report import StopReason, WorkerReport
from tests.campaigns import SmallCampaign
from tests.run.joined_run import ENVIRON, PLACE, OfferedRun, cheap_checks, offered

__all__ = ["cheap_checks"]
pytestmark = pytest.mark.usefixtures("cheap_checks")


class Observed:
    """What an observer was told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def waiting(self, place: DatabasePlace, seconds: float) -> None:
        self.told.append("waiting")

    def away(self, error: LedgerError) -> None:
        self.told.append("away")

    def joined(self, run: RunOnRecord, job: Job) -> None:
        self.told.append(f"joined {job.worker_name}")

    def stopping(self) -> None:
        self.told.append("stopping")

    def heard(self, report: WorkerReport) -> None:
        self.told.append(f"heard {report.settled}")


class FakeWorker:
    """Takes a job, reports twice, and ends; drained, it says so."""

    trouble: StopReason | None = None

    def __init__(self, job: Job, report: Callable[[WorkerReport], None]) -> None:
        assert job.by_ledger
        assert (job.message_plan.message.template / "subject.txt").is_file()
        self._report = report
        self.drained = 0

    def drain(self) -> None:
        self.drained += 1

    def run(self) -> None:
        self._report(WorkerReport(settled={"sent": 1}))
        word = "left" if self.drained else "sent"
        self._report(WorkerReport(settled={word: 2}, trouble=self.trouble, last=True))


class Setting:
    """A ledger that has what `looks` gives, one look after the other, and the time of a clock that only rests move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks: list[OfferedRun | LedgerError | None] = []
        self.observed = Observed()
        self.now = 0.0
        self.stop = threading.Event()
        self.worker: type[FakeWorker] = type("Fake", (FakeWorker,), {})
        monkeypatch.setattr(module, "open_for_joining", self._open)
        monkeypatch.setattr(module, "Worker", lambda job, report: self.worker(job, report))

    @contextlib.contextmanager
    def _open(self, place: DatabasePlace, name: str) -> Iterator[object]:
        assert (place, name) == (PLACE, "small")
        look = self.looks.pop(0) if self.looks else None
        if isinstance(look, LedgerError):
            raise look
        yield look if look is not None else _Nothing()

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def work(self, **order: object) -> WorkEnd:
        given = WorkOrder(**{"name": "web-1", "wait": 5.0, "environ": ENVIRON, **order})  # type: ignore[arg-type]
        signals = ShutdownSignals(self.stop, own_process=False)
        return work(PLACE, given, self.observed, signals=signals, sleep=self._sleep, clock=lambda: self.now)


class _Nothing:
    def current(self) -> None:
        return None


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Setting:
    return Setting(monkeypatch)


@pytest.fixture
def run(tmp_path: Path) -> OfferedRun:
    return offered(SmallCampaign(tmp_path / "owner").people(2).plan(25))[1]


def test_it_waits_for_a_run_and_works_for_it(setting: Setting, run: OfferedRun) -> None:
    setting.looks = [None, None, run]
    ended = setting.work()
    assert setting.observed.told == [
        "waiting", "waiting", "joined web-1", "heard {'sent': 1}", "heard {'sent': 2}",
    ]  # fmt: skip
    assert (ended.joined, ended.settled, ended.exit_code) == (True, {"sent": 2}, 0)


def test_a_run_that_never_begins_is_waited_for_no_longer_than_it_was_told(setting: Setting) -> None:
    ended = setting.work()
    assert (ended.joined, ended.exit_code) == (False, 3)
    assert 5 <= setting.now < 6.5


def test_with_no_wait_it_looks_once(setting: Setting) -> None:
    assert setting.work(wait=0.0).exit_code == 3
    assert setting.observed.told == []


def test_a_ledger_that_can_not_be_reached_from_the_first_is_an_error_at_once(setting: Setting) -> None:
    setting.looks = [LedgerError("the database can't be reached")]
    with pytest.raises(LedgerError, match="can't be reached"):
        setting.work()


def test_one_that_goes_away_while_it_waits_is_tried_again(setting: Setting, run: OfferedRun) -> None:
    away = LedgerError("the database can't be reached")
    setting.looks = [None, away, away, run]
    assert setting.work().exit_code == 0
    assert setting.observed.told[:4] == ["waiting", "away", "away", "joined web-1"]
    setting.looks = [None, *[away] * 10]
    with pytest.raises(LedgerError):
        setting.work()


def test_a_bundle_that_is_damaged_is_no_ledger_that_is_away(setting: Setting, run: OfferedRun) -> None:
    run.files.clear()
    setting.looks = [None, run, run]
    with pytest.raises(LedgerError, match="it is gone"):
        setting.work()


def test_a_run_that_ends_while_it_is_being_joined_is_no_error(setting: Setting, run: OfferedRun) -> None:
    class Late(FakeWorker):
        def __init__(self, job: Job, report: Callable[[WorkerReport], None]) -> None:
            assert job.run == 1, "it has the orders of that one"
            raise RunEndedError("no run of this campaign goes on")

    setting.worker, setting.looks = Late, [run]
    assert setting.work().exit_code == 0
    assert not any(words.startswith("joined") for words in setting.observed.told)


def test_one_whose_bundle_goes_with_it_is_followed_by_the_next(setting: Setting, run: OfferedRun) -> None:
    gone = OfferedRun(run.bundle)
    gone.files.clear()
    setting.looks = [gone, None, run]
    assert setting.work().exit_code == 0
    assert "joined web-1" in setting.observed.told


def test_what_does_not_fit_is_an_error_and_nothing_begins(setting: Setting, run: OfferedRun) -> None:
    setting.looks = [run]
    with pytest.raises(SettingsError):
        setting.work(environ={})
    assert setting.observed.told == []


def test_asked_to_end_while_it_waits_it_ends_in_order(setting: Setting) -> None:
    setting.stop.set()
    ended = setting.work()
    assert (ended.joined, ended.stopped, ended.exit_code) == (False, True, 0)


def test_asked_to_end_while_it_works_it_drains(setting: Setting, run: OfferedRun) -> None:
    class Asked(FakeWorker):
        def run(self) -> None:
            setting.stop.set()
            super().run()

    setting.looks, setting.worker = [run], Asked
    ended = setting.work()
    assert setting.observed.told[-2:] == ["heard {'sent': 1}", "heard {'left': 2}"]
    assert "stopping" in setting.observed.told
    assert (ended.stopped, ended.exit_code) == (True, 0)


def test_trouble_is_exit_code_3(setting: Setting, run: OfferedRun) -> None:
    setting.looks = [run]
    setting.worker.trouble = StopReason(what="the server refuses us")
    ended = setting.work()
    assert ended.exit_code == 3 and ended.trouble == setting.worker.trouble


def test_without_a_folder_to_write_to_it_says_which(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container with a read-only file system."""
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    with pytest.raises(SettingsError, match="no folder to write the run's templates to") as raised:
        setting.work()
    assert "/tmp" in raised.value.fix


def test_what_it_has_written_out_is_gone_when_it_ends(
    setting: Setting, run: OfferedRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    setting.looks = [run]
    setting.work()
    assert not list(tmp_path.glob("campaign-work*"))

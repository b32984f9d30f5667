"""A worker's reports go to an owner elsewhere once a second, and nothing that is said once is lost between two."""

from dataclasses import replace

from campaign.worker.published_reports import PublishedReports
from campaign.worker.report_json import report_from_json
from campaign.worker.worker_report import Notice, StopReason, WorkerReport


class Heard:
    """What came out, on a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.published: list[WorkerReport] = []
        self.also: list[WorkerReport] = []
        self.reports = PublishedReports(
            lambda text: self.published.append(report_from_json(text)), also=self.also.append, clock=lambda: self.now
        )

    def hear(self, report: WorkerReport, *, after: float = 0.0) -> None:
        self.now += after
        self.reports.hear(report)


def _sent(number: int, **more: object) -> WorkerReport:
    return replace(WorkerReport(settled={"sent": number}), **more)  # type: ignore[arg-type]


def test_one_a_second_is_published_the_latest_and_all_are_heard_here() -> None:
    heard = Heard()
    for number in range(9):
        heard.hear(_sent(number), after=0.25)
    assert [one.settled["sent"] for one in heard.published] == [0, 4, 8]
    assert len(heard.also) == 9


def test_what_is_said_once_waits_for_the_next_and_is_not_said_again() -> None:
    heard = Heard()
    heard.hear(_sent(0))
    heard.hear(_sent(1, notices=(Notice("a"),)), after=0.25)
    heard.hear(_sent(2, notices=(Notice("b"),)), after=0.25)
    heard.hear(_sent(3), after=1)
    heard.hear(_sent(4), after=1)
    assert [one.notices for one in heard.published] == [(), (Notice("a"), Notice("b")), ()]


def test_trouble_goes_at_once_and_once() -> None:
    """The owner stops the others for it."""
    heard = Heard()
    heard.hear(_sent(0))
    trouble = StopReason(what="the server refuses us")
    heard.hear(_sent(1, trouble=trouble), after=0.25)
    heard.hear(_sent(2, trouble=trouble), after=0.25)
    assert [one.trouble for one in heard.published] == [None, trouble]


def test_the_last_one_goes_at_once_with_all_that_is_left_to_say() -> None:
    heard = Heard()
    heard.hear(_sent(0))
    heard.hear(_sent(1, notices=(Notice("a"),)), after=0.1)
    heard.hear(_sent(2, last=True), after=0.1)
    assert heard.published[-1] == _sent(2, notices=(Notice("a"),), last=True)

"""What an operator hears of throttling: when it begins, when it changes a good deal, and when it is over."""

from campaign.run.throttling import Throttle, Throttling
from campaign.worker.worker_report import Notice, ServerReport, WorkerReport

REPLY = "451 4.7.1 Slow down"


def slowed(rate: float | None, **known: object) -> WorkerReport:
    return WorkerReport(settled={}, rate=rate, slowed_by=REPLY, limit=5, **known)  # type: ignore[arg-type]


def words(throttling: Throttling, *reports: WorkerReport, now: float) -> list[str]:
    return [change.words() for change in throttling.changes(reports, now)]


def test_it_is_told_once_however_often_the_workers_report_it() -> None:
    throttling = Throttling("", 10)
    told = "the server asks to slow down (451 4.7.1 Slow down); now 40.0 messages a second"
    assert words(throttling, slowed(30.0), slowed(10.0), now=0.0) == [told]
    for second in range(1, 60):
        notice = Notice("the server asks to slow down", "rate")
        assert words(throttling, slowed(25.0 + second % 9, notices=(notice,)), slowed(10.0), now=float(second)) == []


def test_it_is_told_again_where_the_rate_is_another() -> None:
    throttling = Throttling("", 10)
    assert len(words(throttling, slowed(40.0), now=0.0)) == 1
    assert words(throttling, slowed(21.0), now=1.0) == []
    assert "now 20.0 messages" in words(throttling, slowed(20.0), now=2.0)[0]
    assert "now 41.0 messages" in words(throttling, slowed(41.0), now=3.0)[0]


def test_that_it_is_over_is_told_once_and_after_a_while() -> None:
    throttling = Throttling("", 10)
    words(throttling, slowed(40.0), now=0.0)
    free = slowed(None)
    assert words(throttling, free, now=1.0) == []
    assert words(throttling, slowed(39.0), now=2.0) == [], "it was not over"
    assert words(throttling, free, now=3.0) == []
    assert words(throttling, free, now=7.0) == ["the server takes mail at full speed again"]
    assert words(throttling, free, now=20.0) == []
    assert len(words(throttling, slowed(40.0), now=21.0)) == 1


def test_what_was_over_before_anybody_looked_is_told_without_a_rate() -> None:
    report = slowed(None, notices=(Notice("the server asks to slow down", "rate"),))
    assert words(Throttling("", 10), report, now=0.0) == ["the server asks to slow down (451 4.7.1 Slow down)"]


def few(limit: int, why: str = "421 Too many") -> WorkerReport:
    return WorkerReport(settled={}, limit=limit, fewer_by=why)


def test_fewer_connections_are_told_as_they_get_fewer_and_when_all_are_back() -> None:
    throttling = Throttling("", 10)
    assert words(throttling, few(5, ""), few(5, ""), now=0.0) == []
    told = "the server wants fewer connections (421 Too many); now at most"
    assert words(throttling, few(3), few(5, ""), now=1.0) == [f"{told} 8 connections"]
    assert words(throttling, few(3), few(5, ""), now=2.0) == []
    assert words(throttling, few(1), few(0), now=3.0) == [f"{told} 1 connection"]
    assert words(throttling, few(2), few(0), now=4.0) == [], "one more is tried: no news yet"
    assert words(throttling, few(5), few(5), now=5.0) == []
    assert words(throttling, few(5), few(5), now=9.0) == [
        "the server takes as many connections as before: 10 connections"
    ]


def test_a_change_says_what_a_program_wants_to_know() -> None:
    (change,) = Throttling("", 10).changes([slowed(12.5)], 0.0)
    assert change == Throttle(limit="rate", to=12.5, why=REPLY)


def test_of_several_servers_each_has_its_own() -> None:
    of_ses, of_own = Throttling("ses", 10), Throttling("own", 4)
    servers = {"ses": ServerReport(limit=10, rate=5.0, slowed_by=REPLY), "own": ServerReport(limit=4)}
    report = WorkerReport(settled={}, limit=14, servers=servers)
    assert words(of_own, report, now=0.0) == []
    told = "ses: the server asks to slow down (451 4.7.1 Slow down); now 5.0 messages a second"
    assert words(of_ses, report, now=0.0) == [told]

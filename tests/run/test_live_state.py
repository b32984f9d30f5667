"""How a run goes now, put together from reports: numbers over all workers, the rate of late, the last refusals."""

import os
from datetime import UTC, datetime

import pytest

from campaign.run.live_state import KnownServer, LiveState, RecentRate
from campaign.run_now import Refusal, RunNow, as_json, of_json
from campaign.window import SendWindow
from campaign.worker.worker_report import ServerReport, WorkerReport
from tests.run_nows import AT, run_now

WINDOW = SendWindow.resolve(
    opens=None, closes=datetime(2026, 11, 26, 20, tzinfo=UTC), lasts=None, timezone="UTC",
    now=datetime(2026, 11, 26, 19, tzinfo=UTC),
)  # fmt: skip


def refusal(row: int, at: float) -> Refusal:
    return Refusal(at=at, status="rejected", row=row, server="mx", code=550, enhanced="5.1.1", text="No")


def state() -> LiveState:
    return LiveState([KnownServer(name="", host="mx", connections=10)], wall_clock=lambda: AT)


def sending(reports: list[WorkerReport], seconds: float = 30.0) -> RunNow:
    return state().sending(WINDOW, reports, total=1000, seconds=seconds, stopping=False)


def test_the_workers_numbers_are_added_up() -> None:
    now = sending(
        [
            WorkerReport(settled={"sent": 5}, deferred=2, connections=3, limit=4, rate=10.0, next_try_at=AT + 9),
            WorkerReport(settled={"sent": 6, "failed": 1}, deferred=1, connections=4, limit=5, next_try_at=AT + 4),
        ]
    )
    assert now.settled == {"sent": 11, "failed": 1}
    assert (now.deferred, now.next_try_at, now.slowed_to) == (3, AT + 4, 10.0)
    assert (now.servers[0].connections, now.servers[0].limit, now.servers[0].most) == (7, 9, 10)
    assert (now.at, now.pid, now.started_at) == (AT, os.getpid(), AT - 30)
    assert now.window_closes_at == datetime(2026, 11, 26, 20, tzinfo=UTC).timestamp()


def test_the_last_five_refusals_of_all_workers_are_kept_in_order() -> None:
    first = tuple(refusal(row, AT + row) for row in range(0, 10, 2))
    second = tuple(refusal(row, AT + row) for row in range(1, 10, 2))
    reports = [WorkerReport(settled={}, refusals=first), WorkerReport(settled={}, refusals=second)]
    assert [one.row for one in sending(reports).refusals] == [5, 6, 7, 8, 9]


def test_what_a_server_said_is_only_shown_while_it_holds() -> None:
    report = WorkerReport(settled={}, limit=10, slowed_by="451 x", fewer_by="421 x")
    assert (sending([report]).servers[0].slowed_by, sending([report]).servers[0].fewer_by) == ("", "")
    report = WorkerReport(settled={}, limit=2, rate=3.0, slowed_by="451 x", fewer_by="421 x")
    assert (sending([report]).servers[0].slowed_by, sending([report]).servers[0].fewer_by) == ("451 x", "421 x")


def test_several_servers_are_told_apart() -> None:
    known = [KnownServer(name="ses", host="a", connections=10), KnownServer(name="own", host="b", connections=4)]
    reports = [
        WorkerReport(settled={}, servers={"ses": ServerReport(connections=2, limit=5, out="no session"), "own": own})
        for own in (ServerReport(connections=1, limit=2, rate=3.0, slowed_by="451"), ServerReport(limit=2, out="why"))
    ]
    now = LiveState(known, wall_clock=lambda: AT).sending(WINDOW, reports, total=9, seconds=3.0, stopping=False)
    ses, own = now.servers
    assert (ses.name, ses.connections, ses.limit, ses.out) == ("ses", 4, 10, "no session")
    assert (own.name, own.connections, own.limit, own.slowed_to, own.slowed_by) == ("own", 1, 4, 3.0, "451")
    assert own.out == "", "one worker uses it"
    assert now.slowed_to is None, "one is not throttled"


@pytest.mark.parametrize(
    ("held", "under_way", "waits"),
    [((AT + 60, AT + 90), 0, True), ((AT + 60, None), 0, False), ((AT + 60, AT + 90), 1, False), ((AT + 1,), 0, False)],
)
def test_it_waits_where_hours_or_limits_hold_back_all_that_is_left(
    held: tuple[float | None, ...], under_way: int, waits: bool
) -> None:
    now = sending([WorkerReport(settled={}, held_until=moment, under_way=under_way) for moment in held])
    assert (now.waits_until, bool(now.waits_for)) == ((AT + 60, True) if waits else (None, False))


def test_the_rate_is_that_of_the_last_seconds() -> None:
    recent = RecentRate()
    for second in range(1, 51):
        recent.add(float(second), second * 100)
    for second in range(51, 100):
        rate = recent.add(float(second), 5000 + (second - 50) * 10)
    assert rate == pytest.approx(10.0)
    assert recent.history[0] == pytest.approx(100.0)
    assert recent.history[-1] == pytest.approx(10.0)
    assert len(recent.history) == 19


def test_a_silence_is_seen_in_the_rate_and_its_end_is_spread_over_it() -> None:
    recent = RecentRate()
    recent.add(5.0, 50)
    recent.add(25.0, 50 + 200)
    assert recent.history == (10.0, 10.0, 10.0, 10.0, 10.0)


def test_minutes_are_remembered_and_no_hours() -> None:
    recent = RecentRate()
    for second in range(0, 7200, 2):
        recent.add(float(second), second)
    assert len(recent.history) == 60


@pytest.mark.parametrize("now", [run_now(), RunNow(at=AT, pid=1, phase="waiting", waits_for="the window opens")])
def test_it_can_be_written_down_and_read_back(now: RunNow) -> None:
    assert of_json(as_json(now)) == now


def test_how_long_the_rest_takes() -> None:
    assert run_now(total=3000, settled={"sent": 1000}, rate=20.0).seconds_left == 100.0
    assert run_now(rate=0.0).seconds_left is None
    assert run_now(total=5, settled={"sent": 5}).seconds_left is None

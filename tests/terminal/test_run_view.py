"""What `status` shows of a run: moments on the campaign's clock, and a highest rate that is one."""

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from campaign.run_now import Refusal, RunNow
from campaign.terminal.run_view import RunView, run_lines

PRESENT = datetime(2026, 11, 26, 20, 15, 30, tzinfo=UTC).timestamp()
NEW_YORK = ZoneInfo("America/New_York")
REFUSED = Refusal(
    at=PRESENT - 3, status="rejected", row=39, server="relay", code=550, enhanced="5.1.1", text="No such user here"
)
NOW = RunNow(
    at=PRESENT,
    pid=1,
    phase="sending",
    started_at=PRESENT - 10,
    total=100,
    rate=9.6,
    rates=(9.2, 4.0),
    window_closes_at=PRESENT + 8 * 3600,
    refusals=(REFUSED,),
)


def test_moments_are_on_the_clock_of_the_campaign_and_say_so() -> None:
    plain = "\n".join(run_lines(NOW, PRESENT, NEW_YORK))
    live = "\n".join(RunView("autumn", io.StringIO(), zone=NEW_YORK, wall_clock=lambda: PRESENT).lines(NOW, {}, 100))
    for said in (plain, live):
        assert "the window closes 23:15:30 EST, in 8 h" in said
        assert "15:15:27  row 39" in said


def test_a_day_that_is_another_one_is_named_by_the_same_clock() -> None:
    far = RunNow(at=PRESENT, pid=1, phase="waiting", waits_for="its hours begin", waits_until=PRESENT + 30 * 3600)
    assert "waits until its hours begin 2026-11-27 21:15:30 EST, in 1 d 6 h" in run_lines(far, PRESENT, NEW_YORK)


def test_the_highest_rate_is_never_below_the_present_one() -> None:
    assert "rate: 9.6/s, at most 9.6/s in the last 10 s" in run_lines(NOW, PRESENT, NEW_YORK)

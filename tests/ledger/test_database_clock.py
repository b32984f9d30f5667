"""The database's clock: its bounds hold whatever the way to it does, and are narrow where one answer was quick."""

from hypothesis import given
from hypothesis import strategies as st

from campaign.ledger.postgres.database_clock import DatabaseClock

WAYS = st.lists(st.tuples(st.floats(0, 5), st.floats(0, 0.3), st.floats(0, 0.3)), min_size=1, max_size=20)
AWAY = 1_700_000_000.0
"""By how much the database's clock is ahead of this machine's monotonic one."""


@given(WAYS)
def test_bounds_hold_whatever_the_way_does(ways: list[tuple[float, float, float]]) -> None:
    """A moment of the database's is never called reached before it is, nor may it be reached before that is said."""
    clock, now = DatabaseClock(), 100.0
    for pause, there, back in ways:
        sent = now + pause
        now = sent + there + back
        clock.heard(sent, sent + there + AWAY, now)
        moment = now + 1.0
        assert clock.perhaps_reached(moment + AWAY) - 1e-6 <= moment <= clock.surely_reached(moment + AWAY) + 1e-6


def test_one_quick_answer_narrows_all_that_follow() -> None:
    clock = DatabaseClock()
    clock.heard(10.0, 10.001 + AWAY, 10.002)
    clock.heard(11.0, 11.2 + AWAY, 11.4)
    assert clock.unsure < 0.003


def test_a_clock_that_was_set_counts_as_it_is_now() -> None:
    clock = DatabaseClock()
    clock.heard(10.0, 10.001 + AWAY, 10.002)
    clock.heard(11.0, 8.001 + AWAY, 11.002)
    assert clock.perhaps_reached(9.0 + AWAY) - 1e-6 <= 12.0 <= clock.surely_reached(9.0 + AWAY) + 1e-6
    assert clock.unsure < 0.003

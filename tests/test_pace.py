"""The rate: what it lets through, how it falls, how it climbs. The clock is the test's own."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.pace import Pace


def run(pace: Pace, start: float, seconds: float, step: float = 0.001) -> int:
    """How many messages begin in so many seconds, by somebody who would like to begin one in every step."""
    begun = 0
    for tick in range(int(seconds / step)):
        begun += pace.take(start + tick * step)
    return begun


def test_no_rate_no_limit() -> None:
    pace = Pace(None, now=0.0)
    assert pace.rate is None and not pace.at_floor
    assert all(pace.take(0.0) for _ in range(10_000))
    assert pace.wait(0.0) == 0.0


@pytest.mark.parametrize("rate", [0.5, 1.0, 7.3, 50.0, 400.0])
def test_the_rate_is_kept(rate: float) -> None:
    begun = run(Pace(rate, now=0.0), 0.0, 20.0)
    assert rate * 20 * 0.97 - 1 <= begun <= rate * 20 + max(1.0, rate / 10)


@settings(max_examples=60)
@given(st.floats(0.2, 500), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_burst_exceeds_a_tenth_of_a_second(rate: float, gaps: list[float]) -> None:
    """Between any two moments, no more than the rate allows and what the bucket holds."""
    pace, now = Pace(rate, now=0.0), 0.0
    moments: list[float] = []
    for gap in gaps:
        now += gap
        while pace.take(now):
            moments.append(now)
            assert len(moments) < 100_000
    for first in range(len(moments)):
        for last in range(first, len(moments), 7):
            count, seconds = last - first + 1, moments[last] - moments[first]
            assert count <= rate * seconds + max(1.0, rate / 10) + 1e-6


@pytest.mark.parametrize("rate", [0.5, 20.0])
def test_wait_says_when(rate: float) -> None:
    pace, now = Pace(rate, now=0.0), 0.0
    while pace.take(now):
        pass
    wait = pace.wait(now)
    assert 0 < wait <= 1 / rate
    assert not pace.take(now + wait * 0.9)
    assert pace.take(now + wait + 1e-9)


class TestSlowingDown:
    def test_by_half(self) -> None:
        pace = Pace(80.0, now=0.0)
        assert pace.slow_down(10.0)
        assert pace.rate == 40.0
        assert run(pace, 10.0, 1.0) <= 40

    def test_from_what_was_really_sent_where_no_rate_is_set(self) -> None:
        pace = Pace(None, now=0.0)
        for tick in range(300):
            pace.take(tick / 100)
        assert pace.slow_down(3.0)
        assert pace.rate == pytest.approx(50.0)

    def test_many_connections_hear_the_same(self) -> None:
        pace = Pace(80.0, now=0.0)
        assert [pace.slow_down(10.0 + tick / 100) for tick in range(150)] == [True] + [False] * 149
        assert pace.rate == 40.0

    def test_again_and_again_down_to_the_floor(self) -> None:
        pace = Pace(80.0, now=0.0)
        assert all(pace.slow_down(10.0 + 2 * number) for number in range(10))
        assert pace.rate == 0.1 and pace.at_floor
        assert not pace.slow_down(100.0), "there is nothing to tell any more"
        assert run(pace, 100.0, 30.0, 0.01) in (3, 4)

    def test_a_rate_below_the_floor_stays(self) -> None:
        pace = Pace(0.05, now=0.0)
        assert not pace.slow_down(10.0)
        assert pace.rate == 0.05 and not pace.at_floor

    def test_its_seconds_can_be_short(self) -> None:
        pace = Pace(None, now=0.0, second=0.01)
        for tick in range(100):
            pace.take(tick / 10_000)
        assert pace.slow_down(0.01) and not pace.slow_down(0.02)
        assert pace.slow_down(0.031)
        for number in range(20):
            pace.slow_down(1.0 + number)
        assert pace.rate == 10.0 and pace.at_floor


class TestClimbing:
    def test_back_to_where_it_was(self) -> None:
        pace = Pace(80.0, now=0.0)
        pace.slow_down(10.0)
        run(pace, 10.0, 1.9)
        assert pace.rate == 40.0, "not at once"
        rates = []
        for second in range(12, 24):
            run(pace, float(second), 1.0, 0.005)
            rates.append(pace.rate or 0.0)
        assert rates == sorted(rates)
        assert rates[0] == pytest.approx(40 * 1.1**2) and rates[-1] == 80.0, "a tenth for each quiet second"
        assert all(later <= earlier * 1.1 + 1e-9 for earlier, later in itertools.pairwise(rates))

    def test_never_above_what_is_set(self) -> None:
        pace = Pace(5.0, now=0.0)
        pace.slow_down(1.0)
        run(pace, 1.0, 100.0, 0.01)
        assert pace.rate == 5.0

    def test_silence_proves_nothing(self) -> None:
        """While nothing is sent, nobody could have complained."""
        pace = Pace(80.0, now=0.0)
        pace.slow_down(10.0)
        pace.wait(1_000_000.0)
        assert pace.rate == 40.0
        pace.take(1_000_000.0)
        pace.wait(2_000_000.0)
        assert pace.rate == pytest.approx(44.0)

    def test_without_a_set_rate_it_is_free_again_in_the_end(self) -> None:
        pace = Pace(None, now=0.0)
        pace.slow_down(1.0)
        now, begun = 1.0, 0
        while pace.rate is not None:
            now += 0.05
            for _ in range(20_000):
                if not pace.take(now):
                    break
                begun += 1
            assert now < 300
        assert pace.wait(now) == 0.0 and begun > 0

    def test_it_finds_what_a_server_takes(self) -> None:
        """A server that takes 30 a second: after a while, most of what is sent is what it takes."""
        pace = Pace(200.0, now=0.0)
        now, allowed, taken, complained = 0.0, 1.0, 0, 0
        for tick in range(60_000):
            now = tick / 1000
            allowed = min(30.0, allowed + 0.03)
            if pace.take(now):
                if allowed >= 1.0:
                    allowed -= 1.0
                    taken += now > 20
                else:
                    complained += now > 20
                    pace.slow_down(now)
        assert taken >= 0.6 * 30 * 40
        assert complained <= 0.05 * taken


@settings(max_examples=100)
@given(
    st.one_of(st.none(), st.floats(0.01, 1000)),
    st.lists(st.tuples(st.sampled_from(["take", "wait", "slow"]), st.floats(0, 10_000)), max_size=60),
)
def test_whatever_happens_the_figures_make_sense(rate: float | None, events: list[tuple[str, float]]) -> None:
    pace, now = Pace(rate, now=0.0), 0.0
    for what, gap in events:
        now += gap
        if what == "take":
            pace.take(now)
        elif what == "slow":
            pace.slow_down(now)
        wait = pace.wait(now)
        assert 0.0 <= wait <= 2 / min(0.1, rate or 0.1)
        assert pace.rate is None or 0 < pace.rate < 1e7
        assert rate is None or (pace.rate is not None and pace.rate <= rate)

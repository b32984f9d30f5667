"""The rate: what it lets through, how it falls, how it climbs. The clock is the test's own."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.worker.send_rate import SendRate


def run(send_rate: SendRate, start: float, seconds: float, step: float = 0.001) -> int:
    """How many messages begin in so many seconds, by somebody who would like to begin one in every step."""
    begun = 0
    for tick in range(int(seconds / step)):
        begun += send_rate.take(start + tick * step)
    return begun


def test_no_rate_no_limit() -> None:
    send_rate = SendRate(None, now=0.0)
    assert send_rate.rate is None and not send_rate.at_floor
    assert all(send_rate.take(0.0) for _ in range(10_000))
    assert send_rate.wait(0.0) == 0.0


@pytest.mark.parametrize("rate", [0.5, 1.0, 7.3, 50.0, 400.0])
def test_the_rate_is_kept(rate: float) -> None:
    begun = run(SendRate(rate, now=0.0), 0.0, 20.0)
    assert rate * 20 * 0.97 - 1 <= begun <= rate * 20 + max(1.0, rate / 10)


@settings(max_examples=60)
@given(st.floats(0.2, 500), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_burst_exceeds_a_tenth_of_a_second(rate: float, gaps: list[float]) -> None:
    """Between any two moments, no more than the rate allows and what the bucket holds."""
    send_rate, now = SendRate(rate, now=0.0), 0.0
    moments: list[float] = []
    for gap in gaps:
        now += gap
        while send_rate.take(now):
            moments.append(now)
            assert len(moments) < 100_000
    for first in range(len(moments)):
        for last in range(first, len(moments), 7):
            count, seconds = last - first + 1, moments[last] - moments[first]
            assert count <= rate * seconds + max(1.0, rate / 10) + 1e-6


@pytest.mark.parametrize("rate", [0.5, 20.0])
def test_wait_says_when(rate: float) -> None:
    send_rate, now = SendRate(rate, now=0.0), 0.0
    while send_rate.take(now):
        pass
    wait = send_rate.wait(now)
    assert 0 < wait <= 1 / rate
    assert not send_rate.take(now + wait * 0.9)
    assert send_rate.take(now + wait + 1e-9)


def took(send_rate: SendRate, start: float, seconds: float, step: float = 0.001) -> int:
    """The same, and the server takes every message."""
    begun = 0
    for tick in range(int(seconds / step)):
        if send_rate.take(start + tick * step):
            begun += 1
            send_rate.got_through()
    return begun


class TestSlowingDown:
    def test_to_a_little_less_than_what_the_server_takes(self) -> None:
        send_rate = SendRate(400.0, now=0.0)
        server = Bucket(150.0)
        for tick in range(8000):
            if send_rate.take(tick / 1000) and server(tick / 1000):
                send_rate.got_through()
        assert send_rate.slow_down(8.0)
        assert send_rate.rate == pytest.approx(135.0, rel=0.1)

    def test_to_a_quarter_where_it_takes_nothing(self) -> None:
        send_rate = SendRate(80.0, now=0.0)
        assert send_rate.slow_down(10.0)
        assert send_rate.rate == 20.0
        assert run(send_rate, 10.0, 1.0) <= 20

    def test_from_what_was_really_taken_where_no_rate_is_set(self) -> None:
        send_rate = SendRate(None, now=0.0)
        took(send_rate, 0.0, 3.0, 0.01)
        assert send_rate.slow_down(3.0)
        assert send_rate.rate == pytest.approx(90.0, rel=0.05)

    def test_many_connections_hear_the_same(self) -> None:
        send_rate = SendRate(80.0, now=0.0)
        took(send_rate, 0.0, 3.0)
        assert send_rate.slow_down(3.0)
        for tick in range(150):
            send_rate.got_through()
            assert not send_rate.slow_down(3.0 + tick / 100)

    def test_a_server_that_takes_nothing_at_all_is_heard_sooner(self) -> None:
        send_rate = SendRate(80.0, now=0.0)
        assert [send_rate.slow_down(10.0), send_rate.slow_down(10.4), send_rate.slow_down(10.5)] == [True, False, True]
        assert send_rate.rate == 5.0

    def test_again_and_again_down_to_the_floor(self) -> None:
        send_rate = SendRate(80.0, now=0.0)
        assert all(send_rate.slow_down(10.0 + 2 * number) for number in range(5))
        assert send_rate.rate == 0.25 and send_rate.at_floor
        assert not send_rate.slow_down(100.0), "there is nothing to tell any more"
        assert send_rate.wait(100.0) <= 4.0, "and it goes on asking"

    def test_a_rate_below_the_floor_stays(self) -> None:
        send_rate = SendRate(0.05, now=0.0)
        assert not send_rate.slow_down(10.0)
        assert send_rate.rate == 0.05 and not send_rate.at_floor

    def test_its_seconds_can_be_short(self) -> None:
        send_rate = SendRate(None, now=0.0, second=0.01)
        took(send_rate, 0.0, 0.01, 0.0001)
        assert send_rate.slow_down(0.01) and not send_rate.slow_down(0.014)
        assert send_rate.slow_down(0.031)
        for number in range(20):
            send_rate.slow_down(1.0 + number)
        assert send_rate.rate == 25.0 and send_rate.at_floor


class TestClimbing:
    def test_it_hurries_back_to_what_the_server_takes(self) -> None:
        send_rate = SendRate(None, now=0.0)
        took(send_rate, 0.0, 3.0, 0.005)  # 200 a second
        assert send_rate.slow_down(3.0)
        for number in range(4):
            send_rate.slow_down(5.0 + 2 * number)
        assert (send_rate.rate or 0.0) < 1.0
        before = send_rate.rate or 0.0
        took(send_rate, 11.0, 1.9)
        assert send_rate.rate == before, "not at once"
        took(send_rate, 13.0, 11.0)
        assert 150.0 < (send_rate.rate or 0.0) < 300.0

    def test_near_the_limit_it_feels_its_way(self) -> None:
        send_rate = SendRate(None, now=0.0)
        took(send_rate, 0.0, 3.0, 0.01)
        send_rate.slow_down(3.0)
        rates = []
        for second in range(5, 12):
            took(send_rate, float(second), 1.0)
            rates.append(send_rate.rate or 0.0)
        assert rates == sorted(rates)
        assert all(later <= earlier * 1.05 for earlier, later in itertools.pairwise(rates))

    def test_what_was_known_of_it_does_not_hold_for_ever(self) -> None:
        send_rate = SendRate(None, now=0.0)
        took(send_rate, 0.0, 3.0, 0.1)
        send_rate.slow_down(3.0)
        took(send_rate, 3.0, 60.0, 0.0005)
        assert send_rate.rate is None or send_rate.rate > 500

    def test_never_above_what_is_set(self) -> None:
        send_rate = SendRate(5.0, now=0.0)
        send_rate.slow_down(1.0)
        run(send_rate, 1.0, 100.0, 0.01)
        assert send_rate.rate == 5.0

    def test_silence_proves_nothing(self) -> None:
        """While nothing is sent, nobody could have complained."""
        send_rate = SendRate(80.0, now=0.0)
        send_rate.slow_down(10.0)
        send_rate.wait(1_000_000.0)
        assert send_rate.rate == 20.0
        send_rate.take(1_000_000.0)
        send_rate.wait(2_000_000.0)
        assert send_rate.rate == 40.0

    def test_without_a_set_rate_it_is_free_again_in_the_end(self) -> None:
        send_rate = SendRate(None, now=0.0)
        send_rate.slow_down(1.0)
        now, begun = 1.0, 0
        while send_rate.rate is not None:
            now += 0.05
            for _ in range(20_000):
                if not send_rate.take(now):
                    break
                begun += 1
            assert now < 60
        assert send_rate.wait(now) == 0.0 and begun > 0


class Relay:
    """A server, and a client with ten connections and a round trip of 20 ms, in time of the test's own: rows that are
    put off come again after 1, 2, 4 … seconds, at most 30.
    """

    def __init__(self, accepts: Callable[[float], bool]) -> None:
        self.accepts = accepts
        self.refused = 0
        self.taken: Counter[int] = Counter()
        """Messages by the second in which the server took them."""

    def send(self, rows: int) -> float:
        """Seconds until all of them are sent."""
        send_rate, now, free = SendRate(None, now=0.0), 0.0, 10
        flight: list[tuple[float, int]] = []
        waiting: list[tuple[float, int]] = []
        fresh, times = iter(range(rows)), Counter[int]()
        while self.taken.total() < rows:
            assert now < 1000
            while flight and flight[0][0] <= now:
                row = heapq.heappop(flight)[1]
                free += 1
                if self.accepts(now):
                    self.taken[int(now)] += 1
                    send_rate.got_through()
                else:
                    self.refused += 1
                    send_rate.slow_down(now)
                    heapq.heappush(waiting, (now + min(2 ** times[row], 30), row))
                    times[row] += 1
            while free and send_rate.wait(now) <= 0:
                due = heapq.heappop(waiting)[1] if waiting and waiting[0][0] <= now else next(fresh, None)
                if due is None:
                    break
                send_rate.take(now)
                free -= 1
                heapq.heappush(flight, (now + 0.02, due))
            now += 0.002
        return now


class Bucket:
    """Takes so many a second."""

    def __init__(self, rate: float) -> None:
        self.rate = self.tokens = rate
        self.filled = 0.0

    def __call__(self, now: float) -> bool:
        self.tokens = min(self.rate, self.tokens + (now - self.filled) * self.rate)
        self.filled = now
        taken = self.tokens >= 1.0
        self.tokens -= taken
        return taken


@pytest.mark.parametrize("limit", [20, 100, 400])
def test_against_a_limit_it_takes_hardly_longer_than_it_must(limit: int) -> None:
    relay = Relay(Bucket(limit))
    assert relay.send(limit * 40) <= 1.1 * 40
    assert relay.refused <= 0.04 * limit * 40


@pytest.mark.parametrize("begins", [0.0, 5.0])
def test_a_server_that_took_nothing_for_a_while_gets_full_speed_soon_after(begins: float) -> None:
    relay = Relay(lambda now: not begins <= now < begins + 20)
    relay.send(15_000)
    full = min(second for second in relay.taken if second >= begins + 20 and relay.taken[second] >= 450)
    assert full <= begins + 20 + 25
    assert relay.refused <= 400


@settings(max_examples=100)
@given(
    st.one_of(st.none(), st.floats(0.01, 1000)),
    st.lists(st.tuples(st.sampled_from(["take", "wait", "slow"]), st.floats(0, 10_000)), max_size=60),
)
def test_whatever_happens_the_figures_make_sense(rate: float | None, events: list[tuple[str, float]]) -> None:
    send_rate, now = SendRate(rate, now=0.0), 0.0
    for what, gap in events:
        now += gap
        if what == "take":
            send_rate.take(now)
        elif what == "slow":
            send_rate.slow_down(now)
        wait = send_rate.wait(now)
        assert 0.0 <= wait <= 2 / min(0.1, rate or 0.1)
        assert send_rate.rate is None or 0 < send_rate.rate < 1e7
        assert rate is None or (send_rate.rate is not None and send_rate.rate <= rate)

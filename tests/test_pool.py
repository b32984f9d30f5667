"""Many connections, one thread: every parcel that is taken gets exactly one word, and the right one."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from campaign.model import Parcel, Phase, Reply
from campaign.smtp.connect import Server, Session, connect
from campaign.smtp.lifetime import Lifetime
from campaign.smtp.pipelining import Pipelining, PipeliningTrials
from campaign.smtp.pool import Pool
from campaign.smtp.server_memory import PrivateMemory
from campaign.smtp.session_error import SessionError
from tests.clocks import LeapingClock
from tests.conftest import StartServer
from tests.parcels import parcel
from tests.smtp_server import CATALOGUE, Action, FaultServer, local_part, nth_connection

BIG = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n"
BIG += (b"y" * 70 + b"\r\n") * 200_000
"""14 MB: far more than two kernels' buffers hold."""


class Porter:
    """A courier that hands out parcels once, and keeps every word about them."""

    def __init__(self, parcels: Iterable[Parcel], *, holding: bool = False) -> None:
        self.waiting = deque(parcels)
        self.holding = holding
        self.taken: Counter[int] = Counter()
        self.words: dict[int, list[str]] = {}
        self.served: list[bool] = []
        self.aged: set[int] = set()
        self.doubted: list[int] = []
        self.refused: list[tuple[str, int]] = []
        self.sessions = 0
        self.wait = 0.0

    def take(self, session: Session) -> Parcel | None:
        if not self.waiting:
            return None
        given = self.waiting.popleft()
        self.taken[given.contact] += 1
        return given

    def may_leave(self, parcel: Parcel) -> bool:
        return not self.holding

    def answered(self, parcel: Parcel, phase: Phase, reply: Reply, *, served: bool) -> bool:
        self.served.append(served)
        self._word(parcel, f"{phase} {reply.code}")
        return False

    def untouched(self, parcel: Parcel, why: str) -> None:
        self._word(parcel, "untouched")

    def has_aged(self, parcel: Parcel) -> bool:
        return parcel.contact in self.aged

    def doubt(self, parcel: Parcel, why: str) -> None:
        assert why
        self.doubted.append(parcel.contact)

    def unknown(self, parcel: Parcel, why: str) -> None:
        assert why
        self._word(parcel, "unknown")

    def opened(self, session: Session) -> None:
        self.sessions += 1

    def not_opened(self, error: SessionError, *, others: int) -> float:
        self.refused.append((error.what, others))
        return self.wait

    def _word(self, parcel: Parcel, word: str) -> None:
        words = self.words.setdefault(parcel.contact, [])
        words.append(word)
        assert len(words) <= self.taken[parcel.contact], f"{parcel.contact}: {words}"

    @property
    def settled(self) -> bool:
        return not self.waiting and all(len(self.words.get(one, ())) == count for one, count in self.taken.items())

    def last_words(self) -> Counter[str]:
        return Counter(words[-1] for words in self.words.values())


class Clock:
    """Moves on by itself by the smallest step, and by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


def pool_to(server: FaultServer, porter: Porter, **given: Any) -> Pool:
    to = Server(host=server.host, port=server.port, security="none", timeout=60.0)
    options: dict[str, Any] = {
        "connect": lambda: connect(to),
        "courier": porter,
        "limit": 1,
        "timeout": 60.0,
        "lifetime": Lifetime(messages=1000, seconds=1000.0),
        "trials": trials(),
        "clock": LeapingClock(server),
    }
    return Pool(**options | given)


def trials(mode: Pipelining = "auto") -> PipeliningTrials:
    return PipeliningTrials(mode, PrivateMemory(), time.monotonic)


def work(pool: Pool, until: Callable[[], bool], *, wanted: int = 100, seconds: float = 60.0) -> None:
    """Steps, with as many connections as may be, until it is true."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it never came to it"
        pool.open(wanted)
        pool.feed()
        pool.step(0.02)


def deliver(server: FaultServer, porter: Porter, **given: Any) -> Porter:
    pool = pool_to(server, porter, **given)
    try:
        work(pool, lambda: porter.settled)
        pool.rest()
    finally:
        pool.close()
    return porter


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("limit", [1, 5])
class TestDelivering:
    def test_everybody_once(self, smtp_server: StartServer, pipelining: bool, limit: int) -> None:
        server = smtp_server(pipelining=pipelining)
        porter = deliver(server, Porter(parcel(number) for number in range(50)), limit=limit)
        assert porter.last_words() == {"body 250": 50}
        assert set(server.count_by_recipient().values()) == {1} and len(server.accepted) == 50
        assert 1 <= porter.sessions <= len(server.connections) <= limit
        server.wait_until(lambda: all(one.fate == "quit" for one in server.connections if one.accepted))
        assert [one.data for one in server.accepted] == [parcel().message.data] * 50

    def test_a_refusal_is_one_row_s(self, smtp_server: StartServer, pipelining: bool, limit: int) -> None:
        server = smtp_server(CATALOGUE["rcpt_5xx"](match=local_part("p7")), pipelining=pipelining)
        porter = deliver(server, Porter(parcel(number) for number in range(10)), limit=limit)
        assert porter.words[7] == ["RCPT 550"]
        assert porter.last_words() == {"body 250": 9, "RCPT 550": 1}

    def test_renewed_after_some_messages(self, smtp_server: StartServer, pipelining: bool, limit: int) -> None:
        server = smtp_server(pipelining=pipelining)
        porter = Porter(parcel(number) for number in range(30))
        deliver(server, porter, limit=limit, lifetime=Lifetime(messages=4, seconds=1000.0))
        assert porter.last_words() == {"body 250": 30}
        assert max(one.accepted for one in server.connections) == 4
        server.wait_until(lambda: all(one.fate == "quit" for one in server.connections if one.accepted))

    def test_nothing_is_lost_when_a_connection_is(self, smtp_server: StartServer, pipelining: bool, limit: int) -> None:
        server = smtp_server(
            CATALOGUE["body_cut"](match=local_part("p3")),
            CATALOGUE["rcpt_reset"](match=local_part("p5")),
            pipelining=pipelining,
        )
        porter = deliver(server, Porter(parcel(number) for number in range(10)), limit=limit)
        assert porter.words[3] == ["unknown"] and porter.words[5] == ["untouched"]
        for number, words in porter.words.items():
            accepted = server.count_by_recipient()[f"p{number}@people.example"]
            assert (words[-1] == "body 250") == (accepted == 1)


def test_the_next_envelope_goes_with_the_body(smtp_server: StartServer) -> None:
    """One round trip a message: RFC 2920."""
    server = smtp_server()
    deliver(server, Porter(parcel(number) for number in range(5)))
    reads = [[command[:4] for command in read] for read in server.connections[0].reads]
    assert reads[2:6] == [[b".", b"MAIL", b"RCPT", b"DATA"]] * 4


def test_it_knows_whether_the_connection_had_served(smtp_server: StartServer) -> None:
    server = smtp_server(messages_per_connection=2)
    porter = deliver(server, Porter(parcel(number) for number in range(3)))
    assert porter.words[2] == ["MAIL 421"]
    assert porter.served == [False, True, True]


class TestHolding:
    def test_no_body_leaves_before_it_may(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        porter = Porter([parcel(1), parcel(2)], holding=True)
        pool = pool_to(server, porter)
        work(pool, lambda: server.record.commands["DATA"] == 1)
        for _ in range(5):
            pool.step(0.01)
            pool.release()
        assert pool.occupied and not server.accepted
        porter.holding = False
        pool.release()
        work(pool, lambda: porter.settled)
        assert porter.last_words() == {"body 250": 2}
        pool.close()

    def test_silence_is_our_own_while_it_waits(self, smtp_server: StartServer) -> None:
        server, clock = smtp_server(), Clock()
        porter = Porter([parcel(1)], holding=True)
        pool = pool_to(server, porter, clock=clock)
        work(pool, lambda: server.record.commands["DATA"] == 1)
        pool.step(0.05)
        clock.ahead += 3600
        pool.step(0.05)
        assert not porter.words
        pool.close()

    def test_what_was_called_back_is_untouched(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        porter = Porter([parcel(1)], holding=True)
        pool = pool_to(server, porter)
        work(pool, lambda: server.record.commands["DATA"] == 1)
        pool.recall()
        assert porter.words == {1: ["untouched"]} and not pool.occupied
        pool.close()
        assert not server.accepted


class TestDying:
    """The end of the body is the line between untouched and unknown."""

    @pytest.mark.parametrize("name", ["body_cut_inside", "body_reset_inside", "body_stall_inside"])
    def test_in_the_middle_of_a_large_body(self, smtp_server: StartServer, name: str) -> None:
        server = smtp_server(CATALOGUE[name](after_bytes=100_000, times=1))
        porter = deliver(server, Porter([parcel(1, BIG), parcel(2)]))
        if name == "body_cut_inside":  # it reads on, and throws away what it reads
            assert porter.words[1] in (["untouched"], ["unknown"])
        else:
            assert porter.words[1] == ["untouched"]

    @pytest.mark.parametrize("name", ["body_cut", "body_reset", "body_hang", "body_accepted_cut", "body_354"])
    def test_after_the_body(self, smtp_server: StartServer, name: str) -> None:
        server = smtp_server(CATALOGUE[name](times=1))
        porter = deliver(server, Porter([parcel(1), parcel(2)]))
        assert porter.words[1] == ["unknown"]

    @pytest.mark.parametrize("pipelining", [True, False])
    @pytest.mark.parametrize("name", ["body_421", "body_421_open"])
    def test_421_for_a_message_is_an_answer(self, smtp_server: StartServer, name: str, pipelining: bool) -> None:
        server = smtp_server(CATALOGUE[name](times=1), pipelining=pipelining)
        porter = deliver(server, Porter([parcel(1), parcel(2)]))
        assert porter.words[1] == ["body 421"]

    def test_421_and_silence_is_an_answer(self, smtp_server: StartServer) -> None:
        silence = {"reply": b"421 4.3.2 Closing\r\n", "times": 1}
        server = smtp_server(CATALOGUE["body_hang"](**silence))
        porter = deliver(server, Porter([parcel(1), parcel(2)]))
        assert porter.words == {1: ["body 421"], 2: ["untouched"]}

    @pytest.mark.parametrize("pipelining", [True, False])
    def test_421_ahead_of_the_real_answer_is_none(self, smtp_server: StartServer, pipelining: bool) -> None:
        server = smtp_server(CATALOGUE["body_extra_421_before"](times=1), pipelining=pipelining)
        porter = deliver(server, Porter([parcel(1), parcel(2)]))
        assert porter.words[1] == ["unknown"] and server.accepted[0].recipients == ("p1@people.example",)

    @pytest.mark.parametrize("name", ["mail_cut", "rcpt_hang", "data_reset", "rcpt_malformed_letters"])
    def test_before_the_body(self, smtp_server: StartServer, name: str) -> None:
        server = smtp_server(CATALOGUE[name](times=1))
        porter = deliver(server, Porter([parcel(1), parcel(2)]))
        assert porter.words == {1: ["untouched"], 2: ["body 250"]}

    def test_a_refusal_before_the_body_has_left_is_heard(self, smtp_server: StartServer) -> None:
        refusal = {"reply": b"552 5.3.4 Too big\r\n", "after_bytes": 100_000, "times": 1}
        server = smtp_server(CATALOGUE["body_4xx_inside_cut"](**refusal))
        porter = deliver(server, Porter([parcel(1, BIG), parcel(2)]))
        assert porter.words == {1: ["body 552"], 2: ["untouched"]}

    def test_a_yes_before_the_body_has_left_is_not_meant(self, smtp_server: StartServer) -> None:
        # It reads no further: the body's end can't leave before the reply has been heard.
        yes = {"reply": b"250 2.0.0 Ok\r\n", "after_bytes": 100_000, "times": 1, "action": Action.STALL}
        server = smtp_server(CATALOGUE["body_4xx_inside_cut"](**yes))
        porter = deliver(server, Porter([parcel(1, BIG), parcel(2)]))
        assert porter.words == {1: ["untouched"], 2: ["untouched"]}
        assert not server.accepted

    def test_an_idle_connection_that_dies_concerns_nobody(self) -> None:
        porter = Porter([parcel(1)])
        with FaultServer() as server:
            pool = pool_to(server, porter)
            work(pool, lambda: porter.settled and bool(pool.idle))
        work(pool, lambda: not pool.connections, wanted=0)
        assert porter.words == {1: ["body 250"]}
        pool.close()


class TestOpening:
    def test_one_scout_before_the_crowd(self) -> None:
        """A wrong password is tried once, not ten times at once."""
        under_way, most, attempts = 0, 0, 0
        lock = threading.Lock()

        def fail() -> Session:
            nonlocal under_way, most, attempts
            with lock:
                under_way += 1
                attempts += 1
                most = max(most, under_way)
            time.sleep(0.002)
            with lock:
                under_way -= 1
            raise SessionError("no", phase=Phase.AUTH)

        porter = Porter([parcel(1)])
        pool = Pool(
            connect=fail, courier=porter, limit=10, timeout=1, lifetime=Lifetime(messages=1, seconds=1),
            trials=trials(), clock=time.monotonic,
        )  # fmt: skip
        work(pool, lambda: attempts >= 5)
        assert most == 1
        pool.close()

    def test_it_waits_as_long_as_it_is_told(self) -> None:
        clock, attempts = Clock(), []

        def fail() -> Session:
            attempts.append(clock())
            raise SessionError("no", phase=Phase.CONNECT)

        porter = Porter([parcel(1)])
        porter.wait = 60.0
        pool = Pool(
            connect=fail, courier=porter, limit=10, timeout=1, lifetime=Lifetime(messages=1, seconds=1),
            trials=trials(), clock=clock,
        )  # fmt: skip
        work(pool, lambda: len(porter.refused) == 1)
        for _ in range(5):
            pool.open(10)
            pool.step(0.01)
        assert len(attempts) == 1
        clock.ahead += 60
        work(pool, lambda: len(porter.refused) == 2)
        pool.close()

    def test_it_says_how_many_others_there_are(self, smtp_server: StartServer) -> None:
        server = smtp_server(max_connections=3)
        porter = Porter([parcel(number) for number in range(5)], holding=True)
        pool = pool_to(server, porter, limit=10)
        work(pool, lambda: porter.sessions == 3 and min((others for _, others in porter.refused), default=9) == 3)
        porter.holding = False
        pool.release()
        work(pool, lambda: porter.settled)
        assert porter.last_words() == {"body 250": 5}
        pool.close()

    def test_never_more_than_the_limit(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        porter = Porter(parcel(number) for number in range(40))
        pool = pool_to(server, porter, limit=4)
        seen: list[int] = []
        work(pool, lambda: seen.append(pool.connections) or porter.settled)  # type: ignore[func-returns-value]
        assert max(seen) == 4
        pool.limit = 2
        pool.feed()
        assert pool.connections == 2
        pool.close()

    def test_what_is_no_session_error_is_not_swallowed(self) -> None:
        def fail() -> Session:
            raise RuntimeError("a fault of ours")

        pool = Pool(
            connect=fail, courier=Porter([parcel(1)]), limit=1, timeout=1, lifetime=Lifetime(messages=1, seconds=1),
            trials=trials(), clock=time.monotonic,
        )  # fmt: skip
        with pytest.raises(RuntimeError, match="ours"):
            work(pool, lambda: False)
        pool.close()

    def test_a_session_that_comes_too_late_is_hung_up_on(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        to, gate, done = Server(host=server.host, port=server.port, security="none"), threading.Event(), []

        def slowly() -> Session:
            gate.wait(60)
            session = connect(to)
            done.append(session)
            return session

        pool = pool_to(server, Porter([parcel(1)]), connect=slowly)
        pool.open(1)
        pool.close()
        gate.set()
        server.wait_until(lambda: any(one.fate == "quit" for one in server.connections))
        assert done and not server.accepted


class TestAge:
    def test_an_old_connection_is_renewed(self, smtp_server: StartServer) -> None:
        server, clock = smtp_server(), Clock()
        porter = Porter([parcel(1)])
        pool = pool_to(server, porter, clock=clock, lifetime=Lifetime(messages=1000, seconds=600))
        work(pool, lambda: porter.settled and bool(pool.idle))
        clock.ahead += 599
        pool.step(0.0)
        assert pool.connections == 1
        clock.ahead += 2
        pool.step(0.0)
        assert pool.connections == 0
        porter.waiting.append(parcel(2))
        work(pool, lambda: porter.settled)
        assert len(server.connections) == 2
        pool.close()

    def test_another_thread_ends_its_sleep(self, smtp_server: StartServer) -> None:
        pool = pool_to(smtp_server(), Porter([]))
        threading.Timer(0.02, pool.waker.wake).start()
        start = time.monotonic()
        pool.step(60.0)
        assert time.monotonic() - start < 50
        pool.close()
        pool.waker.wake()  # too late, and no harm

    def test_connections_are_handed_out_by_connection(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["mail_hang"](match=nth_connection(1)))
        porter = deliver(server, Porter(parcel(number) for number in range(6)), limit=2)
        assert porter.last_words() == {"untouched": 1, "body 250": 5}

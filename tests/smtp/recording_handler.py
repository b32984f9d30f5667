"""A delivery handler that records what it is told of its attempts, and a pool that it can be given to."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from campaign.model import Attempt, Phase, Reply
from campaign.smtp.chunking.trials import ChunkingTrials
from campaign.smtp.connection_lifetime import ConnectionLifetime
from campaign.smtp.dsn import DsnUses
from campaign.smtp.event_loop import EventLoop
from campaign.smtp.pipelining.server_memory import PrivateMemory
from campaign.smtp.pipelining.trials import Pipelining, PipeliningTrials
from campaign.smtp.pool import Pool
from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from campaign.smtp.streaming_pool import StreamingPool
from tests.clocks import LeapingClock
from tests.smtp_server import FaultServer


class RecordingHandler:
    """Hands out each attempt once, and records what it is told of it."""

    def __init__(self, attempts: Iterable[Attempt], *, holding: bool = False) -> None:
        self.waiting = deque(attempts)
        self.holding = holding
        self.taken: Counter[int] = Counter()
        self.words: dict[int, list[str]] = {}
        self.served: list[bool] = []
        self.aged: set[int] = set()
        self.doubted: list[int] = []
        self.deaths = 0
        """Connections that left something unknown."""
        self.refused: list[tuple[str, int]] = []
        self.sessions = 0
        self.wait = 0.0

    def next_attempt(self, session: Session) -> Attempt | None:
        if not self.waiting:
            return None
        given = self.waiting.popleft()
        self.taken[given.contact] += 1
        return given

    def may_send_body(self, attempt: Attempt) -> bool:
        return not self.holding

    def reply_received(self, attempt: Attempt, phase: Phase, reply: Reply, *, served: bool) -> bool:
        self.served.append(served)
        self._word(attempt, f"{phase} {reply.code}")
        return False

    def not_sent(self, attempt: Attempt, why: str) -> None:
        self._word(attempt, "not_sent")

    def link_too_old(self, attempt: Attempt) -> bool:
        return attempt.contact in self.aged

    def deferral_doubted(self, attempt: Attempt, why: str) -> None:
        assert why
        self.doubted.append(attempt.contact)

    def outcome_unknown(self, attempt: Attempt, why: str, *, behind_others: bool = False) -> None:
        assert why
        self.deaths += not behind_others
        self._word(attempt, "unknown")

    def session_opened(self, session: Session) -> None:
        self.sessions += 1

    def session_failed(self, error: SessionError, *, others: int) -> float:
        self.refused.append((error.what, others))
        return self.wait

    def _word(self, attempt: Attempt, word: str) -> None:
        words = self.words.setdefault(attempt.contact, [])
        words.append(word)
        assert len(words) <= self.taken[attempt.contact], f"{attempt.contact}: {words}"

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


class LonePool(Pool):
    """A pool with a loop of its own, and nobody else on it."""

    def __init__(self, **given: Any) -> None:
        loop = EventLoop()
        super().__init__(loop=loop, **given)
        self.waker = loop.waker

    def run_once(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for something to happen, and deal with it."""
        self._loop.run_once(self.shortened(timeout))
        self.attend()

    def close(self) -> None:
        super().close()
        self._loop.close()


class LoneStreamingPool(LonePool, StreamingPool):
    """The same, of whole messages."""


def pool_to(server: FaultServer, handler: RecordingHandler, *, in_flight: int = 1, **given: Any) -> LonePool:
    to = Server(host=server.host, port=server.port, security="none", timeout=60.0)
    options: dict[str, Any] = {
        "connect": lambda: connect(to),
        "handler": handler,
        "limit": 1,
        "timeout": 60.0,
        "lifetime": ConnectionLifetime(messages=1000, seconds=1000.0),
        "trials": trials(),
        "dsn": DsnUses(),
        "clock": LeapingClock(server),
    }
    if in_flight > 1 and "chunking" not in given:
        given["chunking"] = ChunkingTrials(
            in_flight, PrivateMemory(), time.monotonic, sender="b@acme.example", told=print
        )
    return (LonePool if "chunking" not in given else LoneStreamingPool)(**options | given)


def trials(mode: Pipelining = "auto") -> PipeliningTrials:
    return PipeliningTrials(mode, PrivateMemory(), time.monotonic)


def work(pool: LonePool, until: Callable[[], bool], *, wanted: int = 100, seconds: float = 60.0) -> None:
    """Steps, with as many connections as may be, until it is true."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it never came to it"
        pool.open(wanted)
        pool.fill_idle()
        pool.run_once(0.02)


def deliver(server: FaultServer, handler: RecordingHandler, **given: Any) -> RecordingHandler:
    pool = pool_to(server, handler, **given)
    try:
        work(pool, lambda: handler.settled)
        pool.close_idle()
    finally:
        pool.close()
    return handler

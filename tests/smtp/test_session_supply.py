"""New sessions: one at a time until the first has come, never more than the limit, and renewed in time."""

import threading
import time

import pytest

from campaign.model import Phase
from campaign.smtp.connection_lifetime import ConnectionLifetime
from campaign.smtp.dsn import DsnUses
from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from tests.attempts import attempt
from tests.conftest import StartServer
from tests.smtp.recording_handler import Clock, LonePool, RecordingHandler, deliver, pool_to, trials, work
from tests.smtp_server import CATALOGUE, nth_connection


class TestOpening:
    def test_sessions_are_opened_one_at_a_time_until_one_has_come(self) -> None:
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

        handler = RecordingHandler([attempt(1)])
        pool = LonePool(
            connect=fail, handler=handler, limit=10, timeout=1, lifetime=ConnectionLifetime(messages=1, seconds=1),
            trials=trials(), dsn=DsnUses(), clock=time.monotonic,
        )  # fmt: skip
        work(pool, lambda: attempts >= 5)
        assert most == 1
        pool.close()

    def test_after_a_failure_the_next_session_waits_as_long_as_the_handler_says(self) -> None:
        clock, attempts = Clock(), []

        def fail() -> Session:
            attempts.append(clock())
            raise SessionError("no", phase=Phase.CONNECT)

        handler = RecordingHandler([attempt(1)])
        handler.wait = 60.0
        pool = LonePool(
            connect=fail, handler=handler, limit=10, timeout=1, lifetime=ConnectionLifetime(messages=1, seconds=1),
            trials=trials(), dsn=DsnUses(), clock=clock,
        )  # fmt: skip
        work(pool, lambda: len(handler.refused) == 1)
        for _ in range(5):
            pool.open(10)
            pool.run_once(0.01)
        assert len(attempts) == 1
        clock.ahead += 60
        work(pool, lambda: len(handler.refused) == 2)
        pool.close()

    def test_a_failure_is_told_with_how_many_others_there_are(self, smtp_server: StartServer) -> None:
        server = smtp_server(max_connections=3)
        handler = RecordingHandler([attempt(number) for number in range(5)], holding=True)
        pool = pool_to(server, handler, limit=10)
        work(pool, lambda: handler.sessions == 3 and min((others for _, others in handler.refused), default=9) == 3)
        handler.holding = False
        pool.resume_held()
        work(pool, lambda: handler.settled)
        assert handler.last_words() == {"body 250": 5}
        pool.close()

    def test_never_more_than_the_limit(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        handler = RecordingHandler((attempt(number) for number in range(40)), holding=True)
        pool = pool_to(server, handler, limit=4)
        work(pool, lambda: handler.sessions == 4)  # each has a message that may not leave yet
        handler.holding = False
        pool.resume_held()
        seen: list[int] = []
        work(pool, lambda: seen.append(pool.connections) or handler.settled)  # type: ignore[func-returns-value]
        assert max(seen) == 4
        pool.limit = 2
        pool.fill_idle()
        assert pool.connections == 2
        pool.close()

    def test_what_is_no_session_error_is_not_swallowed(self) -> None:
        def fail() -> Session:
            raise RuntimeError("a fault of ours")

        pool = LonePool(
            connect=fail, handler=RecordingHandler([attempt(1)]), limit=1, timeout=1,
            lifetime=ConnectionLifetime(messages=1, seconds=1), trials=trials(), dsn=DsnUses(), clock=time.monotonic,
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

        pool = pool_to(server, RecordingHandler([attempt(1)]), connect=slowly)
        pool.open(1)
        pool.close()
        gate.set()
        server.wait_until(lambda: any(one.action == "quit" for one in server.connections))
        assert done and not server.accepted


class TestRenewal:
    def test_an_old_connection_is_renewed(self, smtp_server: StartServer) -> None:
        server, clock = smtp_server(), Clock()
        handler = RecordingHandler([attempt(1)])
        pool = pool_to(server, handler, clock=clock, lifetime=ConnectionLifetime(messages=1000, seconds=600))
        work(pool, lambda: handler.settled and bool(pool.idle))
        clock.ahead += 599
        pool.run_once(0.0)
        assert pool.connections == 1
        clock.ahead += 2
        pool.run_once(0.0)
        assert pool.connections == 0
        handler.waiting.append(attempt(2))
        work(pool, lambda: handler.settled)
        assert len(server.connections) == 2
        pool.close()

    def test_another_thread_can_wake_the_loop(self, smtp_server: StartServer) -> None:
        pool = pool_to(smtp_server(), RecordingHandler([]))
        threading.Timer(0.02, pool.waker.wake).start()
        start = time.monotonic()
        pool.run_once(60.0)
        assert time.monotonic() - start < 50
        pool.close()
        pool.waker.wake()  # too late, and no harm

    def test_connections_are_handed_out_by_connection(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["mail_hang"](match=nth_connection(1)))
        handler = deliver(server, RecordingHandler(attempt(number) for number in range(6)), limit=2)
        assert handler.last_words() == {"not_sent": 1, "body 250": 5}

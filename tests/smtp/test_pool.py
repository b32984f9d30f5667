"""The pool: everybody gets one message, over connections that come, are renewed, and end."""

import pytest

from campaign.smtp.connection_lifetime import ConnectionLifetime
from tests.attempts import attempt
from tests.conftest import StartServer
from tests.smtp.recording_handler import Clock, RecordingHandler, deliver, pool_to, work
from tests.smtp_server import CATALOGUE, local_part


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("limit", [1, 5])
class TestDelivering:
    def test_everybody_is_mailed_once(self, smtp_server: StartServer, pipelining: bool, limit: int) -> None:
        server = smtp_server(pipelining=pipelining)
        handler = deliver(server, RecordingHandler(attempt(number) for number in range(50)), limit=limit)
        assert handler.last_words() == {"body 250": 50}
        assert set(server.count_by_recipient().values()) == {1} and len(server.accepted) == 50
        assert 1 <= handler.sessions <= len(server.connections) <= limit
        server.wait_until(lambda: all(one.action == "quit" for one in server.connections if one.accepted))
        assert [one.data for one in server.accepted] == [attempt().message.data] * 50

    def test_a_refusal_is_one_rows_own(self, smtp_server: StartServer, pipelining: bool, limit: int) -> None:
        server = smtp_server(CATALOGUE["rcpt_5xx"](match=local_part("p7")), pipelining=pipelining)
        handler = deliver(server, RecordingHandler(attempt(number) for number in range(10)), limit=limit)
        assert handler.words[7] == ["RCPT 550"]
        assert handler.last_words() == {"body 250": 9, "RCPT 550": 1}

    def test_a_connection_is_renewed_after_so_many_messages(
        self, smtp_server: StartServer, pipelining: bool, limit: int
    ) -> None:
        server = smtp_server(pipelining=pipelining)
        handler = RecordingHandler(attempt(number) for number in range(30))
        deliver(server, handler, limit=limit, lifetime=ConnectionLifetime(messages=4, seconds=1000.0))
        assert handler.last_words() == {"body 250": 30}
        assert max(one.accepted for one in server.connections) == 4
        server.wait_until(lambda: all(one.action == "quit" for one in server.connections if one.accepted))

    def test_nothing_is_lost_when_a_connection_is(self, smtp_server: StartServer, pipelining: bool, limit: int) -> None:
        server = smtp_server(
            CATALOGUE["body_cut"](match=local_part("p3")),
            CATALOGUE["rcpt_reset"](match=local_part("p5")),
            pipelining=pipelining,
        )
        handler = deliver(server, RecordingHandler(attempt(number) for number in range(10)), limit=limit)
        assert handler.words[3] == ["unknown"] and handler.words[5] == ["not_sent"]
        for number, words in handler.words.items():
            accepted = server.count_by_recipient()[f"p{number}@people.example"]
            assert (words[-1] == "body 250") == (accepted == 1)


def test_the_next_envelope_goes_with_the_body(smtp_server: StartServer) -> None:
    """One round trip a message: RFC 2920."""
    server = smtp_server()
    deliver(server, RecordingHandler(attempt(number) for number in range(5)))
    reads = [[command[:4] for command in read] for read in server.connections[0].reads]
    assert reads[2:6] == [[b".", b"MAIL", b"RCPT", b"DATA"]] * 4


def test_an_answer_tells_whether_the_connection_had_served(smtp_server: StartServer) -> None:
    server = smtp_server(messages_per_connection=2)
    handler = deliver(server, RecordingHandler(attempt(number) for number in range(3)))
    assert handler.words[2] == ["MAIL 421"]
    assert handler.served == [False, True, True]


class TestHeldBodies:
    def test_no_body_leaves_before_the_handler_lets_it(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        handler = RecordingHandler([attempt(1), attempt(2)], holding=True)
        pool = pool_to(server, handler)
        work(pool, lambda: server.record.commands["DATA"] == 1)
        for _ in range(5):
            pool.run_once(0.01)
            pool.resume_held()
        assert pool.busy and not server.accepted
        handler.holding = False
        pool.resume_held()
        work(pool, lambda: handler.settled)
        assert handler.last_words() == {"body 250": 2}
        pool.close()

    def test_silence_is_our_own_while_it_waits(self, smtp_server: StartServer) -> None:
        server, clock = smtp_server(), Clock()
        handler = RecordingHandler([attempt(1)], holding=True)
        pool = pool_to(server, handler, clock=clock)
        work(pool, lambda: server.record.commands["DATA"] == 1)
        pool.run_once(0.05)
        clock.ahead += 3600
        pool.run_once(0.05)
        assert not handler.words
        pool.close()

    def test_cancelled_attempts_are_not_sent(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        handler = RecordingHandler([attempt(1)], holding=True)
        pool = pool_to(server, handler)
        work(pool, lambda: server.record.commands["DATA"] == 1)
        pool.cancel_unsent()
        assert handler.words == {1: ["not_sent"]} and not pool.busy
        pool.close()
        assert not server.accepted

    def test_only_those_that_are_chosen_are_cancelled(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        handler = RecordingHandler([attempt(1), attempt(2)], holding=True)
        pool = pool_to(server, handler, limit=2)
        work(pool, lambda: server.record.commands["DATA"] == 2)
        pool.cancel_unsent(lambda one: one.contact == 2)
        assert handler.words == {2: ["not_sent"]}
        assert pool.busy == 1
        handler.holding = False
        pool.resume_held()
        work(pool, lambda: handler.words.get(1) == ["body 250"])
        pool.close()
        assert len(server.accepted) == 1


@pytest.mark.parametrize("pipelining", [True, False])
def test_where_fewer_may_be_open_the_idle_are_closed_and_the_busy_end_after_their_message(
    smtp_server: StartServer, pipelining: bool
) -> None:
    server = smtp_server(pipelining=pipelining)
    handler = RecordingHandler(attempt(number) for number in range(4))
    pool = pool_to(server, handler, limit=4)
    try:
        work(pool, lambda: handler.settled and pool.idle == 4)
        before = {id(one): one.accepted for one in server.connections}
        pool.limit = 3
        pool.close_excess()
        assert (pool.connections, pool.in_use) == (3, 3)
        handler.waiting.extend(attempt(number) for number in range(4, 40))
        pool.fill_idle()
        pool.limit = 1
        pool.close_excess()
        assert pool.connections == 3, "nobody hangs up in the middle of a message"
        work(pool, lambda: handler.settled)
        assert pool.connections == 1
        pool.close_idle()
    finally:
        pool.close()
    assert handler.last_words() == {"body 250": 40}
    assert sorted(one.accepted - before[id(one)] for one in server.connections) == [0, 1, 1, 34]

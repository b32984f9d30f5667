"""Connections that carry several whole messages at a time: from the first probe to the last word of every message."""

import time

import pytest

from campaign.smtp.chunking.trials import ChunkingTrials
from campaign.smtp.connection_lifetime import ConnectionLifetime
from campaign.smtp.pipelining.server_memory import PrivateMemory
from tests.attempts import attempt
from tests.conftest import StartServer
from tests.smtp.recording_handler import Clock, RecordingHandler, deliver, pool_to, work
from tests.smtp_server import CATALOGUE, FaultServer, address, nth_message

DEEP = 8


def handler_of(count: int) -> RecordingHandler:
    return RecordingHandler(attempt(number) for number in range(1, count + 1))


def proven() -> ChunkingTrials:
    """A server that has passed."""

    class Known(PrivateMemory):
        def look_up(self, server: str, ability: str) -> bool | None:
            return True

    return ChunkingTrials(DEEP, Known(), time.monotonic, sender="b@acme.example", told=print)


def most_at_once(server: FaultServer) -> int:
    """How many chunks came in one read at most."""
    return max(sum(c.startswith(b"BDAT") for c in read) for one in server.connections for read in one.reads)


class TestTheWay:
    def test_first_the_probe_then_a_trial_and_then_several_in_flight(self, smtp_server: StartServer) -> None:
        server = smtp_server(chunking=True, allow_defects=True)
        handler = deliver(server, handler_of(60), in_flight=DEEP)
        assert handler.last_words() == {"body 250": 60}
        probe, *others = server.connections
        assert not probe.accepted and sum(one.accepted for one in others) == 60
        assert all(message.chunked for message in server.accepted)
        assert most_at_once(server) > 2

    @pytest.mark.parametrize("offers", [{"chunking": False}, {"chunking": True, "pipelining": False}])
    def test_what_is_not_offered_is_not_used(self, smtp_server: StartServer, offers: dict[str, bool]) -> None:
        server = smtp_server(**offers)
        assert deliver(server, handler_of(9), in_flight=DEEP).last_words() == {"body 250": 9}
        assert not any(command.startswith(b"BDAT") for one in server.connections for command in one.commands)

    def test_an_unsound_server_gets_no_message_that_way(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["body_chunk_spilled"](), chunking=True, allow_defects=True)
        assert deliver(server, handler_of(9), in_flight=DEEP).last_words() == {"body 250": 9}
        assert not any(message.chunked for message in server.accepted)

    def test_a_server_that_falls_silent_at_the_probe_is_asked_once(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["body_chunk_refused_hang"](), chunking=True, allow_defects=True)
        handler = deliver(server, handler_of(9), in_flight=DEEP)
        assert handler.last_words() == {"body 250": 9} and not handler.refused
        assert sum(b"BDAT 6 LAST" in one.commands for one in server.connections) == 1

    def test_a_sender_who_is_refused_is_named_in_one_probe(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["mail_5xx"](), chunking=True, allow_defects=True)
        handler = deliver(server, handler_of(3), in_flight=DEEP)
        assert handler.last_words() == {"MAIL 550": 3} and server.record.commands["MAIL"] == 2 + 3


class TestLifetime:
    @pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
    def test_no_connection_carries_more_messages_than_it_may(self, smtp_server: StartServer, most: int) -> None:
        server = smtp_server(chunking=True)
        lifetime = ConnectionLifetime(messages=most, seconds=1000.0)
        handler = deliver(server, handler_of(30), chunking=proven(), lifetime=lifetime, limit=2)
        assert handler.last_words() == {"body 250": 30}
        assert max(one.accepted for one in server.connections) <= most

    def test_no_more_is_claimed_than_its_connections_can_carry(self, smtp_server: StartServer) -> None:
        server = smtp_server(chunking=True)
        handler = deliver(
            server, handler_of(30), chunking=proven(), lifetime=ConnectionLifetime(messages=5, seconds=1e3)
        )
        assert max(handler.taken.values()) == 1, "none was given back"

    def test_a_server_that_ends_each_connection_after_as_many_brings_few_into_doubt(
        self, smtp_server: StartServer
    ) -> None:
        server = smtp_server(chunking=True, messages_per_connection=10)
        handler = deliver(server, handler_of(80), chunking=proven())
        words = handler.last_words()
        assert words["MAIL 421"] == 2 and 0 < words["unknown"] < DEEP + DEEP // 2
        assert words["body 250"] == 80 - 2 - words["unknown"] - words["not_sent"] > 60
        assert max(one.accepted for one in server.connections[2:]) == 9


class TestIdle:
    def test_a_connection_is_busy_while_a_message_is_on_its_way_again(self, smtp_server: StartServer) -> None:
        server, handler = smtp_server(chunking=True), handler_of(2)
        pool = pool_to(server, handler, chunking=proven())
        work(pool, lambda: handler.settled and bool(pool.idle))
        handler.waiting.append(attempt(3))
        pool.fill_idle()
        assert (pool.busy, pool.idle) == (1, 0)
        work(pool, lambda: handler.settled and bool(pool.idle))
        pool.close()

    def test_what_waits_for_its_claim_keeps_a_connection_busy(self, smtp_server: StartServer) -> None:
        server, handler = smtp_server(chunking=True), handler_of(2)
        handler.holding = True
        pool = pool_to(server, handler, chunking=proven())
        work(pool, lambda: pool.holds_bodies)
        assert pool.busy == 1 and not server.record.commands["MAIL"]
        pool.cancel_unsent(lambda one: one.contact == 1)
        assert handler.words == {1: ["not_sent"]} and pool.holds_bodies
        pool.cancel_waiting()
        assert handler.words[2] == ["not_sent"] and not pool.holds_bodies
        pool.close()

    def test_at_most_twice_as_many_are_claimed_as_may_be_in_flight(self, smtp_server: StartServer) -> None:
        server, handler = smtp_server(chunking=True), handler_of(100)
        handler.holding = True
        pool = pool_to(server, handler, chunking=proven(), limit=3)
        work(pool, lambda: pool.connections == 3 and pool.holds_bodies)
        pool.run_once(0.0)
        assert handler.taken.total() <= 2 * 3, "the first goes alone on each"
        handler.holding = False
        work(pool, lambda: handler.settled)
        pool.close()

    def test_with_no_connection_left_to_it_everything_is_given_back(self, smtp_server: StartServer) -> None:
        server, handler = smtp_server(chunking=True), handler_of(40)
        pool = pool_to(server, handler, chunking=proven(), limit=2)
        work(pool, lambda: handler.last_words()["body 250"] >= 10)
        pool.limit = 0
        work(pool, lambda: not pool.in_use, wanted=0)
        assert set(handler.last_words()) <= {"body 250", "not_sent"}
        assert handler.taken.total() == handler.last_words().total()
        pool.close()


class TestTheEnd:
    def test_old_links_do_not_leave(self, smtp_server: StartServer) -> None:
        server, handler = smtp_server(chunking=True), handler_of(3)
        handler.aged = {2}
        assert deliver(server, handler, chunking=proven()).words[2] == ["not_sent"]

    def test_silence_counts_from_the_oldest_message_in_flight(self, smtp_server: StartServer) -> None:
        server, clock = smtp_server(CATALOGUE["body_hang"](match=nth_message(3)), chunking=True), Clock()
        handler = handler_of(3)
        pool = pool_to(server, handler, chunking=proven(), clock=clock)
        work(pool, lambda: any(one.silent for one in server.connections))
        pool.run_once(0.05)  # what it had said before
        clock.ahead += 590
        handler.waiting.append(attempt(4))
        pool.run_once(0.05)
        assert handler.taken[4] == 1 and 3 not in handler.words
        clock.ahead += 15
        work(pool, lambda: 3 in handler.words)
        assert handler.words[3] == ["unknown"] and handler.words[4] == ["unknown"]
        pool.close()

    def test_a_first_421_is_a_session_that_carried_nothing(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["mail_421"](times=1), chunking=True)
        handler = handler_of(1)
        pool = pool_to(server, handler, chunking=proven())
        work(pool, lambda: bool(handler.refused))
        assert handler.words == {1: ["MAIL 421"]}
        pool.close()

    def test_a_server_that_is_out_of_step_once_is_not_used_so_any_more(self, smtp_server: StartServer) -> None:
        victim = CATALOGUE["body_unanswered"](match=address("p20@people.example"))
        server = smtp_server(victim, chunking=True, allow_defects=True)
        handler = deliver(server, handler_of(200), chunking=proven(), limit=3)
        words = handler.last_words()
        assert words.total() == 200 and 0 < words["unknown"] <= DEEP
        assert max(server.count_by_recipient().values()) == 1
        assert all(
            words[-1] != "not_sent"
            for number, words in handler.words.items()
            if f"p{number}@people.example" in server.count_by_recipient()
        )
        assert not all(message.chunked for message in server.accepted)

    def test_closing_leaves_nothing_untold(self, smtp_server: StartServer) -> None:
        server, handler = smtp_server(CATALOGUE["body_hang"](), chunking=True), handler_of(5)
        pool = pool_to(server, handler, chunking=proven())
        work(pool, lambda: server.record.commands["BDAT"] == 1)
        pool.close()
        assert handler.words[1] == ["unknown"] and handler.taken.total() == handler.last_words().total()

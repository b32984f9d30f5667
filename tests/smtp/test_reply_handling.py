"""Replies, and connections that die, as the handler is told of them: a reply, not_sent, or outcome unknown."""

import pytest

from tests.attempts import attempt
from tests.conftest import StartServer
from tests.smtp.recording_handler import RecordingHandler, deliver, pool_to, work
from tests.smtp_server import CATALOGUE, Action, FaultServer

BIG = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n"
BIG += (b"y" * 70 + b"\r\n") * 200_000
"""14 MB: far more than two kernels' buffers hold."""


class TestLostConnection:
    """The end of the body is the line between not_sent and unknown."""

    @pytest.mark.parametrize("name", ["body_cut_inside", "body_reset_inside", "body_stall_inside"])
    def test_lost_inside_a_large_body_it_is_not_sent(self, smtp_server: StartServer, name: str) -> None:
        server = smtp_server(CATALOGUE[name](after_bytes=100_000, times=1))
        handler = deliver(server, RecordingHandler([attempt(1, BIG), attempt(2)]))
        if name == "body_cut_inside":  # it reads on, and throws away what it reads
            assert handler.words[1] in (["not_sent"], ["unknown"])
        else:
            assert handler.words[1] == ["not_sent"]

    @pytest.mark.parametrize("name", ["body_cut", "body_reset", "body_hang", "body_accepted_cut", "body_354"])
    def test_lost_after_the_body_its_outcome_is_unknown(self, smtp_server: StartServer, name: str) -> None:
        server = smtp_server(CATALOGUE[name](times=1))
        handler = deliver(server, RecordingHandler([attempt(1), attempt(2)]))
        assert handler.words[1] == ["unknown"]

    @pytest.mark.parametrize("pipelining", [True, False])
    @pytest.mark.parametrize("name", ["body_421", "body_421_open"])
    def test_421_to_a_body_is_its_final_reply(self, smtp_server: StartServer, name: str, pipelining: bool) -> None:
        server = smtp_server(CATALOGUE[name](times=1), pipelining=pipelining)
        handler = deliver(server, RecordingHandler([attempt(1), attempt(2)]))
        assert handler.words[1] == ["body 421"]

    def test_421_and_then_silence_is_the_final_reply(self, smtp_server: StartServer) -> None:
        silence = {"reply": b"421 4.3.2 Closing\r\n", "times": 1}
        server = smtp_server(CATALOGUE["body_hang"](**silence))
        handler = deliver(server, RecordingHandler([attempt(1), attempt(2)]))
        assert handler.words == {1: ["body 421"], 2: ["not_sent"]}

    @pytest.mark.parametrize("pipelining", [True, False])
    def test_421_ahead_of_the_real_reply_leaves_the_outcome_unknown(
        self, smtp_server: StartServer, pipelining: bool
    ) -> None:
        server = smtp_server(CATALOGUE["body_extra_421_before"](times=1), pipelining=pipelining)
        handler = deliver(server, RecordingHandler([attempt(1), attempt(2)]))
        assert handler.words[1] == ["unknown"] and server.accepted[0].recipients == ("p1@people.example",)

    @pytest.mark.parametrize("name", ["mail_cut", "rcpt_hang", "data_reset", "rcpt_malformed_letters"])
    def test_lost_before_the_body_it_is_not_sent(self, smtp_server: StartServer, name: str) -> None:
        server = smtp_server(CATALOGUE[name](times=1))
        handler = deliver(server, RecordingHandler([attempt(1), attempt(2)]))
        assert handler.words == {1: ["not_sent"], 2: ["body 250"]}

    def test_a_refusal_before_the_body_has_left_counts(self, smtp_server: StartServer) -> None:
        refusal = {"reply": b"552 5.3.4 Too big\r\n", "after_bytes": 100_000, "times": 1}
        server = smtp_server(CATALOGUE["body_4xx_inside_cut"](**refusal))
        handler = deliver(server, RecordingHandler([attempt(1, BIG), attempt(2)]))
        assert handler.words == {1: ["body 552"], 2: ["not_sent"]}

    def test_an_acceptance_before_the_body_has_left_does_not_count(self, smtp_server: StartServer) -> None:
        # It reads no further: the body's end can't leave before the reply has been heard.
        yes = {"reply": b"250 2.0.0 Ok\r\n", "after_bytes": 100_000, "times": 1, "action": Action.STALL}
        server = smtp_server(CATALOGUE["body_4xx_inside_cut"](**yes))
        handler = deliver(server, RecordingHandler([attempt(1, BIG), attempt(2)]))
        assert handler.words == {1: ["not_sent"], 2: ["not_sent"]}
        assert not server.accepted

    def test_an_idle_connection_that_dies_concerns_no_attempt(self) -> None:
        handler = RecordingHandler([attempt(1)])
        with FaultServer() as server:
            pool = pool_to(server, handler)
            work(pool, lambda: handler.settled and bool(pool.idle))
        work(pool, lambda: not pool.connections, wanted=0)
        assert handler.words == {1: ["body 250"]}
        pool.close()

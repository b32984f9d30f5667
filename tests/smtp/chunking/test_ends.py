"""Several whole messages in flight on a connection that dies: in doubt is who may have left whole, and nobody else."""

import socket
from typing import Any

import pytest

from campaign.model import Attempt, Phase
from campaign.smtp.chunking.trials import ChunkingTrials
from campaign.smtp.pipelining.server_memory import PrivateMemory
from campaign.smtp.session.connect import connect
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from tests.attempts import BODY, attempt
from tests.clocks import LeapingClock
from tests.conftest import StartServer
from tests.smtp.recording_handler import LonePool, RecordingHandler, pool_to, work
from tests.smtp_server import CATALOGUE, Action, FaultServer, Misbehaviour, address

IN_FLIGHT, PEOPLE, VICTIM = 8, 60, 25
LARGE = 1_000_000
"""Octets: far more than the sockets hold, a server that hangs up reads on the way, and we send before we look."""


def stream_to(server: FaultServer, handler: RecordingHandler, **given: Any) -> LonePool:
    """One connection at a time, whose socket takes little at once."""

    def narrow() -> Session:
        session = connect(Server(host=server.host, port=server.port, security="none", timeout=60.0))
        session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        return session

    clock = LeapingClock(server)
    chunking = ChunkingTrials(IN_FLIGHT, PrivateMemory(), clock, sender="hello@acme.example", told=print)
    return pool_to(server, handler, chunking=chunking, connect=narrow, clock=clock, **given)


def deliver(server: FaultServer, handler: RecordingHandler) -> None:
    pool = stream_to(server, handler)
    try:
        work(pool, lambda: handler.settled)
        pool.close_idle()
    finally:
        pool.close()


def large(number: int) -> Attempt:
    line = b"x" * 70 + b"\r\n"
    return attempt(number, BODY + line * (LARGE // len(line)))


def narrow_socket() -> socket.socket:
    """A server's that holds little."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    bound.bind(("127.0.0.1", 0))
    return bound


def accepted(server: FaultServer) -> set[int]:
    return {int(one.recipients[0].partition("@")[0][1:]) for one in server.accepted}


@pytest.fixture
def handler() -> RecordingHandler:
    return RecordingHandler(attempt(number) for number in range(PEOPLE))


def test_everybody_is_mailed_once_and_several_are_in_flight(
    smtp_server: StartServer, handler: RecordingHandler
) -> None:
    server = smtp_server(chunking=True)
    deliver(server, handler)
    assert handler.last_words() == {"body 250": PEOPLE}
    assert accepted(server) == set(range(PEOPLE)) and len(server.accepted) == PEOPLE
    assert all(one.chunked for one in server.accepted)
    assert max(sum(b"BDAT" in command for command in read) for read in server.connections[-1].reads) == IN_FLIGHT


# How a connection ends while the victim's message is the oldest without an answer, and whether that has left whole.
ENDS = [
    ("mail_421", False),
    ("mail_421_reset", False),
    ("mail_cut", True),
    ("rcpt_cut", True),
    ("rcpt_421", False),
    ("rcpt_421_reset", False),
    ("body_cut", True),
    ("body_reset", True),
    ("body_hang", True),
    ("body_accepted_cut", True),
    ("body_accepted_hang", True),
    ("body_421", False),
    ("body_421_reset", False),
]


def at_the_victim(name: str) -> Misbehaviour:
    """Of those that can be told by their recipient; MAIL has none yet, and is counted (with the probe's)."""
    if name.startswith("mail"):
        return CATALOGUE[name](match=lambda now: now.message == VICTIM + 2)
    return CATALOGUE[name](match=address(f"p{VICTIM}@people.example"), times=1)


@pytest.mark.parametrize(("name", "doubtful"), ENDS)
def test_a_connection_that_ends(smtp_server: StartServer, handler: RecordingHandler, name: str, doubtful: bool) -> None:
    """What the server has answered counts; what had left whole is unknown; all others go over another connection."""
    server = smtp_server(at_the_victim(name), chunking=True)
    deliver(server, handler)
    words = {number: said[-1] for number, said in handler.words.items()}
    unknown = {number for number, word in words.items() if word == "unknown"}
    assert {number for number, word in words.items() if word == "body 250"} == accepted(server) - unknown
    assert (VICTIM in unknown) == doubtful
    assert unknown <= set(range(VICTIM, VICTIM + IN_FLIGHT))
    assert set(range(VICTIM)).isdisjoint(unknown), "they had been answered"
    assert len(server.accepted) == len(accepted(server)), "somebody was mailed twice"
    if not doubtful:
        assert words[VICTIM] == f"{name.partition('_')[0].upper().replace('BODY', 'body')} 421"


@pytest.mark.parametrize("name", ["body_stall_inside", "body_reset_inside", "body_cut_inside"])
def test_what_has_not_left_whole_goes_again(smtp_server: StartServer, name: str) -> None:
    """The server takes no more in the middle of a message: neither that nor those behind it can have arrived."""
    handler = RecordingHandler(large(one) if one in (VICTIM, VICTIM + 1) else attempt(one) for one in range(PEOPLE))
    server = smtp_server(at_the_victim(name), bound=narrow_socket(), chunking=True)
    deliver(server, handler)
    words = {number: said[-1] for number, said in handler.words.items()}
    assert "unknown" not in words.values()
    assert words[VICTIM] == words[VICTIM + 1] == "not_sent"
    assert accepted(server) == {number for number, word in words.items() if word == "body 250"}


def test_what_has_left_whole_before_it_is_unknown(smtp_server: StartServer) -> None:
    handler = RecordingHandler(large(one) if one == VICTIM + 1 else attempt(one) for one in range(PEOPLE))
    deaf = Misbehaviour(name="deaf", phase=Phase.BODY, action=Action.STALL, match=address(f"p{VICTIM}@people.example"))
    server = smtp_server(deaf, bound=narrow_socket(), chunking=True)
    deliver(server, handler)
    words = {number: said[-1] for number, said in handler.words.items()}
    assert [number for number, word in words.items() if word == "unknown"] == [VICTIM]
    assert words[VICTIM + 1] == "not_sent"


def test_a_connection_that_dies_is_one_failure_and_those_after_it_have_fewer_in_flight(
    smtp_server: StartServer, handler: RecordingHandler
) -> None:
    server = smtp_server(at_the_victim("body_reset"), chunking=True)
    deliver(server, handler)
    assert handler.last_words()["unknown"] > 2 and handler.deaths == 1
    later = server.connections[-1]
    assert later.accepted > IN_FLIGHT
    assert max(sum(b"BDAT" in command for command in read) for read in later.reads) <= IN_FLIGHT / 2

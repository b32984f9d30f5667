"""What a server repeats of our secrets once the session is set up: of the sign-in, and of links further back."""

import socket
from collections import deque
from collections.abc import Iterator

import pytest

from campaign.model import Phase, Reply
from campaign.smtp.connection import Connection
from campaign.smtp.pipelining.server_memory import PrivateMemory
from campaign.smtp.pipelining.trials import PipeliningTrial
from campaign.smtp.reply.censor import Censor
from campaign.smtp.reply.parser import readable
from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from tests.attempts import attempt
from tests.conftest import StartServer
from tests.smtp_server import Misbehaviour

PASSWORD = "correct-horse-17"
SIGNATURES = [
    "Zk3v9QpLx7TtB2mNcR5sWd8yHf1jKa4gUe6oIi0XnPq",
    "a81LmWc0RzYt5uVbE3xJ7nKdSg2hQfPi9oTy4rDw6Bs",
]


def connection(sock: socket.socket, recent: deque[str] | None = None) -> Connection:
    censor = Censor()
    censor.hide(PASSWORD.encode())
    session = Session(sock=sock, features={"pipelining": ""}, leftover=b"", censor=censor)
    trial = PipeliningTrial("mx", PrivateMemory(), lambda: 0.0, able=True)
    return Connection(session, now=0.0, trial=trial, recent_tokens=recent)


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours


def said(words: str, code: int = 550) -> Reply:
    return Reply(code=code, enhanced=None, text=words)


@pytest.mark.parametrize("code", [250, 421, 550])
@pytest.mark.parametrize("words", ["you signed in with {}, thank you for that", "{}"])
def test_a_password_that_is_repeated_after_the_sign_in_is_not_shown(sock: socket.socket, code: int, words: str) -> None:
    assert PASSWORD not in connection(sock).censored(said(words.format(PASSWORD), code)).text


@pytest.mark.parametrize("wrap", [8, 11, 43])
def test_the_link_of_a_message_further_back_is_not_shown_whatever_connection_it_went_over(
    sock: socket.socket, wrap: int
) -> None:
    recent: deque[str] = deque(maxlen=128)
    first, second = connection(sock, recent), connection(sock, recent)
    first.begin_envelope(attempt(1)._replace(token=f"eyJh.eyJz.{SIGNATURES[0]}"))
    second.begin_envelope(attempt(2)._replace(token=f"eyJh.eyJz.{SIGNATURES[1]}"))
    pieces = " ".join(SIGNATURES[0][at : at + wrap] for at in range(0, 43, wrap))
    shown = second.censored(said(f"the message of a minute ago had this in it: {pieces}")).text
    assert not any(piece in shown for piece in pieces.split())
    usual = "Recipient address rejected: User unknown in local recipient table"
    assert second.censored(said(usual)).text == usual


@pytest.mark.parametrize("between", ["\u200b", "\u00ad", "\u202e", "\U000e0041"])
def test_letters_with_something_unseen_between_them_are_recognised(sock: socket.socket, between: str) -> None:
    """They are made visible before: the escape's own letters are none of the link's."""
    here = connection(sock)
    here.begin_envelope(attempt(1)._replace(token=f"eyJh.eyJz.{SIGNATURES[0]}"))
    shown = here.censored(said(readable(f"we do not like {between.join(SIGNATURES[0])}".encode()))).text
    assert SIGNATURES[0][20:30] not in shown.replace(readable(between.encode()), "")


def test_a_greeting_that_repeats_the_password_of_an_earlier_session_is_not_shown(smtp_server: StartServer) -> None:
    wrong = Misbehaviour(name="tells", phase=Phase.CONNECT, reply=f"554 too many as {PASSWORD}\r\n".encode())
    server = smtp_server(wrong)
    to = Server(host=server.host, port=server.port, security="none", username="us", password=PASSWORD)
    with pytest.raises(SessionError) as caught:
        connect(to)
    assert PASSWORD not in str(caught.value)
    assert "too many as" in str(caught.value)

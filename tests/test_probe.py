"""Asking a server about our sender, without sending anything."""

import pytest

from campaign.model import Phase
from campaign.smtp.connect import Server, connect
from campaign.smtp.probe import ask_about_sender
from campaign.smtp.session_error import SessionError
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer


def session_server(server: FaultServer) -> Server:
    return Server(host=server.host, port=server.port, security="none", timeout=5)


def test_a_sender_is_taken_and_taken_back(smtp_server: StartServer) -> None:
    server = smtp_server()
    reply = ask_about_sender(connect(session_server(server)), "bounces@acme.example", timeout=5)
    assert (reply.code, reply.enhanced) == (250, "2.1.0")
    server.record.wait_until(lambda: server.record.connections[0].commands[-1:] == [b"QUIT"])
    assert server.record.connections[0].commands[1:] == [b"MAIL FROM:<bounces@acme.example>", b"RSET", b"QUIT"]
    assert server.accepted == []


@pytest.mark.parametrize(("name", "code"), [("mail_5xx", 550), ("mail_4xx", 451), ("mail_multiline", 250)])
def test_what_the_server_says_is_given_as_it_is(smtp_server: StartServer, name: str, code: int) -> None:
    session = connect(session_server(smtp_server(CATALOGUE[name]())))
    assert ask_about_sender(session, "bounces@acme.example", timeout=5).code == code


def test_a_reply_may_come_in_pieces(smtp_server: StartServer) -> None:
    session = connect(session_server(smtp_server(CATALOGUE["mail_in_pieces"]())))
    assert ask_about_sender(session, "bounces@acme.example", timeout=5).code == 250


@pytest.mark.parametrize("name", ["mail_cut", "mail_reset", "mail_hang", "mail_malformed_letters"])
def test_no_reply_is_an_error_of_ours(smtp_server: StartServer, name: str) -> None:
    session = connect(session_server(smtp_server(CATALOGUE[name]())))
    with pytest.raises(SessionError) as caught:
        ask_about_sender(session, "bounces@acme.example", timeout=0.1)
    assert caught.value.phase is Phase.MAIL
    assert session.sock.fileno() == -1  # closed


def test_an_address_beyond_ascii_says_so(smtp_server: StartServer) -> None:
    server = smtp_server()
    ask_about_sender(connect(session_server(server)), "ünzustellbar@acme.example", timeout=5)
    assert server.record.connections[0].commands[1].endswith("<ünzustellbar@acme.example> SMTPUTF8".encode())

"""Tokens are fetched anew when they are refused, once; and whatever a server repeats, no secret is in our errors."""

import base64
import socket
import threading
from pathlib import Path

import pytest

from campaign.smtp.session.access_token import TokenCommand
from campaign.smtp.session.channel import Channel
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.mechanisms import Credentials
from campaign.smtp.session.sign_in import sign_in
from tests.conftest import StartServer
from tests.signing_in import BY_TOKEN, PASSWORD, TOKEN, USER, Relay, opened, refused, runs, tokens, us
from tests.smtp_server import CATALOGUE


@pytest.fixture
def relay(smtp_server: StartServer) -> Relay:
    return Relay(smtp_server)


class TestTokens:
    def test_one_that_is_refused_is_fetched_anew_once(self, relay: Relay, tmp_path: Path) -> None:
        relay.tokens[USER] = TOKEN
        server = relay.offering("XOAUTH2")
        command = tokens(tmp_path, "old-token", TOKEN)
        opened(us(server, token_command=command))
        opened(us(server, token_command=command))
        assert runs(tmp_path) == 2, "the second session has the token of the first"
        assert [one.user for one in server.connections] == [None, USER, USER]

    @pytest.mark.parametrize("name", BY_TOKEN)
    def test_a_second_refusal_is_final(self, relay: Relay, name: str, tmp_path: Path) -> None:
        server = relay.offering(name)
        error = refused(us(server, token_command=tokens(tmp_path, "bad-one", "bad-two", "bad-three")), "bad-")
        assert error.reply is not None and error.reply.code == 535
        assert "smtp.token_command prints a token" in error.fix
        assert runs(tmp_path) == 2 and server.record.commands["AUTH"] == 2

    def test_the_same_again_is_not_tried_again(self, relay: Relay, tmp_path: Path) -> None:
        server = relay.offering("XOAUTH2")
        refused(us(server, token_command=tokens(tmp_path, "bad")))
        assert runs(tmp_path) == 2 and server.record.commands["AUTH"] == 1

    def test_a_command_that_fails_asks_no_server(self, relay: Relay, tmp_path: Path) -> None:
        server = relay.offering("XOAUTH2")
        error = refused(us(server, token_command=TokenCommand(arguments=("false",), folder=tmp_path)))
        assert error.what == "the token command failed: exit code 1" and error.where == "smtp.token_command"
        assert server.connections == []


def _b64(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("PLAIN", PASSWORD),
        ("PLAIN", PASSWORD.upper()),
        ("PLAIN", _b64(f"\0{USER}\0{PASSWORD}")),
        ("PLAIN", "AUTH PLAIN " + _b64(f"\0{USER}\0{PASSWORD}")[:40]),
        ("PLAIN", _b64(f"{USER}:{PASSWORD}")),
        ("LOGIN", _b64(PASSWORD)),
        ("LOGIN", _b64(PASSWORD).rstrip("=")[3:]),
        ("XOAUTH2", TOKEN),
        ("XOAUTH2", _b64(f"user={USER}\1auth=Bearer {TOKEN}\1\1")),
        ("OAUTHBEARER", f"Bearer {TOKEN}"),
    ],
)
@pytest.mark.parametrize("multiline", [False, True])
def test_a_server_that_repeats_what_it_was_sent(
    relay: Relay, name: str, said: str, multiline: bool, tmp_path: Path
) -> None:
    relay.tokens[USER] = TOKEN
    words = said.encode()
    reply = b"535-5.7.8 I was told:\r\n535 5.7.8 " + words + b"\r\n" if multiline else b"535 5.7.8 " + words + b"\r\n"
    server = relay.offering(name, misbehaviours=[CATALOGUE["auth_5xx"](reply=reply)])
    given = {"token_command": tokens(tmp_path, TOKEN)} if name in BY_TOKEN else {"password": PASSWORD}
    error = refused(us(server, **given), said, said[-12:])
    assert "[secret]" in error.what and error.reply is not None and "[secret]" in error.reply.text


def _first(name: str, command: bytes) -> bytes:
    """The server's first challenge."""
    if name == "CRAM-MD5":
        return b"<1.2@mx.example>"
    nonce = base64.b64decode(command.split()[-1]).partition(b"r=")[2]
    return b"r=" + nonce + b"more,s=" + base64.b64encode(b"saltsaltsalt") + b",i=4096"


@pytest.mark.parametrize("name", ["CRAM-MD5", "SCRAM-SHA-256"])
def test_a_server_that_repeats_our_proof(name: str) -> None:
    """It is new every time; a list of passwords could be tried on it at leisure."""
    heard: list[str] = []

    def serve() -> None:
        with theirs, theirs.makefile("rwb", buffering=0) as file:
            file.write(b"334 " + base64.b64encode(_first(name, file.readline())) + b"\r\n")
            proof = file.readline().strip()
            heard.append(proof.decode())
            file.write(b"535 5.7.8 Not " + proof + b"\r\n")

    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve)
    thread.start()
    channel = Channel(ours, timeout=5, deadline=float("inf"))
    with ours, pytest.raises(SessionError) as caught:
        sign_in(channel, name, Credentials(username="us", password=PASSWORD))
    thread.join()
    assert "Not [secret]" in caught.value.what and heard[0] not in str(caught.value)

"""Signing in to a server: each mechanism, right and wrong; and which one `auto` takes."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.signing_in import ALL, BY_PASSWORD, BY_TOKEN, PASSWORD, TOKEN, USER, Relay, opened, refused, tokens, us
from tests.smtp_server import CATALOGUE


@pytest.fixture
def relay(smtp_server: StartServer) -> Relay:
    return Relay(smtp_server)


class TestEachMechanism:
    @pytest.mark.parametrize("name", BY_PASSWORD)
    def test_the_right_password(self, relay: Relay, name: str) -> None:
        server = relay.offering(name)
        assert opened(us(server, password=PASSWORD)).auth == name
        assert [one.user for one in server.connections] == [USER]

    @pytest.mark.parametrize("name", BY_PASSWORD)
    def test_a_wrong_one_is_one_attempt(self, relay: Relay, name: str) -> None:
        server = relay.offering(name)
        error = refused(us(server, password="wrong-password"), "wrong-password")
        assert error.reply is not None and error.reply.code == 535
        assert error.what.startswith("sign-in refused: 535") and "smtp.username" in error.fix
        assert server.record.commands["AUTH"] == 1 and len(server.connections) == 1

    @pytest.mark.parametrize("name", BY_TOKEN)
    def test_a_good_token(self, relay: Relay, name: str, tmp_path: Path) -> None:
        relay.tokens[USER] = TOKEN
        server = relay.offering(name)
        assert opened(us(server, token_command=tokens(tmp_path, TOKEN))).auth == name
        assert [one.user for one in server.connections] == [USER]

    @pytest.mark.parametrize("name", [*BY_PASSWORD, *BY_TOKEN])
    def test_for_now(self, relay: Relay, name: str, tmp_path: Path) -> None:
        relay.tokens[USER] = TOKEN
        server = relay.offering(name, misbehaviours=[CATALOGUE["auth_4xx"]()])
        given = {"token_command": tokens(tmp_path, TOKEN)} if name in BY_TOKEN else {"password": PASSWORD}
        error = refused(us(server, **given))
        assert error.reply is not None and error.reply.code == 454 and "put off" in error.what
        assert len(server.connections) == 1, "a token that was only put off is not fetched anew"

    @pytest.mark.parametrize("name", [*BY_PASSWORD, "XOAUTH2"])
    def test_a_server_that_hangs_up_in_the_middle(self, relay: Relay, name: str, tmp_path: Path) -> None:
        server = relay.offering(name, auth_cut=True)
        # PLAIN has no middle, unless the response is too long for one line.
        given: dict[str, Any] = {"password": PASSWORD * 20 if name == "PLAIN" else PASSWORD}
        if name in BY_TOKEN:
            given = {"token_command": tokens(tmp_path, TOKEN)}
        error = refused(us(server, **given))
        assert error.reply is None and "the server hung up" in error.what

    @pytest.mark.parametrize("name", [*BY_PASSWORD, *BY_TOKEN])
    @pytest.mark.parametrize("reply", [b"334 %%%\r\n", b"334\r\n", b"334 " + b"QUJD" * 20 + b"\r\n", b"hello\r\n"])
    def test_challenges_that_make_no_sense(self, relay: Relay, name: str, reply: bytes, tmp_path: Path) -> None:
        relay.tokens[USER] = TOKEN
        server = relay.offering(name, misbehaviours=[CATALOGUE["auth_5xx"](reply=reply)], allow_defects=True)
        given = {"token_command": tokens(tmp_path, TOKEN)} if name in BY_TOKEN else {"password": PASSWORD}
        error = refused(us(server, **given))
        assert "sign-in failed" in error.what or "not an SMTP reply" in error.what or "refused" in error.what

    @pytest.mark.parametrize("size", [300, 400, 3000])
    def test_a_long_token_waits_for_its_challenge(self, relay: Relay, size: int, tmp_path: Path) -> None:
        """RFC 4954 section 4: AUTH is a command line like another, of 512 octets at most."""
        relay.tokens[USER] = "t" * size
        server = relay.offering("XOAUTH2")
        opened(us(server, token_command=tokens(tmp_path, "t" * size)))
        sent = [one for one in server.connections[0].commands if one.startswith((b"AUTH", b"***"))]
        assert sent == ([b"AUTH XOAUTH2 ***"] if size == 300 else [b"AUTH XOAUTH2", b"***"])


class TestWhichMechanism:
    @pytest.mark.parametrize(
        ("offered", "taken"),
        [
            (ALL, "SCRAM-SHA-256"),
            (("CRAM-MD5", "LOGIN", "PLAIN"), "PLAIN"),
            (("CRAM-MD5", "LOGIN"), "LOGIN"),
            (("GSSAPI", "CRAM-MD5"), "CRAM-MD5"),
        ],
    )
    def test_the_best_for_a_password(self, relay: Relay, offered: tuple[str, ...], taken: str) -> None:
        server = relay.offering(*offered)
        assert opened(us(server, password=PASSWORD)).auth == taken
        assert server.record.commands["AUTH"] == 1

    @pytest.mark.parametrize(("offered", "taken"), [(ALL, "XOAUTH2"), (("PLAIN", "OAUTHBEARER"), "OAUTHBEARER")])
    def test_the_best_for_a_token(self, relay: Relay, offered: tuple[str, ...], taken: str, tmp_path: Path) -> None:
        relay.tokens[USER] = TOKEN
        assert opened(us(relay.offering(*offered), token_command=tokens(tmp_path, TOKEN))).auth == taken

    @pytest.mark.parametrize("name", BY_PASSWORD)
    def test_the_one_that_is_set(self, relay: Relay, name: str) -> None:
        assert opened(us(relay.offering(*ALL), password=PASSWORD, auth=name.lower())).auth == name

    def test_none_without_a_username(self, relay: Relay) -> None:
        session = opened(us(relay.offering(*ALL, auth_optional=True), username=None))
        assert session.auth is None

    def test_the_keyword_as_it_was_before_it_was_a_standard(self, relay: Relay) -> None:
        assert opened(us(relay.offering("LOGIN", auth_form=b"AUTH="), password=PASSWORD)).auth == "LOGIN"

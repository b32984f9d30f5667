"""Signing in to a server: each mechanism, right and wrong; which one `auto` takes; and no secret in any error."""

import base64
import socket
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest

from campaign.model import Phase
from campaign.smtp.access_token import TokenCommand
from campaign.smtp.channel import Channel
from campaign.smtp.connect import Server, Session, connect
from campaign.smtp.mechanisms import Credentials
from campaign.smtp.session_error import SessionError
from campaign.smtp.sign_in import sign_in
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer, Tls, client_context

USER, PASSWORD = "jürgen@acme.example", "hunter2-ähem-correct-horse"
TOKEN = "ya29.A0AfH6SMBx-_~+/sesame=="
BY_PASSWORD = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]
BY_TOKEN = ["XOAUTH2", "OAUTHBEARER"]
ALL = (*BY_PASSWORD, *BY_TOKEN)


class Relay:
    """The tests' server with TLS, and sign-in by the mechanisms that it is given."""

    def __init__(self, start: StartServer) -> None:
        self._start = start
        self.tokens: dict[str, str] = {}

    def offering(self, *mechanisms: str, **options: Any) -> FaultServer:
        misbehaviours = options.pop("misbehaviours", ())
        features: dict[str, Any] = {"tls": Tls.GOOD, "logins": {USER: PASSWORD}, "tokens": self.tokens}
        return self._start(*misbehaviours, auth_mechanisms=mechanisms, **features | options)


@pytest.fixture
def relay(smtp_server: StartServer) -> Relay:
    return Relay(smtp_server)


def tokens(folder: Path, *printed: str) -> TokenCommand:
    """A command that prints these, one after the other, and the last one for ever."""
    (folder / "left").write_text("\n".join(printed) + "\n")
    script = 'head -n 1 left; echo run >> runs; [ "$(wc -l < left)" -lt 2 ] || sed -i 1d left'
    return TokenCommand(arguments=("sh", "-c", script), folder=folder)


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


def us(server: FaultServer, **given: Any) -> Server:
    options: dict[str, Any] = {"host": server.host, "port": server.port, "security": "starttls", "timeout": 5.0}
    return Server(**options | {"username": USER} | given)


def opened(server: Server) -> Session:
    session = connect(server, tls=client_context())
    session.sock.close()
    return session


def refused(server: Server, *secrets: str) -> SessionError:
    with pytest.raises(SessionError) as caught:
        connect(server, tls=client_context())
    error = caught.value
    assert error.phase is Phase.AUTH and error.where.startswith("smtp.")
    assert error.__context__ is None and error.__cause__ is None
    shown = "\n".join([str(error), repr(error), repr(error.reply), *traceback.format_exception(error)])
    for secret in (PASSWORD, TOKEN, "hunter2", "sesame", *secrets):
        assert secret not in shown
    return error


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


class TestNoneFits:
    @pytest.mark.parametrize(
        ("offered", "given", "what", "fix"),
        [
            (("XOAUTH2",), {"password": PASSWORD}, "only XOAUTH2", 'set smtp.auth = "xoauth2" and smtp.token_command'),
            (("OAUTHBEARER",), {"password": PASSWORD}, "only OAUTHBEARER", 'smtp.auth = "oauthbearer"'),
            (("SCRAM-SHA-1", "NTLM"), {"password": PASSWORD}, "only SCRAM-SHA-1, NTLM", "ask its operator for PLAIN"),
            (("EXTERNAL",), {"password": PASSWORD}, "only EXTERNAL", "smtp.client_cert"),
            (("PLAIN",), {"auth": "scram-sha-256", "password": PASSWORD}, "scram-sha-256, only PLAIN", '"auto"'),
            (("PLAIN",), {"client_cert": Path("c.pem")}, "only PLAIN", "set CAMPAIGN_SMTP__PASSWORD"),
        ],
    )
    def test_it_says_what_is_offered_and_what_to_set(
        self, relay: Relay, offered: tuple[str, ...], given: dict[str, Any], what: str, fix: str
    ) -> None:
        server = relay.offering(*offered)
        error = refused(us(server, **given))
        assert error.reply is not None and error.reply.code == 504
        assert what in error.what and fix in error.fix
        assert "587" not in error.fix and server.record.commands["AUTH"] == 0

    def test_a_token_where_a_password_is_wanted(self, relay: Relay, tmp_path: Path) -> None:
        error = refused(us(relay.offering("PLAIN"), token_command=tokens(tmp_path, TOKEN)))
        assert "only PLAIN" in error.what
        assert error.fix == "take smtp.token_command away, and set CAMPAIGN_SMTP__PASSWORD"

    def test_no_sign_in_before_tls(self, relay: Relay) -> None:
        server = relay.offering("PLAIN", auth_after_tls=True)
        error = refused(us(server, security="none", password=PASSWORD))
        assert error.what == "the server offers no sign-in on an open line"
        assert 'smtp.security to "starttls"' in error.fix and server.record.commands["AUTH"] == 0

    def test_no_sign_in_after_tls(self, relay: Relay) -> None:
        error = refused(us(relay.offering("PLAIN", logins=None), password=PASSWORD))
        assert error.what == "the server offers no sign-in"
        assert "587" in error.fix and "smtp.security" not in error.fix

    @pytest.mark.parametrize(
        ("reply", "fix"),
        [
            (b"538 5.7.11 Encryption required\r\n", 'smtp.security to "starttls"'),
            (b"530 5.7.0 Must issue a STARTTLS command first\r\n", 'smtp.security to "starttls"'),
            (b"504 5.5.4 Unrecognized\r\n", "set smtp.auth to another than plain"),
            (b"534 5.7.9 Too weak\r\n", "set smtp.auth to another than plain"),
            (b"535 5.7.8 No\r\n", "check smtp.username and CAMPAIGN_SMTP__PASSWORD"),
        ],
    )
    def test_refusals_that_mean_something_else(self, relay: Relay, reply: bytes, fix: str) -> None:
        server = relay.offering("PLAIN", misbehaviours=[CATALOGUE["auth_5xx"](reply=reply)])
        assert fix in refused(us(server, password=PASSWORD)).fix

    def test_scram_that_a_server_offers_and_can_not_do(self, relay: Relay) -> None:
        server = relay.offering("SCRAM-SHA-256", "PLAIN", logins={USER: "another"})
        assert 'smtp.auth = "plain"' in refused(us(server, password=PASSWORD)).fix


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

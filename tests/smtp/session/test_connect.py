"""Opening a session: every way in which it can fail, said at its phase, in three parts, without the password."""

import copy
import pickle
import socket
import traceback
from typing import Any

import pytest

from campaign.model import Phase
from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Security, Server
from campaign.smtp.session.session import Session
from campaign.smtp.session.tls_socket import TlsSocket
from tests.conftest import StartServer
from tests.ports import silent_port
from tests.smtp_server import CATALOGUE, FaultServer, Tls, client_context

PASSWORD = "hunter2-\u00e4hem-correct-horse"
ASCII_PASSWORD = "hunter2-correct-horse"
LOGINS = {"campaigns": ASCII_PASSWORD, "j\u00fcrgen": PASSWORD}


def server_of(server: FaultServer, security: Security = "none", **given: Any) -> Server:
    options: dict[str, Any] = {"host": server.host, "port": server.port, "security": security, "timeout": 60.0}
    return Server(**options | given)


def opened(server: Server) -> Session:
    """A session, its socket closed at once."""
    session = connect(server, tls=client_context())
    session.sock.close()
    return session


def refused(server: Server) -> SessionError:
    """The error, of which nothing may show the password."""
    with pytest.raises(SessionError) as caught:
        connect(server, tls=client_context())
    error = caught.value
    shown = [str(error), repr(error), error.what, error.where, error.fix, repr(error.reply), repr(server)]
    shown += traceback.format_exception(error)
    for words in shown:
        assert PASSWORD not in words and ASCII_PASSWORD not in words
    assert error.__context__ is None and error.__cause__ is None, "their error could hold the password"
    assert error.what and "\n" not in error.what
    assert server.host in error.where and str(server.port) in error.where
    return error


class TestOpen:
    def test_without_tls(self, smtp_server: StartServer) -> None:
        server = smtp_server()
        session = connect(server_of(server))
        assert session.pipelining and session.smtputf8 and session.size_limit == 50_000_000
        assert session.leftover == b"" and session.auth is None
        assert session.greeting == "mx.example ESMTP ready"
        with pytest.raises(BlockingIOError):
            session.sock.recv(1)
        assert session.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        session.sock.close()

    @pytest.mark.parametrize(
        ("features", "expected"),
        [
            ({"pipelining": False}, (False, True, 50_000_000)),
            ({"smtputf8": False}, (True, False, 50_000_000)),
            ({"size": None}, (True, True, None)),
            ({"size": 0}, (True, True, None)),  # RFC 1870 section 3: zero is no limit
            ({"size": 1234}, (True, True, 1234)),
        ],
    )
    def test_features(self, smtp_server: StartServer, features: dict[str, Any], expected: object) -> None:
        session = opened(server_of(smtp_server(**features)))
        assert (session.pipelining, session.smtputf8, session.size_limit) == expected

    @pytest.mark.parametrize("words", ["", "many", "-1", "1" * 30, "\u0664"])
    def test_a_size_that_is_no_number_is_no_limit(self, words: str) -> None:
        with socket.socket() as sock:
            assert Session(sock=sock, features={"size": words}, leftover=b"").size_limit is None

    def test_the_greeting_is_one_readable_line(self, smtp_server: StartServer) -> None:
        reply = b"220-mx.example \x1b[31mESMTP\r\n220-\r\n220 Haraka/3.3 ready\r\n"
        session = opened(server_of(smtp_server(CATALOGUE["connect_multiline"](reply=reply))))
        assert session.greeting == "mx.example \\x1b[31mESMTP Haraka/3.3 ready"

    @pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
    def test_with_tls(self, smtp_server: StartServer, security: Security, implicit: bool) -> None:
        server = smtp_server(tls=Tls.GOOD, implicit_tls=implicit)
        for host in ("127.0.0.1", "localhost"):
            session = opened(server_of(server, security, host=host))
            assert isinstance(session.sock, TlsSocket) and session.leftover == b""
        assert all(connection.encrypted for connection in server.connections)

    @pytest.mark.parametrize("mechanisms", [("PLAIN", "LOGIN"), ("PLAIN",), ("LOGIN",)])
    def test_with_a_password(self, smtp_server: StartServer, mechanisms: tuple[str, ...]) -> None:
        server = smtp_server(tls=Tls.GOOD, logins=LOGINS, auth_mechanisms=mechanisms)
        opened(server_of(server, "starttls", username="campaigns", password=ASCII_PASSWORD))
        assert [connection.user for connection in server.connections] == ["campaigns"]

    def test_with_a_password_beyond_ascii(self, smtp_server: StartServer) -> None:
        server = smtp_server(tls=Tls.GOOD, logins=LOGINS)
        opened(server_of(server, "starttls", username="j\u00fcrgen", password=PASSWORD))
        assert [connection.user for connection in server.connections] == ["j\u00fcrgen"]

    def test_helo_for_a_server_that_does_not_know_ehlo(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["ehlo_unknown"]())
        session = opened(server_of(server))
        assert session.features == {}
        assert [command[:4].upper() for command in server.connections[0].commands] == [b"EHLO", b"HELO"]

    def test_what_the_server_says_too_early_is_handed_over(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["ehlo_extra_after"]())
        assert opened(server_of(server)).leftover == b"250 2.0.0 Nobody asked\r\n"

    def test_what_is_said_too_early_over_tls_is_handed_over(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["ehlo_extra_after"](match=lambda now: True), tls=Tls.GOOD, implicit_tls=True)
        assert opened(server_of(server, "tls")).leftover == b"250 2.0.0 Nobody asked\r\n"

    def test_what_was_said_in_clear_before_tls_counts_for_nothing(self, smtp_server: StartServer) -> None:
        """RFC 3207 section 4.2; who sits in between could put words into the server's mouth."""
        server = smtp_server(CATALOGUE["starttls_extra_after"](), tls=Tls.GOOD)
        session = opened(server_of(server, "starttls"))
        assert session.leftover == b"" and session.pipelining


class TestTls:
    @pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
    @pytest.mark.parametrize(
        ("kind", "words", "advice"),
        [
            (Tls.WRONG_HOST, "not valid for '127.0.0.1'", "set smtp.host to a name that is in the certificate"),
            (Tls.EXPIRED, "expired", "operator to renew it"),
            (Tls.UNKNOWN_CA, "unable to get local issuer certificate", 'smtp.ca_file = "ca.pem"'),
        ],
    )
    def test_a_certificate_that_proves_nothing(
        self, smtp_server: StartServer, security: Security, implicit: bool, kind: Tls, words: str, advice: str
    ) -> None:
        server = smtp_server(tls=kind, implicit_tls=implicit, logins=LOGINS)
        error = refused(server_of(server, security, username="campaigns", password=ASCII_PASSWORD))
        assert error.phase is Phase.STARTTLS
        assert error.reply is not None and error.reply.code == 500
        assert "certificate is not trusted" in error.what and words in error.what
        assert advice in error.fix and "smtp.port" not in error.fix
        assert all(connection.user is None for connection in server.connections), "it was told the password"

    @pytest.mark.parametrize("kind", [Tls.GOOD, Tls.UNKNOWN_CA])
    def test_by_itself_it_trusts_what_the_system_trusts(self, smtp_server: StartServer, kind: Tls) -> None:
        server = smtp_server(tls=kind)
        with pytest.raises(SessionError, match="not trusted"):
            connect(server_of(server, "starttls"))

    def test_a_private_authority_in_ssl_cert_file(
        self, smtp_server: StartServer, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = smtp_server(tls=Tls.GOOD)
        authority = tmp_path_factory.mktemp("ca") / "ca.pem"
        authority.write_bytes(server.ca_pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        connect(server_of(server, "starttls")).sock.close()

    def test_no_starttls_is_no_reason_to_go_without(self, smtp_server: StartServer) -> None:
        server = smtp_server(logins=LOGINS)
        error = refused(server_of(server, "starttls", username="campaigns", password=ASCII_PASSWORD))
        assert error.phase is Phase.STARTTLS and error.reply is not None and error.reply.code == 502
        assert "offers no STARTTLS" in error.what and '"tls"' in error.fix
        assert server.record.commands["AUTH"] == 0

    def test_tls_where_the_server_speaks_plainly(self, smtp_server: StartServer) -> None:
        error = refused(server_of(smtp_server(allow_defects=True), "tls"))
        assert error.phase is Phase.STARTTLS and error.reply is not None and error.reply.code == 500
        assert "does not speak TLS here" in error.what and "465" in error.fix and "587" in error.fix

    @pytest.mark.parametrize("security", ["none", "starttls"])
    def test_plain_where_the_server_speaks_tls(self, smtp_server: StartServer, security: Security) -> None:
        server = smtp_server(tls=Tls.GOOD, implicit_tls=True)
        error = refused(server_of(server, security, timeout=0.1))
        assert error.phase is Phase.CONNECT and error.reply is None
        assert "no answer within 0.1 s" in error.what and "465" in error.fix


class TestSignIn:
    def test_one_wrong_password_is_one_attempt(self, smtp_server: StartServer) -> None:
        server = smtp_server(tls=Tls.GOOD, logins=LOGINS, auth_mechanisms=("CRAM-MD5", "LOGIN", "PLAIN"))
        refused(server_of(server, "starttls", username="campaigns", password="wrong"))
        assert server.record.commands["AUTH"] == 1

    def test_a_wrong_password(self, smtp_server: StartServer) -> None:
        server = smtp_server(tls=Tls.GOOD, logins={"campaigns": "another"})
        error = refused(server_of(server, "starttls", username="campaigns", password=ASCII_PASSWORD))
        assert error.phase is Phase.AUTH and error.reply is not None
        assert (error.reply.code, error.reply.enhanced) == (535, "5.7.8")
        assert error.what == "sign-in refused: 535 5.7.8 Authentication credentials invalid"
        assert "smtp.username" in error.fix and "CAMPAIGN_SMTP__PASSWORD" in error.fix

    def test_a_wrong_password_beyond_ascii(self, smtp_server: StartServer) -> None:
        server = smtp_server(tls=Tls.GOOD, logins={"campaigns": "another"})
        error = refused(server_of(server, "starttls", username="campaigns", password=PASSWORD))
        assert error.phase is Phase.AUTH and error.reply is not None and error.reply.code == 535

    def test_for_now(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["auth_4xx"](), tls=Tls.GOOD, logins=LOGINS)
        error = refused(server_of(server, "starttls", username="campaigns", password=ASCII_PASSWORD))
        assert error.phase is Phase.AUTH and error.reply is not None and error.reply.code == 454
        assert "put off" in error.what

    @pytest.mark.parametrize(
        "features", [{"logins": None}, {"logins": LOGINS, "auth_mechanisms": ("GSSAPI", "XOAUTH2")}]
    )
    def test_none_that_we_can_use(self, smtp_server: StartServer, features: dict[str, Any]) -> None:
        server = smtp_server(tls=Tls.GOOD, **features)
        error = refused(server_of(server, "starttls", username="campaigns", password=ASCII_PASSWORD))
        assert error.phase is Phase.AUTH and error.reply is not None and error.reply.code == 504
        assert "no sign-in" in error.what and ("smtp.username" in error.fix or "smtp.token_command" in error.fix)

    @pytest.mark.parametrize("echo", ["plain", "base64"])
    def test_a_server_that_repeats_the_password(self, smtp_server: StartServer, echo: str) -> None:
        import base64

        said = ASCII_PASSWORD.encode() if echo == "plain" else base64.b64encode(ASCII_PASSWORD.encode())
        reply = b"535 5.7.8 Wrong password: " + said + b"\r\n"
        server = smtp_server(CATALOGUE["auth_5xx"](reply=reply), tls=Tls.GOOD, logins=LOGINS)
        error = refused(server_of(server, "starttls", username="campaigns", password=ASCII_PASSWORD))
        assert said.decode() not in error.what and "[secret]" in error.what


@pytest.mark.parametrize(
    ("name", "phase", "code"),
    [
        ("connect_4xx", Phase.CONNECT, 450),
        ("connect_5xx", Phase.CONNECT, 554),
        ("connect_421", Phase.CONNECT, 421),
        ("connect_cut", Phase.CONNECT, None),
        ("connect_reset", Phase.CONNECT, None),
        ("connect_malformed_no_code", Phase.CONNECT, None),
        ("connect_malformed_binary", Phase.CONNECT, None),
        ("connect_malformed_endless_line", Phase.CONNECT, None),
        ("ehlo_4xx", Phase.EHLO, 451),
        ("ehlo_421", Phase.EHLO, 421),
        ("ehlo_cut", Phase.EHLO, None),
        ("ehlo_reset", Phase.EHLO, None),
        ("ehlo_malformed_letters", Phase.EHLO, None),
        ("ehlo_malformed_endless_line", Phase.EHLO, None),
        ("starttls_4xx", Phase.STARTTLS, 454),
        ("starttls_5xx", Phase.STARTTLS, 502),
        ("starttls_cut", Phase.STARTTLS, None),
        ("starttls_malformed_no_code", Phase.STARTTLS, None),
        ("auth_5xx", Phase.AUTH, 535),
        ("auth_421", Phase.AUTH, 421),
        ("auth_cut", Phase.AUTH, None),
        ("auth_malformed_letters", Phase.AUTH, None),
    ],
)
def test_what_failed_where(smtp_server: StartServer, name: str, phase: Phase, code: int | None) -> None:
    server = smtp_server(CATALOGUE[name](), tls=Tls.GOOD, logins=LOGINS, allow_defects=True)
    error = refused(server_of(server, "starttls", username="campaigns", password=ASCII_PASSWORD))
    assert error.phase is phase
    assert (error.reply.code if error.reply else None) == code
    assert code is None or str(code) in error.what


@pytest.mark.parametrize("name", ["connect_hang", "ehlo_hang", "starttls_hang", "auth_hang"])
def test_silence_ends_with_the_timeout(smtp_server: StartServer, name: str) -> None:
    server = smtp_server(CATALOGUE[name](), tls=Tls.GOOD, logins=LOGINS)
    error = refused(server_of(server, "starttls", username="campaigns", password=ASCII_PASSWORD, timeout=1))
    assert error.reply is None and error.what == "could not connect to the server: no answer within 1 s"
    assert error.phase.lower() == name.partition("_")[0]


def test_nobody_listens() -> None:
    with silent_port() as silent:
        error = refused(Server(host="127.0.0.1", port=silent.getsockname()[1], security="none", timeout=60))
    assert (error.phase, error.reply) == (Phase.CONNECT, None)
    assert "connection refused" in error.what and "smtp.port" in error.fix


def test_a_host_that_is_not_known() -> None:
    error = refused(Server(host="no-such-host.invalid", port=25, security="none", timeout=60))
    assert "host name is not known" in error.what and "smtp.host" in error.fix


def test_a_server_in_a_log_shows_no_password() -> None:
    server = Server(host="h", port=1, security="tls", username="u", password=PASSWORD)
    for shown in (repr(server), str(server), f"{server}", repr(copy.copy(server)), repr([server])):
        assert PASSWORD not in shown and "hunter2" not in shown
    assert pickle.loads(pickle.dumps(server)) == server, "it travels to the workers"

"""TLS on our side: whom we trust, what we show, and what is said when it does not come about."""

import ssl

import pytest
import trustme

from campaign.model import Phase
from campaign.smtp.session.connect import connect
from campaign.smtp.session.server import Server
from campaign.smtp.session.tls_fault import tls_fault
from campaign.worker.policy import judge
from tests.conftest import StartServer
from tests.pem_files import US, Files
from tests.smtp.session.tls_sessions import refused, to
from tests.smtp_server import CATALOGUE, Tls
from tests.smtp_server.certificates import server_context
from tests.smtp_server.handshaker import handshaker


class TestOurCertificate:
    @pytest.mark.parametrize("in_one_file", [False, True])
    @pytest.mark.parametrize("implicit", [False, True])
    def test_it_signs_us_in(self, smtp_server: StartServer, files: Files, in_one_file: bool, implicit: bool) -> None:
        server = smtp_server(
            tls=Tls.GOOD, implicit_tls=implicit, logins={}, auth_mechanisms=("PLAIN", "EXTERNAL"),
            certificate_wanted=True,
        )  # fmt: skip
        shown = {"client_cert": files.both} if in_one_file else {"client_cert": files.cert, "client_key": files.key}
        session = connect(to(server, security="tls" if implicit else "starttls", ca_file=files.ca, **shown))
        session.sock.close()
        assert session.auth == "EXTERNAL" and server.connections[0].user == US

    @pytest.mark.parametrize(("username", "taken"), [(US, True), ("another", False)])
    def test_whom_it_may_act_for_is_the_servers_word(
        self, smtp_server: StartServer, files: Files, username: str, taken: bool
    ) -> None:
        server = smtp_server(tls=Tls.GOOD, logins={}, auth_mechanisms=("EXTERNAL",), certificate_wanted=True)
        given = to(server, username=username, auth="external", ca_file=files.ca, client_cert=files.both)
        if taken:
            connect(given).sock.close()
        else:
            assert "smtp.client_cert" in refused(given).fix

    def test_it_goes_with_a_password_too(self, smtp_server: StartServer, files: Files) -> None:
        server = smtp_server(tls=Tls.GOOD, logins={"u": "p"}, auth_mechanisms=("EXTERNAL", "PLAIN"),
                             certificate_wanted=True)  # fmt: skip
        session = connect(to(server, username="u", password="p", ca_file=files.ca, client_cert=files.both))
        session.sock.close()
        assert session.auth == "PLAIN"

    def test_a_server_that_asks_nothing_of_it_needs_no_sign_in(self, smtp_server: StartServer, files: Files) -> None:
        session = connect(to(smtp_server(tls=Tls.GOOD), ca_file=files.ca, client_cert=files.both))
        session.sock.close()
        assert session.auth is None


class TestRefusal:
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    @pytest.mark.parametrize("shown", ["none", "unknown"])
    def test_a_server_that_does_not_take_our_certificate_stops_the_run(
        self, files: Files, version: ssl.TLSVersion, shown: str
    ) -> None:
        """In TLS 1.3, that comes after the handshake, at the first thing we read (RFC 8446 section 4.4.2.4)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority = trustme.CA()
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        context.maximum_version = version
        ours = {"client_cert": files.both} if shown == "unknown" else {}
        trusted = files.file("theirs.pem", authority.cert_pem.bytes())
        with handshaker(context) as port:
            error = refused(
                Server(host="127.0.0.1", port=port, security="tls", timeout=60, ca_file=trusted, **ours)  # type: ignore[arg-type]
            )
        assert error.phase is Phase.STARTTLS and error.reply is not None and error.reply.code == 500
        assert judge(error.phase, error.reply).stop
        assert "smtp.client_cert" in error.fix and "smtp.port" not in error.fix

    @pytest.mark.parametrize("name", ["connect_421", "connect_cut", "ehlo_421", "ehlo_cut"])
    def test_a_server_that_hangs_up_on_it_without_a_reason(
        self, smtp_server: StartServer, files: Files, name: str
    ) -> None:
        server = smtp_server(CATALOGUE[name](), tls=Tls.GOOD, implicit_tls=True)
        error = refused(to(server, security="tls", ca_file=files.ca, client_cert=files.both))
        assert "perhaps the server does not take smtp.client_cert" in error.fix
        assert "smtp.client_cert" not in refused(to(server, security="tls", ca_file=files.ca)).fix

    @pytest.mark.parametrize(
        ("kind", "what", "fix"),
        [
            (Tls.NOT_YET, "not yet valid", "check this machine's clock"),
            (Tls.SELF_SIGNED, "self-signed", 'smtp.ca_file = "server.pem"'),
            (Tls.EXPIRED, "has expired", "ask the server's operator to renew it"),
            (Tls.WRONG_HOST, "not valid for", "set smtp.host"),
            (Tls.UNKNOWN_CA, "unable to get local issuer", 'smtp.ca_file = "ca.pem"'),
        ],
    )
    @pytest.mark.parametrize("implicit", [False, True])
    def test_each_fault_of_the_servers_has_its_own_advice(
        self, smtp_server: StartServer, files: Files, kind: Tls, what: str, fix: str, implicit: bool
    ) -> None:
        server = smtp_server(tls=kind, implicit_tls=implicit)
        error = refused(to(server, security="tls" if implicit else "starttls", ca_file=files.ca))
        assert what in error.what and fix in error.fix and "smtp.port" not in error.fix
        assert judge(error.phase, error.reply).stop

    def test_a_server_with_tls_1_1_at_most(self, files: Files) -> None:
        with handshaker(server_context(Tls.OLD)) as port:
            error = refused(Server(host="127.0.0.1", port=port, security="tls", timeout=60, ca_file=files.ca))
        assert "the server speaks only an older TLS than 1.2" in error.what
        assert "operator for TLS 1.2" in error.fix and "smtp.port" not in error.fix
        assert judge(error.phase, error.reply).stop

    def test_a_server_that_hangs_up_in_the_handshake(self, smtp_server: StartServer, files: Files) -> None:
        """So does the tests' own with old TLS: asyncio's server says no last word."""
        error = refused(to(smtp_server(tls=Tls.OLD), ca_file=files.ca))
        assert error.phase is Phase.STARTTLS and error.reply is None
        assert error.what.endswith("the server hung up") and "TLS is older than 1.2" in error.fix

    def test_plain_text_spoken_to_with_tls(self, smtp_server: StartServer, files: Files) -> None:
        error = refused(to(smtp_server(allow_defects=True), security="tls", ca_file=files.ca))
        assert "does not speak TLS here" in error.what and '"starttls" for port 587' in error.fix

    def test_a_plain_answer_after_starttls(self, smtp_server: StartServer, files: Files) -> None:
        """The server says 220, and goes on in clear."""
        server = smtp_server(CATALOGUE["starttls_5xx"](reply=b"220 go\r\n"), tls=Tls.GOOD, allow_defects=True)
        error = refused(to(server, ca_file=files.ca))
        assert "does not speak TLS here" in error.what and judge(error.phase, error.reply).stop


@pytest.mark.parametrize(
    ("reason", "what"),
    [
        ("NO_SHARED_CIPHER", "no TLS that the server and we both speak"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "no TLS that the server and we both speak"),
        ("DH_KEY_TOO_SMALL", "too weak"),
        ("UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "too weak"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "older TLS"),
        ("UNSUPPORTED_PROTOCOL", "older TLS"),
        ("TLSV1_UNRECOGNIZED_NAME", "does not know the name"),
        ("WRONG_VERSION_NUMBER", "does not speak TLS here"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "wants a TLS certificate of ours"),
        ("TLSV1_ALERT_UNKNOWN_CA", "refuses our TLS"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "refuses our TLS"),
    ],
)
@pytest.mark.parametrize("client_cert", [False, True])
def test_openssls_reasons_in_our_words(reason: str, what: str, client_cert: bool) -> None:
    error = ssl.SSLError(1, "words of OpenSSL")
    error.reason = reason
    fault = tls_fault(error, client_cert=client_cert)
    assert fault is not None and what in fault.what and fault.fix


def test_a_line_that_was_cut_is_no_fault_of_tls() -> None:
    error = ssl.SSLEOFError(8, "EOF")
    error.reason = "UNEXPECTED_EOF_WHILE_READING"
    assert tls_fault(error, client_cert=False) is None

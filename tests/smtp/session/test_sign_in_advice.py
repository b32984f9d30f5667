"""Where no sign-in is to be had: what was offered, and what to set."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.signing_in import PASSWORD, TOKEN, USER, Relay, refused, tokens, us
from tests.smtp_server import CATALOGUE


@pytest.fixture
def relay(smtp_server: StartServer) -> Relay:
    return Relay(smtp_server)


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

"""[smtp]: what does not go together is refused, with a word on which of the two to change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import SettingsError
from campaign.settings import Settings, load_settings, require_secrets

PASSWORD = {"CAMPAIGN_SMTP__PASSWORD": "hunter2"}
TOKEN = {"username": "us@acme.example", "token_command": "./token --now"}
CERTIFICATE = {"client_cert": "c.pem", "client_key": "c.key"}


def load(folder: Path, smtp: Mapping[str, object], environ: dict[str, str] | None = None) -> Settings:
    lines = [f"{key} = {value if isinstance(value, int) else repr(value)}" for key, value in smtp.items()]
    file = folder / "campaign.toml"
    file.write_text(
        'name = "a"\n[contacts]\nfile = "a.csv"\n[message]\ntemplate = "t"\nfrom = "a@b.example"\n'
        '[link]\ndomain = "a.example"\n[smtp]\nhost = "smtp.acme.example"\n' + "\n".join(lines)
    )
    return load_settings(file, environ=environ or {})


@pytest.mark.parametrize(
    ("smtp", "environ", "what", "fix"),
    [
        ({"auth": "external"}, {}, "smtp.auth: external is a sign-in by certificate", "smtp.client_cert"),
        ({"auth": "xoauth2", "username": "u"}, {}, "smtp.auth: xoauth2 wants an access token", "smtp.token_command"),
        ({"auth": "oauthbearer", "username": "u"}, PASSWORD, "oauthbearer wants an access token", "smtp.token_command"),
        ({"auth": "plain"}, {}, "smtp.auth: plain wants a username", "smtp.username"),
        ({"token_command": "./token"}, {}, "smtp.token_command: smtp.username is missing", "set it"),
        (TOKEN, PASSWORD, "smtp.token_command: a password is set as well", "unset CAMPAIGN_SMTP__PASSWORD"),
        (TOKEN | {"auth": "login"}, {}, "smtp.auth: login does not sign in by an access token", '"xoauth2"'),
        (TOKEN | {"auth": "external"} | CERTIFICATE, {}, "external does not sign in by", "smtp.token_command"),
        ({"client_key": "c.key"}, {}, "smtp.client_key: its certificate is missing", "smtp.client_cert"),
        (CERTIFICATE | {"security": "none"}, {}, 'smtp.client_cert: without TLS (security = "none")', "take it out"),
        ({"ca_file": "ca.pem", "security": "none"}, {}, "smtp.ca_file: without TLS", "take it out"),
        (TOKEN | {"security": "none"}, {}, "smtp.security: security = ", '"starttls" or "tls"'),
        ({"protocol": "lmtp", "port": 25}, {}, "smtp.port: 25 is for SMTP only", "24 is usual"),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, smtp: dict[str, object], environ: dict[str, str], what: str, fix: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, smtp, environ)
    assert what in caught.value.what and fix in caught.value.fix
    assert "hunter2" not in str(caught.value) and "token --now" not in str(caught.value)


@pytest.mark.parametrize(
    "smtp",
    [
        TOKEN,
        TOKEN | {"auth": "XOAUTH2"},
        TOKEN | CERTIFICATE,
        CERTIFICATE | {"auth": "external"},
        CERTIFICATE,
        {"client_cert": "both.pem"},
        {"protocol": "lmtp", "port": 24, "security": "none"},
        {"auth": "scram-sha-256", "username": "u"},
    ],
)
def test_what_goes_together_is_taken(tmp_path: Path, smtp: dict[str, object]) -> None:
    assert load(tmp_path, smtp).smtp.host == "smtp.acme.example"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    smtp = load(tmp_path, CERTIFICATE | {"ca_file": "../ca.pem"}).smtp
    assert (smtp.client_cert, smtp.client_key) == (tmp_path / "c.pem", tmp_path / "c.key")
    assert smtp.ca_file == tmp_path.parent / "ca.pem"


@pytest.mark.parametrize(
    ("smtp", "needed"),
    [
        ({}, False),
        ({"username": "u"}, True),
        (TOKEN, False),
        (CERTIFICATE | {"username": "u"}, False),
        (CERTIFICATE | {"username": "u", "auth": "plain"}, True),
        (CERTIFICATE | {"username": "u", "auth": "external"}, False),
    ],
)
def test_a_password_is_wanted_where_nothing_else_proves_who_we_are(
    tmp_path: Path, smtp: dict[str, object], needed: bool
) -> None:
    settings = load(tmp_path, smtp, {"CAMPAIGN_LINK__SECRET": "0123456789abcdef0123456789abcdef"})
    assert settings.smtp.needs_password is needed
    if needed:
        with pytest.raises(SettingsError, match="its password is missing"):
            require_secrets(settings, sandbox=False)
    else:
        require_secrets(settings, sandbox=False)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("mailer", "that is not a full host name"),
        ("mail_er.acme.example", "a host name has no underscore"),
        ("192.0.2.1", "that is not a full host name"),
        ("-a.example", "that is not a full host name"),
        ("a..example", "that is not a full host name"),
        ("localhost.localdomain", "every machine may call itself that"),
        ("localhost", "that is not a full host name"),
        ("[mailer]", "is not an address"),
        ("[IPv6:192.0.2.1]", "is not an address"),
        ("[2001:db8::1]", "is not an address"),
        ("mailer.acme.example QUIT", "that is not a full host name"),
        ("a" * 64 + ".example", "that is not a full host name"),
    ],
)
def test_an_ehlo_name_that_is_none_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {"ehlo_name": name})
    assert problem in caught.value.what and "smtp.ehlo_name" in caught.value.what


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("Mailer.Acme.Example.", "mailer.acme.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[ipv6:2001:DB8:0::1]", "[IPv6:2001:db8::1]"),
    ],
)
def test_an_ehlo_name_comes_out_as_it_goes_on_the_wire(tmp_path: Path, written: str, taken: str) -> None:
    assert load(tmp_path, {"ehlo_name": written}).smtp.ehlo_name == taken


@pytest.mark.parametrize(
    ("command", "problem"),
    [("get 'token", "a quote is not closed"), (" ", "it is blank"), ("''", "there is no command")],
)
def test_a_token_command_that_can_not_be_split_is_refused(tmp_path: Path, command: str, problem: str) -> None:
    environ = {"CAMPAIGN_SMTP__TOKEN_COMMAND": command, "CAMPAIGN_SMTP__USERNAME": "u"}
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {}, environ)
    assert problem in caught.value.what and "get" not in caught.value.what


def test_a_token_command_is_not_shown(tmp_path: Path) -> None:
    settings: Any = load(tmp_path, TOKEN)
    assert "--now" not in repr(settings) and "--now" not in str(settings)

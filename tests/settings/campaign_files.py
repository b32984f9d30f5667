"""Settings files for the tests of this room: the least there can be, every setting's good values, and a folder to load
them in.
"""

import copy
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from campaign.errors import SettingsError
from campaign.hours import Hours
from campaign.settings import Settings, load_settings

Document = dict[str, Any]

# A new file for every example is wanted; that they share the folder is no harm.
PROPERTY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

MINIMAL: Document = {
    "name": "autumn-orders",
    "contacts": {"file": "contacts.csv"},
    "message": {"template": "letters", "from": "Acme <hello@acme.example>"},
    "link": {"domain": "acme.myclickfunnels.com"},
    "smtp": {"host": "smtp.acme.example"},
}

# For every setting: two values as text, and what they become.
GOOD: dict[str, list[tuple[str, object]]] = {
    "name": [("spring", "spring"), ("A_1.b", "A_1.b")],
    "contacts.file": [("/data/a.csv", Path("/data/a.csv")), ("/data/b.csv", Path("/data/b.csv"))],
    "contacts.email_column": [("E-Mail", "E-Mail"), ("mail address", "mail address")],
    "contacts.suppress": [("/a.csv, /b.csv", (Path("/a.csv"), Path("/b.csv"))), ('["/c,d.csv"]', (Path("/c,d.csv"),))],
    "contacts.suppress_lenient": [("true", True), ("False", False)],
    "contacts.timezone_column": [("timezone", "timezone"), ("Time zone", "Time zone")],
    "contacts.encoding": [("cp1250", "cp1250"), ("Windows-1252", "Windows-1252")],
    "message.template": [("/letters/a", Path("/letters/a")), ("/letters/b", Path("/letters/b"))],
    "message.inline_css": [("true", True), ("False", False)],
    "message.from": [("a@b.example", "a@b.example"), ('"A, B" <c@d.example>', '"A, B" <c@d.example>')],
    "message.reply_to": [("a@b.example", "a@b.example"), ("Ä Ö <c@d.example>", "Ä Ö <c@d.example>")],
    "message.to_name": [("{{ contact.name }}", "{{ contact.name }}"), ("Zoë", "Zoë")],
    "message.headers": [
        ('{"Feedback-ID": "{{ campaign.name }}:acme"}', {"Feedback-ID": "{{ campaign.name }}:acme"}),
        ('{"X-A": "1", "X-B": "2"}', {"X-A": "1", "X-B": "2"}),
    ],
    "message.return_path": [("a@b.example", "a@b.example"), ("a@bücher.example", "a@xn--bcher-kva.example")],
    "message.unsubscribe_url": [("https://a.example/", "https://a.example/"), ("HTTPS://{{ x }}", "HTTPS://{{ x }}")],
    "message.unsubscribe_mailto": [("a@b.example", "a@b.example"), ("é@b.test", "é@b.test")],
    "message.attachments": [
        ("terms.pdf, a/b.pdf", ("terms.pdf", "a/b.pdf")),
        ('["a, b.pdf"]', ("a, b.pdf",)),
    ],
    "window.opens": [("2026-11-23T09:00", datetime(2026, 11, 23, 9)), ("2026-11-23", datetime(2026, 11, 23))],
    "window.closes": [
        ("2026-11-23 17:00:00", datetime(2026, 11, 23, 17)),
        ("2026-11-23T17:00Z", datetime(2026, 11, 23, 17, tzinfo=UTC)),
    ],
    "window.lasts": [("8h", timedelta(hours=8)), ("1h30m", timedelta(minutes=90))],
    "window.hours": [
        ("09:00-17:00", Hours(begins=9 * 60, ends=17 * 60)),
        ("22:00-2:30", Hours(begins=22 * 60, ends=150)),
    ],
    "window.days": [("mon-fri", (0, 1, 2, 3, 4)), ("Sat,mon", (0, 5))],
    "window.pace": [("spread", "spread"), ("Fast", "fast")],
    "window.daily_limit": [("500", (500,)), ("[500, 1000]", (500, 1000))],
    "window.timezone": [("Europe/London", "Europe/London"), ("Asia/Tokyo", "Asia/Tokyo")],
    "dkim.domain": [("Acme.example.", "acme.example"), ("bücher.example", "xn--bcher-kva.example")],
    "dkim.selector": [("2026A", "2026a"), ("k1.mail", "k1.mail")],
    "dkim.key_file": [("/a/dkim.pem", Path("/a/dkim.pem")), ("/b/k", Path("/b/k"))],
    "link.domain": [("WWW.Acme.example.", "www.acme.example"), ("straße.example", "xn--strae-oqa.example")],
    "link.redirect_to": [
        ("https://a.example/{{ contact.id }}", "https://a.example/{{ contact.id }}"),
        ("https://a", "https://a"),
    ],
    "link.redirect_hosts": [
        ("Shop.Acme.example., b.example:8443", ("shop.acme.example", "b.example:8443")),
        ('["straße.example:443"]', ("xn--strae-oqa.example",)),
    ],
    "link.grace": [("2d", timedelta(days=2)), ("45m", timedelta(minutes=45))],
    "link.min_lifetime": [("10m", timedelta(minutes=10)), ("1s", timedelta(seconds=1))],
    "smtp.name": [("ses", "ses"), ("A_1", "A_1")],
    "smtp.host": [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")],
    "smtp.port": [("25", 25), ("65535", 65535)],
    "smtp.security": [("TLS", "tls"), ("none", "none")],
    "smtp.username": [("campaigns", "campaigns"), ("a b@c", "a b@c")],
    "smtp.protocol": [("lmtp", "lmtp"), ("SMTP", "smtp")],
    "smtp.ehlo_name": [("Mailer.Acme.example.", "mailer.acme.example"), ("[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]")],
    "smtp.auth": [("auto", "auto"), ("Auto", "auto")],
    "smtp.token_command": [("./token", "./token"), ("get 'a token' --now", "get 'a token' --now")],
    "smtp.ca_file": [("/a/ca.pem", Path("/a/ca.pem")), ("/b/ca.pem", Path("/b/ca.pem"))],
    "smtp.client_cert": [("/a/c.pem", Path("/a/c.pem")), ("/b/c.pem", Path("/b/c.pem"))],
    "smtp.client_key": [("/a/c.key", Path("/a/c.key")), ("/b/c.key", Path("/b/c.key"))],
    "smtp.connections": [("1", 1), ("1000", 1000)],
    "smtp.rate": [("0.5", 0.5), ("250", 250.0)],
    "smtp.daily_limit": [("1", 1), ("50000", 50_000)],
    "smtp.weight": [("0.5", 0.5), ("3", 3.0)],
    "smtp.priority": [("0", 0), ("2", 2)],
    "smtp.messages_per_connection": [("1", 1), ("100", 100)],
    "smtp.in_flight": [("8", 8), ("64", 64)],
    "smtp.pipelining": [("envelope", "envelope"), ("Off", "off")],
    "smtp.minutes_per_connection": [("0.5", 0.5), ("60", 60.0)],
    "smtp.timeout": [("5s", timedelta(seconds=5)), ("250ms", timedelta(milliseconds=250))],
    "retry.tries": [("1", 1), ("100", 100)],
    "retry.first_wait": [("1s", timedelta(seconds=1)), ("10ms", timedelta(milliseconds=10))],
    "retry.longest_wait": [("1h", timedelta(hours=1)), ("1d", timedelta(days=1))],
    "retry.stop_after": [("1", 1), ("500", 500)],
    "results.spreadsheet_safe": [("true", True), ("No", False)],
    "bounces.verp": [("true", True), ("No", False)],
    "bounces.mailbox.host": [("imap.acme.example", "imap.acme.example"), ("[::1]", "::1")],
    "bounces.mailbox.port": [("993", 993), ("143", 143)],
    "bounces.mailbox.security": [("TLS", "tls"), ("starttls", "starttls")],
    "bounces.mailbox.username": [("bounces", "bounces"), ("a b@c", "a b@c")],
    "bounces.mailbox.token_command": [("./token", "./token"), ("get 'a token' --now", "get 'a token' --now")],
    "bounces.mailbox.ca_file": [("/a/ca.pem", Path("/a/ca.pem")), ("/b/ca.pem", Path("/b/ca.pem"))],
    "bounces.mailbox.folder": [("INBOX", "INBOX"), ("Bounces/2026", "Bounces/2026")],
    "bounces.mailbox.move_to": [("Settled", "Settled"), ("Älter", "Älter")],
    "ledger.url": [
        ("postgresql://campaign@db.acme.example/campaign", "postgresql://campaign@db.acme.example/campaign"),
        ("postgres:///campaign?host=/run/postgresql", "postgresql:///campaign?host=/run/postgresql"),
    ],
    "ledger.path": [("/a/x.ledger", Path("/a/x.ledger")), ("/b/y.db", Path("/b/y.db"))],
}
SECRETS = ["link.secret", "smtp.password", "bounces.mailbox.password", "ledger.password"]


def toml(document: Document) -> str:
    """Enough of a TOML writer for these tests: top-level values, then sections one deep."""
    lines = [f"{toml_key(key)} = {toml_value(value)}" for key, value in document.items() if not isinstance(value, dict)]
    for section, content in document.items():
        if isinstance(content, dict):
            title = section if section == "bounces.mailbox" else toml_key(section)
            lines += [f"[{title}]", *(f"{toml_key(key)} = {toml_value(v)}" for key, v in content.items())]
    return "\n".join(lines)


def toml_key(key: str) -> str:
    return toml_value(key)


def toml_value(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date | clock):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(toml_value(one) for one in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{toml_key(key)} = {toml_value(one)}' for key, one in value.items())}}}"
    return repr(value)


def changed(**by_section: Any) -> Document:
    """MINIMAL with sections updated and top-level values replaced."""
    document = copy.deepcopy(MINIMAL)
    for name, value in by_section.items():
        if isinstance(value, dict):
            document.setdefault(name, {}).update(value)
        else:
            document[name] = value
    return document


DKIM: Document = {"domain": "other.example", "selector": "other", "key_file": "other.pem"}
COMPANIONS: dict[str, Document] = {
    "smtp.token_command": {"username": "campaigns"},
    "smtp.client_key": {"client_cert": "client.pem"},
    "window.pace": {"lasts": "8h"},
    "dkim.domain": DKIM,
    "dkim.selector": DKIM,
    "dkim.key_file": DKIM,
}
"""What else must be set in the section, so that a setting can be."""


def with_setting(key: str, value: object) -> Document:
    section, _, name = key.rpartition(".")
    if not section:
        return changed(**{name: value})
    return changed(**{section: COMPANIONS.get(key, {}) | {name: value}})


def variable(key: str) -> str:
    return f"CAMPAIGN_{key.replace('.', '__').upper()}"


def attribute(loaded: Settings, key: str) -> object:
    value: object = loaded
    for name in key.replace("message.from", "message.sender").replace("bounces.mailbox", "mailbox").split("."):
        if isinstance(value, tuple):  # of the tables that there may be several of
            (value,) = value
        value = getattr(value, name)
    return value


class Folder:
    """A folder with a campaign.toml to load."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "campaign.toml"

    def load(
        self,
        document: Document | str | bytes = MINIMAL,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, object] | None = None,
    ) -> Settings:
        content = toml(document) if isinstance(document, dict) else document
        self.file.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_settings(self.file, overrides=overrides or {}, environ=environ or {})

    def refusal(
        self,
        document: Document | str | bytes = MINIMAL,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, object] | None = None,
    ) -> SettingsError:
        with pytest.raises(SettingsError) as caught:
            self.load(document, environ, overrides)
        assert caught.value.where
        assert caught.value.fix
        return caught.value

    def attempt(
        self, document: Document | str | bytes, environ: Mapping[str, str] | None = None
    ) -> SettingsError | None:
        """Whatever else is raised fails the test."""
        try:
            self.load(document, environ)
        except SettingsError as error:
            return error
        return None

import copy
import json
import os
import pickle
import tomllib
import traceback
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from campaign.errors import SettingsError
from campaign.settings import (
    WANTED,
    Settings,
    is_this_machine,
    load_settings,
    open_to_others,
    output_paths,
    require_secrets,
    secret_files,
)

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

DESIGN = """
name = "autumn-orders"                 # a contact is mailed once per name

[contacts]
file = "contacts.csv"
email_column = "email"
suppress = ["unsubscribed.csv"]        # CSVs with an e-mail column, or one address a line

[message]
template = "../templates/login_link"   # folder: subject.txt, body.html, body.txt
from = "Acme <hello@acme.example>"
reply_to = "support@acme.example"
return_path = "bounces@acme.example"
unsubscribe_url = "https://acme.example/unsubscribe?e={{ contact.email | urlencode }}"   # RFC 8058 one-click
unsubscribe_mailto = "unsubscribe@acme.example"

[window]
opens = 2026-11-23T09:00:00            # local to `timezone`
closes = 2026-11-23T17:00:00           # or: lasts = "8h"
timezone = "America/New_York"

[link]
domain = "acme.myclickfunnels.com"     # the custom domain, once one is connected
redirect_to = "https://acme.myclickfunnels.com/customers/profiles/{{ contact.profile_id }}/orders"
grace = "1h"                           # exp = window's close + grace

[smtp]
host = "smtp.acme.example"
port = 587
security = "starttls"                  # starttls | tls | none
username = "campaigns"
connections = 10
rate = 50                              # messages a second, all connections together; absent: unlimited
messages_per_connection = 500

[retry]
tries = 5
"""

# For every setting: two values as text, and what they become.
GOOD: dict[str, list[tuple[str, object]]] = {
    "name": [("spring", "spring"), ("A_1.b", "A_1.b")],
    "contacts.file": [("/data/a.csv", Path("/data/a.csv")), ("/data/b.csv", Path("/data/b.csv"))],
    "contacts.email_column": [("E-Mail", "E-Mail"), ("mail address", "mail address")],
    "contacts.suppress": [("/a.csv, /b.csv", (Path("/a.csv"), Path("/b.csv"))), ('["/c,d.csv"]', (Path("/c,d.csv"),))],
    "contacts.suppress_lenient": [("true", True), ("False", False)],
    "contacts.encoding": [("cp1250", "cp1250"), ("Windows-1252", "Windows-1252")],
    "message.template": [("/letters/a", Path("/letters/a")), ("/letters/b", Path("/letters/b"))],
    "message.from": [("a@b.example", "a@b.example"), ('"A, B" <c@d.example>', '"A, B" <c@d.example>')],
    "message.reply_to": [("a@b.example", "a@b.example"), ("Ä Ö <c@d.example>", "Ä Ö <c@d.example>")],
    "message.return_path": [("a@b.example", "a@b.example"), ("a@bücher.example", "a@xn--bcher-kva.example")],
    "message.unsubscribe_url": [("https://a.example/", "https://a.example/"), ("HTTPS://{{ x }}", "HTTPS://{{ x }}")],
    "message.unsubscribe_mailto": [("a@b.example", "a@b.example"), ("é@b.test", "é@b.test")],
    "window.opens": [("2026-11-23T09:00", datetime(2026, 11, 23, 9)), ("2026-11-23", datetime(2026, 11, 23))],
    "window.closes": [
        ("2026-11-23 17:00:00", datetime(2026, 11, 23, 17)),
        ("2026-11-23T17:00Z", datetime(2026, 11, 23, 17, tzinfo=UTC)),
    ],
    "window.lasts": [("8h", timedelta(hours=8)), ("1h30m", timedelta(minutes=90))],
    "window.timezone": [("Europe/London", "Europe/London"), ("Asia/Tokyo", "Asia/Tokyo")],
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
    "smtp.messages_per_connection": [("1", 1), ("100", 100)],
    "smtp.pipelining": [("envelope", "envelope"), ("Off", "off")],
    "smtp.minutes_per_connection": [("0.5", 0.5), ("60", 60.0)],
    "smtp.timeout": [("5s", timedelta(seconds=5)), ("250ms", timedelta(milliseconds=250))],
    "retry.tries": [("1", 1), ("100", 100)],
    "retry.first_wait": [("1s", timedelta(seconds=1)), ("10ms", timedelta(milliseconds=10))],
    "retry.longest_wait": [("1h", timedelta(hours=1)), ("1d", timedelta(days=1))],
    "retry.stop_after": [("1", 1), ("500", 500)],
    "results.spreadsheet_safe": [("true", True), ("No", False)],
    "ledger.path": [("/a/x.ledger", Path("/a/x.ledger")), ("/b/y.db", Path("/b/y.db"))],
}
SECRETS = ["link.secret", "smtp.password"]
REQUIRED = ["name", "contacts.file", "message.template", "message.from", "link.domain", "smtp.host"]


def toml(document: Document) -> str:
    """Enough of a TOML writer for these tests: top-level values, then sections one deep."""
    lines = [f"{toml_key(key)} = {toml_value(value)}" for key, value in document.items() if not isinstance(value, dict)]
    for section, content in document.items():
        if isinstance(content, dict):
            lines += [f"[{toml_key(section)}]", *(f"{toml_key(key)} = {toml_value(v)}" for key, v in content.items())]
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


COMPANIONS: dict[str, Document] = {
    "smtp.token_command": {"username": "campaigns"},
    "smtp.client_key": {"client_cert": "client.pem"},
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
    for name in key.replace("message.from", "message.sender").split("."):
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


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# What there is


def test_the_file_of_the_design(folder: Folder) -> None:
    loaded = folder.load(DESIGN)
    assert loaded.name == "autumn-orders"
    assert loaded.path == folder.file
    assert loaded.folder == folder.path
    assert loaded.contacts.file == folder.path / "contacts.csv"
    assert loaded.contacts.suppress == (folder.path / "unsubscribed.csv",)
    assert loaded.message.template == folder.path.parent / "templates" / "login_link"
    assert loaded.message.sender == "Acme <hello@acme.example>"
    assert loaded.message.sender_address == "hello@acme.example"
    assert loaded.message.return_path == "bounces@acme.example"
    assert loaded.window.opens == datetime(2026, 11, 23, 9)
    assert loaded.window.closes == datetime(2026, 11, 23, 17)
    assert loaded.window.timezone == "America/New_York"
    assert loaded.link.grace == timedelta(hours=1)
    assert loaded.smtp.rate == 50.0
    assert loaded.retry.tries == 5
    assert loaded.link.secret is None
    assert loaded.smtp.password is None


def test_defaults(folder: Folder) -> None:
    loaded = folder.load()
    assert loaded.contacts.email_column == "email"
    assert loaded.contacts.suppress == ()
    assert loaded.message.return_path == "hello@acme.example"
    assert (loaded.window.opens, loaded.window.closes, loaded.window.lasts) == (None, None, None)
    assert loaded.window.timezone == "UTC"
    assert loaded.link.grace == timedelta(hours=1)
    smtp = loaded.smtp
    assert (smtp.port, smtp.security, smtp.username, smtp.connections, smtp.rate) == (587, "starttls", None, 10, None)
    assert (smtp.messages_per_connection, smtp.minutes_per_connection) == (500, 10)
    assert smtp.timeout == timedelta(seconds=60)
    retry = loaded.retry
    assert (retry.tries, retry.stop_after) == (5, 20)
    assert (retry.first_wait, retry.longest_wait) == (timedelta(seconds=30), timedelta(minutes=15))


def test_every_setting_is_tried_below_and_says_what_it_wants() -> None:
    assert set(GOOD) == set(WANTED) - set(SECRETS)
    assert all(wanted.words for wanted in WANTED.values())


@pytest.mark.parametrize("key", GOOD)
def test_the_example_of_every_setting_is_accepted(folder: Folder, key: str) -> None:
    example = tomllib.loads(f"example = {WANTED[key].example}")["example"]
    assert attribute(folder.load(with_setting(key, example)), key) is not None


@pytest.mark.parametrize(("key", "text", "value"), [(key, *pair) for key, pairs in GOOD.items() for pair in pairs])
def test_every_setting_can_come_from_the_environment_and_from_an_option(
    folder: Folder, key: str, text: str, value: object
) -> None:
    base = changed(retry={"first_wait": "1ms"}) if key != "retry.first_wait" else changed()
    if key in COMPANIONS:
        base[key.partition(".")[0]] |= COMPANIONS[key]
    assert attribute(folder.load(base, {variable(key): text}), key) == value
    assert attribute(folder.load(base, {}, {key: text}), key) == value


@pytest.mark.parametrize("key", GOOD)
def test_an_option_beats_the_environment_which_beats_the_file(folder: Folder, key: str) -> None:
    (first, first_value), (second, second_value) = GOOD[key]
    file = with_setting(key, first)
    assert attribute(folder.load(file), key) == first_value
    assert attribute(folder.load(file, {variable(key): second}), key) == second_value
    assert attribute(folder.load(file, {variable(key): second}, {key: first}), key) == first_value
    assert attribute(folder.load(file, {variable(key): second}, {key: None}), key) == second_value


def test_a_value_that_is_beaten_is_not_judged(folder: Folder) -> None:
    assert folder.load(changed(smtp={"port": "none"}), {"CAMPAIGN_SMTP__PORT": "25"}).smtp.port == 25


def test_closes_and_lasts_displace_each_other_across_sources_but_not_within_one(folder: Folder) -> None:
    file = changed(window={"closes": datetime(2026, 11, 23, 17)})
    by_option = folder.load(file, {}, {"window.lasts": "2h"}).window
    assert (by_option.closes, by_option.lasts) == (None, timedelta(hours=2))
    by_environment = folder.load(file, {"CAMPAIGN_WINDOW__LASTS": "3h"}).window
    assert (by_environment.closes, by_environment.lasts) == (None, timedelta(hours=3))
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    over_both = folder.load(file, {"CAMPAIGN_WINDOW__LASTS": "3h"}, {"window.closes": moment}).window
    assert (over_both.closes, over_both.lasts) == (moment, None)
    error = folder.refusal(changed(window={"closes": datetime(2026, 11, 23, 17), "lasts": "8h"}))
    assert error.what == "window.lasts: closes is given as well"


def test_moments_of_the_file_and_of_the_program(folder: Folder) -> None:
    text = toml(MINIMAL) + "\n[window]\nopens = 2026-11-23\ncloses = 2026-11-23T17:00:00-05:00"
    loaded = folder.load(text).window
    assert loaded.opens == datetime(2026, 11, 23)
    assert loaded.closes == datetime(2026, 11, 23, 17, tzinfo=timezone(timedelta(hours=-5)))
    assert folder.load(MINIMAL, {}, {"window.lasts": timedelta(hours=8)}).window.lasts == timedelta(hours=8)


def test_settings_are_frozen_and_can_be_sent_to_another_process(folder: Folder) -> None:
    loaded = folder.load(DESIGN, {"CAMPAIGN_LINK__SECRET": "s" * 32})
    assert pickle.loads(pickle.dumps(loaded)) == loaded
    with pytest.raises(AttributeError, match="frozen"):
        loaded.smtp.port = 25
    with pytest.raises(AttributeError, match="frozen"):
        loaded.name = "other"


def test_paths_are_relative_to_the_file_not_to_the_working_directory(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.load(changed(contacts={"suppress": ["../out.csv", "/abs.csv"]}))
    monkeypatch.chdir(folder.path.parent)
    loaded = load_settings(Path(folder.path.name, "campaign.toml"), environ={})
    assert loaded.path == folder.file
    assert loaded.contacts.file == folder.path / "contacts.csv"
    assert loaded.contacts.suppress == (folder.path.parent / "out.csv", Path("/abs.csv"))


def test_a_link_to_another_folder_is_followed_before_dots(folder: Folder) -> None:
    (folder.path / "far" / "away").mkdir(parents=True)
    (folder.path / "near").symlink_to(folder.path / "far" / "away")
    loaded = folder.load(changed(contacts={"file": "near/../contacts.csv"}))
    (folder.path / "far" / "contacts.csv").write_text("here")
    assert loaded.contacts.file.read_text() == "here"


def test_the_real_environment_is_the_default(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CAMPAIGN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CAMPAIGN_SMTP__PORT", "2525")
    folder.load()
    assert load_settings(folder.file).smtp.port == 2525


# What is refused


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("smtp.port", 0, "smtp.port is 0; it must be a whole number from 1 to 65535"),
        ("smtp.port", 65536, "smtp.port is 65536"),
        ("smtp.port", True, "smtp.port is true; it must be a whole number"),
        ("smtp.port", "smtp", "smtp.port is 'smtp'; it must be a whole number"),
        ("smtp.port", 25.5, "smtp.port is 25.5; it must be a whole number"),
        ("smtp.port", [25], "smtp.port is a list; it must be a whole number"),
        ("smtp.port", {"a": 1}, "smtp.port is a section; it must be a whole number"),
        ("smtp.connections", 0, "smtp.connections is 0; it must be a whole number from 1 to 1000"),
        ("smtp.connections", 1001, "smtp.connections is 1001"),
        ("smtp.rate", 0, "smtp.rate is 0; it must be messages a second, above 0"),
        ("smtp.rate", -1.5, "smtp.rate is -1.5"),
        ("smtp.rate", float("nan"), "smtp.rate is nan"),
        ("smtp.rate", float("inf"), "smtp.rate is inf"),
        ("smtp.messages_per_connection", 0, "smtp.messages_per_connection is 0"),
        ("smtp.minutes_per_connection", 0, "smtp.minutes_per_connection is 0"),
        ("smtp.security", "plain", 'smtp.security is \'plain\'; it must be "starttls", "tls" or "none"'),
        ("smtp.security", "SSL", "smtp.security is 'SSL'; TLS from the first byte"),
        ("smtp.timeout", 60, "smtp.timeout: '60' has no unit"),
        ("smtp.timeout", "0s", "smtp.timeout is '0s'; it must be 10 milliseconds to 1 hour"),
        ("smtp.username", "", "smtp.username is ''; it is blank"),
        ("smtp.username", "a\r\nb", "smtp.username is 'a\\r\\nb'; it has a line break"),
        ("retry.tries", 0, "retry.tries is 0"),
        ("retry.tries", 101, "retry.tries is 101"),
        ("retry.stop_after", 0, "retry.stop_after is 0"),
        ("retry.longest_wait", "1s", "retry.longest_wait: it is shorter than retry.first_wait"),
        ("link.grace", "1 fortnight", "link.grace: '1 fortnight' is not a length of time"),
        ("link.grace", "0s", "link.grace is '0s'; it must be 1 second to 366 days"),
        ("link.grace", 3600, "link.grace: '3600' has no unit"),
        ("link.grace", clock(8, 0), "link.grace is 08:00:00; that is a time of day"),
        ("window.lasts", "400000d", "window.lasts: '400000d' is longer than a hundred years"),
        ("window.opens", "tomorrow", "window.opens: 'tomorrow' is not a date and time"),
        ("window.opens", clock(9, 0), "window.opens is 09:00:00; it is a time without a date"),
        ("window.opens", 9, "window.opens is 9; it must be a date and time"),
        ("window.closes", date(2026, 11, 23), "window.closes: 2026-11-23 is a date without a time"),
        ("contacts.file", 5, "contacts.file is 5; it must be text"),
        ("contacts.file", "a\0b", "contacts.file is 'a\\x00b'; it has a line break or another control character"),
        ("contacts.suppress", [1], "contacts.suppress is a list; it must be text"),
        ("contacts.suppress", '["a', "contacts.suppress is '[\"a'; it begins like a JSON list"),
        ("contacts.email_column", " ", "contacts.email_column is ' '; it is blank"),
        ("contacts.suppress_lenient", "maybe", "contacts.suppress_lenient is 'maybe'; it wants true or false"),
        ("results.spreadsheet_safe", "maybe", "results.spreadsheet_safe is 'maybe'; it wants true or false"),
        ("contacts.suppress_lenient", 1.5, "contacts.suppress_lenient is 1.5; it wants true or false"),
        ("contacts.encoding", 1252, "contacts.encoding is 1252; it must be text"),
        ("contacts.encoding", "cp1253x", "contacts.encoding is 'cp1253x'; it is no text encoding that is known here"),
        ("contacts.encoding", "base64", "contacts.encoding is 'base64'; it is no text encoding that is known here"),
        ("contacts.encoding", "rot13", "contacts.encoding is 'rot13'; it is no text encoding that is known here"),
        ("contacts.encoding", "idna", "contacts.encoding is 'idna'; it is no text encoding that is known here"),
        ("contacts.encoding", "unicode_escape", "is no text encoding that is known here"),
        ("name", "", "name is ''; it is blank"),
        ("name", "a/b", "name is 'a/b'; it becomes part of file names"),
        ("name", ".hidden", "name is '.hidden'"),
        ("name", "x" * 65, "name is 'xxx"),
        ("name", "grüße", "name is 'grüße'"),
        ("name", "a\n", "name is 'a\\n'"),
        ("name", "a-Sandbox", "name is 'a-Sandbox'; names that end in '-sandbox'"),
        ("message.from", "Acme", "message.from is 'Acme'; that is not an e-mail address"),
        ("message.from", "Acme, Inc <a@b.example>", "a name with punctuation in it needs double quotes"),
        ("message.from", "a@b.example, c@d.example", "message.from is"),
        ("message.from", "a@b.example\nBcc: c@d.example", "it has a line break"),
        ("message.from", "<a@b.example> Acme", "message.from is"),
        ("message.from", "a@acme", "that is not an e-mail address"),
        ("message.from", "a..b@acme.example", "the part before the @"),
        ("message.from", "a@-acme.example", "that is not an e-mail address"),
        ("message.reply_to", "a b@acme.example", "the part before the @"),
        ("message.return_path", "Acme <a@b.example>", "it must be a bare address"),
        ("message.return_path", "", "it is blank"),
        ("message.unsubscribe_mailto", "mailto:a@b.example", "it must be the address alone"),
        ("message.unsubscribe_url", "http://acme.example/", "it must begin with https://"),
        ("message.unsubscribe_url", "https://", "no host follows"),
        ("message.unsubscribe_url", "https://acme.example/a b", "outside {{ … }} a URL can't have spaces"),
        ("message.unsubscribe_url", "https://acme.example/>", "outside {{ … }} a URL can't have spaces"),
        ("message.unsubscribe_url", "https://acme.example/\r\nBcc: x", "it has a line break"),
        ("link.redirect_to", "/orders", "link.redirect_to is '/orders'; it must begin with https://"),
        ("link.redirect_to", "{{ contact.url }}", "it must begin with https://"),
        ("link.redirect_hosts", 7, "it must be a list of host names"),
        ("link.redirect_hosts", ["https://shop.example/"], "it is a URL"),
        ("link.redirect_hosts", ["a@shop.example"], "it has an @ in it"),
        ("link.redirect_hosts", ["*.shop.example"], "that is not a host name"),
        ("link.redirect_hosts", ["shop.example:https"], "what follows the colon is no port"),
        ("link.redirect_hosts", ["shop.example:65536"], "what follows the colon is no port"),
        ("link.domain", "https://acme.example", "link.domain is 'https://acme.example'; it is a URL"),
        ("link.domain", "acme.example/orders", "link.domain is 'acme.example/orders'; it has a path"),
        ("link.domain", "acme.example:443", "link.domain is 'acme.example:443'; it has a port"),
        ("link.domain", "acme", "that is not a domain name"),
        ("link.domain", "192.0.2.1", "that is not a domain name"),
        ("link.domain", "acme_shop.example", "that is not a domain name"),
        ("link.domain", "a.example b.example", "that is not a domain name"),
        ("smtp.host", "smtp://smtp.acme.example", "smtp.host is 'smtp://smtp.acme.example'; it is a URL"),
        ("smtp.host", "smtp.acme.example:25", "smtp.host is 'smtp.acme.example:25'; it has the port in it"),
        ("smtp.host", "[2001:db8::1]:25", "it has the port in it"),
        ("smtp.host", "smtp acme", "that is neither a host name"),
        ("smtp.host", "1.2.3", "that is neither a host name"),
        ("smtp.host", "1.2.3.400", "that is neither a host name"),
    ],
)
def test_a_value_out_of_bounds_is_named_quoted_and_answered(
    folder: Folder, key: str, value: object, words: str
) -> None:
    error = folder.refusal(with_setting(key, value))
    assert words in error.what
    assert key in error.what
    assert error.where == str(folder.file)
    assert "settings are wrong" not in error.what


@pytest.mark.parametrize("host", ["mailpit", "mail_server", "smtp.acme.example", "SMTP.Acme.Example.", "2001:db8::1"])
def test_hosts_of_private_networks_are_hosts_too(folder: Folder, host: str) -> None:
    assert folder.load(changed(smtp={"host": host})).smtp.host == host.lower().removesuffix(".")


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("link.domain", "https://Acme.example/orders", 'domain = "acme.example"'),
        ("link.domain", "acme.example/orders", 'domain = "acme.example"'),
        ("link.domain", "acme.example:443", 'domain = "acme.example"'),
        ("smtp.host", "smtps://smtp.acme.example:465", 'host = "smtp.acme.example"'),
        ("smtp.host", "smtp.acme.example:2525", 'host = "smtp.acme.example" and port = 2525'),
        ("smtp.security", "ssl", 'write "tls"'),
        ("window.lasts", 8, '"8h" (hours)'),
        ("window.closes", date(2026, 11, 23), "2026-11-23T17:00"),
    ],
)
def test_the_advice_fits_the_mistake(folder: Folder, key: str, value: object, fix: str) -> None:
    assert fix in folder.refusal(with_setting(key, value)).fix


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (changed(smtp={"hots": "x"}), "no such setting smtp.hots; did you mean smtp.host?"),
        (changed(nane="x"), "no such setting nane; did you mean name?"),
        (changed(host="x"), "no such setting host; did you mean smtp.host?"),
        (changed(message={"domain": "x"}), "no such setting message.domain; did you mean link.domain?"),
        (changed(message={"reply-to": "x"}), "no such setting message.reply-to; did you mean message.reply_to?"),
        (changed(smtp={"Port": 5}), "no such setting smtp.Port; did you mean smtp.port?"),
        (changed(retry={"zzz": 5}), "no such setting retry.zzz"),
        (changed(links={"grace": "2h"}), "no such section [links]; did you mean [link]?"),
        (changed(zzz={"grace": "2h"}), "no such section [zzz]"),
        (changed(path="/x"), "no such setting path; did you mean ledger.path?"),
        (changed(window="8h"), "window is not a section"),
        (changed(window=[{"lasts": "8h"}]), "window is not a section"),
    ],
)
def test_a_name_of_no_setting_is_refused_with_the_nearest(folder: Folder, document: Document, words: str) -> None:
    assert folder.refusal(document).what == words


@pytest.mark.parametrize("missing", REQUIRED)
def test_what_is_missing_is_named_with_the_line_to_add(folder: Folder, missing: str) -> None:
    document = copy.deepcopy(MINIMAL)
    section, _, name = missing.rpartition(".")
    del (document[section] if section else document)[name]
    error = folder.refusal(document)
    assert error.what.startswith(f"{missing} is missing; it must be")
    assert f"{name} = {WANTED[missing].example}" in error.fix


def test_an_empty_file_names_all_that_is_missing(folder: Folder) -> None:
    what = folder.refusal("").what
    for missing in REQUIRED:
        assert f"{missing} is missing" in what
    assert "6 settings are wrong" in what


def test_a_misspelt_setting_is_not_called_missing_as_well(folder: Folder) -> None:
    document = copy.deepcopy(MINIMAL)
    document["smtp"] = {"hots": "smtp.acme.example"}
    assert folder.refusal(document).what == "no such setting smtp.hots; did you mean smtp.host?"


def test_everything_wrong_is_told_at_once_and_where(folder: Folder) -> None:
    error = folder.refusal(
        changed(smtp={"port": 0, "hots": "x", "password": "p"}, retry={"tries": "often"}, link={"domain": "x"}),
        {"CAMPAIGN_SMTP__RATE": "fast", "CAMPAIGN_NMAE": "x"},
        {"link.grace": "8"},
    )
    assert error.what.startswith("8 settings are wrong:")
    lines = error.what.splitlines()
    for words in (
        "smtp.port is 0",
        "smtp.hots; did you mean smtp.host?",
        "smtp.password",
        "retry.tries is 'often'",
        "link.domain is 'x'",
        "CAMPAIGN_SMTP__RATE: smtp.rate is 'fast'",
        "CAMPAIGN_NMAE names no setting; did you mean CAMPAIGN_NAME?",
        "the option for link.grace: link.grace: '8' has no unit",
    ):
        assert sum(words in line for line in lines) == 1, words
    for place in (str(folder.file), "CAMPAIGN_SMTP__RATE", "the environment", "the option for link.grace"):
        assert place in error.where


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CAMPAIGN_SMTP__HOTS", "did you mean CAMPAIGN_SMTP__HOST?"),
        ("CAMPAIGN_SMTP_HOST", "did you mean CAMPAIGN_SMTP__HOST?"),
        ("CAMPAIGN_SMTP.HOST", "did you mean CAMPAIGN_SMTP__HOST?"),
        ("CAMPAIGN_smtp__host", "did you mean CAMPAIGN_SMTP__HOST?"),
        ("CAMPAIGN_LINK_SECRET", "did you mean CAMPAIGN_LINK__SECRET?"),
        ("CAMPAIGN_SMTP__PASWORD_FILE", "did you mean CAMPAIGN_SMTP__PASSWORD_FILE?"),
        ("CAMPAIGN_SMTP__HOST_FILE", "names no setting"),
        ("CAMPAIGN_SMTP", "names no setting"),
        ("CAMPAIGN_", "names no setting"),
        ("CAMPAIGN_PATH", "names no setting"),
    ],
)
def test_a_variable_that_names_no_setting_is_refused(folder: Folder, name: str, words: str) -> None:
    error = folder.refusal(MINIMAL, {name: "hunter2"})
    assert error.what.startswith(f"{name} names no setting")
    assert words in error.what
    assert "hunter2" not in str(error)


def test_other_peoples_variables_and_empty_ones_are_left_alone(folder: Folder) -> None:
    environ = {"PATH": "/bin", "SMTP__HOST": "x", "MY_CAMPAIGN_X": "y", "CAMPAIGN_SMTP__HOST": "", "CAMPAIGNS": "1"}
    assert folder.load(MINIMAL, environ).smtp.host == "smtp.acme.example"


def test_a_variable_is_named_where_its_value_is_refused(folder: Folder) -> None:
    assert folder.refusal(MINIMAL, {"CAMPAIGN_SMTP__PORT": "x"}).where == "CAMPAIGN_SMTP__PORT"
    assert folder.refusal(MINIMAL, {"CAMPAIGN_CONTACTS__FILE": "\udcff"}).where == "CAMPAIGN_CONTACTS__FILE"


def test_an_option_of_no_setting_is_refused(folder: Folder) -> None:
    assert folder.refusal(MINIMAL, {}, {"smtp.prot": 25}).what == "no such setting smtp.prot; did you mean smtp.port?"


# The file itself


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('name = "x"\nport = = 5', "line 2, column 8"),
        ("name = x", "line 1, column 8"),
        ('name = "a"\nname = "b"\n', "line 2, column 11"),
        ('name = "a\n', "line 1, column 10"),
        ('name = """a\nb', "line 2, column 2 (the end)"),
        ("[smtp", "line 1, column 6 (the end)"),
    ],
)
def test_a_mistake_of_syntax_is_told_with_its_place(folder: Folder, content: str, place: str) -> None:
    error = folder.refusal(content)
    assert error.what.startswith("the settings file is not TOML: ")
    assert error.where == f"{folder.file}, {place}"


@pytest.mark.parametrize("content", ["a = " + "[" * 50_000, "a = " + "9" * 5000, "a" + ".a" * 2000 + " = 1"])
def test_monstrous_toml_is_refused(folder: Folder, content: str) -> None:
    assert folder.refusal(content)


def test_a_number_of_thousands_of_digits_is_refused_without_writing_it_out(folder: Folder) -> None:
    error = folder.refusal(toml(MINIMAL) + "\nport = 0x" + "f" * 6000)
    assert error.what.startswith("smtp.port is a number too large; it must be")


def test_a_byte_order_mark_and_windows_lines_are_no_mistake(folder: Folder) -> None:
    content = b"\xef\xbb\xbf" + toml(MINIMAL).replace("\n", "\r\n").encode()
    assert folder.load(content) == folder.load()


def test_what_is_not_utf8_is_told_with_its_place(folder: Folder) -> None:
    error = folder.refusal('name = "a"\n[smtp]\nhost = "grü'.encode("latin-1"))
    assert error.where == f"{folder.file}, line 3, byte 11"
    assert "UTF-8" in error.what
    assert folder.refusal(toml(MINIMAL).encode("utf-16"))


def test_files_that_are_none(folder: Folder, tmp_path: Path) -> None:
    folder.load()
    for path, words in [
        (tmp_path / "no.toml", "no such settings file"),
        (tmp_path, "a folder"),
        (tmp_path / "campaign.toml" / "x", "can't be read"),
        (tmp_path / ("x" * 300), "can't be read"),
        (tmp_path / "a\0b", "can't be read"),
    ]:
        with pytest.raises(SettingsError, match=words) as caught:
            load_settings(path, environ={})
        assert caught.value.fix
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environ={})
    assert str(folder.file) in caught.value.fix


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(folder: Folder) -> None:
    folder.load()
    folder.file.chmod(0)
    with pytest.raises(SettingsError, match="can't be read: Permission denied"):
        load_settings(folder.file, environ={})


def test_a_file_too_large_to_be_settings(folder: Folder) -> None:
    assert "larger than 1 MiB" in folder.refusal(b"# " * 600_000).what


# Secrets


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize(
    ("content", "secret"),
    [
        ("s3cret\n", "s3cret"),
        ("s3cret\r\n", "s3cret"),
        ("s3cret\r", "s3cret"),
        ("\ufeffs3cret", "s3cret"),
        ("\ufeffs3cret\r\n", "s3cret"),
        (" ä ", " ä "),
        ("it's", "it's"),
        ('"half', '"half'),
        ("'", "'"),
        ("ab=cd==", "ab=cd=="),
    ],
)
def test_a_secret_comes_from_a_variable_or_the_file_it_names(
    folder: Folder, key: str, content: str, secret: str
) -> None:
    (folder.path / "secret.txt").write_bytes(content.encode())
    by_value = folder.load(MINIMAL, {variable(key): secret})
    by_file = folder.load(MINIMAL, {f"{variable(key)}_FILE": "secret.txt", variable(key): ""})
    for loaded in (by_value, by_file):
        found = attribute(loaded, key)
        assert isinstance(found, SecretStr)
        assert found.get_secret_value() == secret


@pytest.mark.parametrize("key", SECRETS)
def test_both_a_secret_and_its_file_are_one_too_many(folder: Folder, key: str) -> None:
    error = folder.refusal(MINIMAL, {variable(key): "hunter2", f"{variable(key)}_FILE": "secret.txt"})
    assert "both" in error.what
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"\xff", "not UTF-8"),
        *((text.encode(coding), "UTF-16") for text in ("hunter2",) for coding in ("utf-16", "utf-16-le", "utf-16-be")),
        ("hunter2".encode("utf-32"), "UTF-32"),
        (b"hunter2\n\n", "more than one line"),
        (b"hunter2\nhunter3\n", "more than one line"),
        (b"hunter2\r\nhunter3", "more than one line"),
        ("hunter2\u2028hunter3".encode(), "more than one line"),
        (b"\nhunter2\n", "more than one line"),
        (b"hunter2\t", "control character"),
        (b"\x1bhunter2", "control character"),
        ("hunter2\u200b\n".encode(), "invisible character"),
        ("\ufeff\ufeffhunter2".encode(), "invisible character"),
        (b'"hunter2"\n', "quotes around"),
        (b"'hunter2'", "quotes around"),
        ("\ufeff“hunter2”\r\n".encode(), "quotes around"),
        (b"CAMPAIGN_SMTP__PASSWORD=hunter2\n", "sets a variable"),
        (b"export CAMPAIGN_SMTP__PASSWORD = hunter2", "sets a variable"),
    ],
)
def test_a_secret_file_that_is_no_good_is_refused(folder: Folder, content: bytes | None, words: str) -> None:
    if content is not None:
        (folder.path / "secret.txt").write_bytes(content)
    error = folder.refusal(MINIMAL, {"CAMPAIGN_SMTP__PASSWORD_FILE": "secret.txt"})
    assert words in error.what
    assert error.where == "CAMPAIGN_SMTP__PASSWORD_FILE"
    assert str(folder.path if content is None else folder.path / "secret.txt") in error.what
    assert error.fix
    assert "hunter" not in str(error)


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize(
    "wrapped", ['"hunter2"', "hunter2\nhunter3", "hunter2\x07", "hunter2\u200b", "\ufeff", "“hunter2”"]
)
def test_a_secret_in_a_variable_is_held_to_the_same_rules(folder: Folder, key: str, wrapped: str) -> None:
    error = folder.refusal(MINIMAL, {variable(key): wrapped})
    assert error.where == variable(key)
    assert variable(key) in error.what
    assert "hunter" not in str(error)


@pytest.mark.parametrize("wrapped", ["\ufeffhunter2", "hunter2\n", "\ufeffhunter2\r\n"])
def test_what_a_copy_leaves_around_a_secret_in_a_variable_is_no_part_of_it(folder: Folder, wrapped: str) -> None:
    found = folder.load(MINIMAL, {"CAMPAIGN_SMTP__PASSWORD": wrapped}).smtp.password
    assert found is not None and found.get_secret_value() == "hunter2"


def test_a_tilde_is_the_home_folder(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    home = folder.path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (home / "key").write_text("s3cret")
    loaded = folder.load(
        changed(contacts={"file": "~/people.csv", "suppress": ["~/gone.csv"]}),
        {"CAMPAIGN_LINK__SECRET_FILE": "~/key"},
    )
    assert loaded.link.secret is not None and loaded.link.secret.get_secret_value() == "s3cret"
    assert loaded.contacts.file == home / "people.csv"
    assert loaded.contacts.suppress == (home / "gone.csv",)
    missing = folder.refusal(MINIMAL, {"CAMPAIGN_LINK__SECRET_FILE": "~/.secrets/key"})
    assert str(home / ".secrets" / "key") in missing.what


def test_a_missing_file_is_named_where_it_can_be_no_secret(folder: Folder) -> None:
    (folder.path / "secrets").mkdir()
    for value, named in {"secrets/key": True, f"{folder.path}/key": True, "key": False, "Zm/8key": False}.items():
        error = folder.refusal(MINIMAL, {"CAMPAIGN_LINK__SECRET_FILE": value})
        assert (value in error.what) is named, value


def test_files_of_secrets_that_others_may_read_are_found(folder: Folder) -> None:
    for name, mode in {"own": 0o600, "group": 0o640, "all": 0o604, "key.pem": 0o644}.items():
        (folder.path / name).write_text("s3cret")
        (folder.path / name).chmod(mode)
    document = changed(smtp={"client_cert": "cert.pem", "client_key": "key.pem"})
    for own, expected in {"own": [], "group": ["its group"], "all": ["everybody"]}.items():
        environ = {"CAMPAIGN_LINK__SECRET_FILE": own, "CAMPAIGN_SMTP__PASSWORD_FILE": "own"}
        found = list(open_to_others(secret_files(folder.load(document, environ), environ)))
        assert [who for _, _, who in found] == [*expected, "everybody"]
        assert found[-1] == ("smtp.client_key", folder.path / "key.pem", "everybody")


def test_a_folder_a_nul_and_a_huge_file_are_no_secret(folder: Folder) -> None:
    (folder.path / "huge").write_bytes(b"x" * 70_000)
    for value in (".", "a\0b", "huge"):
        assert folder.refusal(MINIMAL, {"CAMPAIGN_LINK__SECRET_FILE": value})


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_in_the_file_or_an_option_is_refused_by_name(folder: Folder, key: str) -> None:
    for error in (folder.refusal(with_setting(key, "hunter2")), folder.refusal(MINIMAL, {}, {key: "hunter2"})):
        assert key in error.what
        assert variable(key) in error.fix
        assert "hunter2" not in str(error)


@pytest.mark.parametrize("document", [changed(password="hunter2"), changed(smtp={"passwd": "x"}), changed(secret="x")])
def test_a_secret_under_another_name_is_still_told_where_to_go(folder: Folder, document: Document) -> None:
    error = folder.refusal(document)
    assert "CAMPAIGN_" in error.fix
    assert "hunter2" not in str(error)


def test_require_secrets(folder: Folder) -> None:
    bare = folder.load(changed(smtp={"username": "campaigns"}))
    require_secrets(bare, sandbox=True)
    with pytest.raises(SettingsError) as caught:
        require_secrets(bare, sandbox=False)
    assert "CAMPAIGN_LINK__SECRET" in caught.value.what
    assert "CAMPAIGN_SMTP__PASSWORD" in caught.value.what
    with pytest.raises(SettingsError, match="password is missing") as caught:
        require_secrets(folder.load(changed(smtp={"username": "u"}), {"CAMPAIGN_LINK__SECRET": "x"}), sandbox=False)
    assert "CAMPAIGN_SMTP__PASSWORD_FILE" in caught.value.fix
    both = {"CAMPAIGN_LINK__SECRET": "x", "CAMPAIGN_SMTP__PASSWORD": "y"}
    require_secrets(folder.load(changed(smtp={"username": "u"}), both), sandbox=False)
    require_secrets(folder.load(MINIMAL, {"CAMPAIGN_LINK__SECRET": "x"}), sandbox=False)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "mail.localhost"])
def test_without_tls_a_password_may_go_to_this_machine(folder: Folder, host: str) -> None:
    smtp = {"host": host, "security": "none", "username": "u"}
    assert folder.load(changed(smtp=smtp), {"CAMPAIGN_SMTP__PASSWORD": "hunter2"}).smtp.security == "none"


@pytest.mark.parametrize("host", ["smtp.acme.example", "192.0.2.1", "localhost.acme.example", "::2", "128.0.0.1"])
@pytest.mark.parametrize(("username", "password"), [("u", "hunter2"), ("u", ""), (None, "hunter2")])
def test_without_tls_a_password_goes_nowhere_else(
    folder: Folder, host: str, username: str | None, password: str
) -> None:
    smtp = {"host": host, "security": "none"} | ({"username": username} if username else {})
    error = folder.refusal(changed(smtp=smtp), {"CAMPAIGN_SMTP__PASSWORD": password})
    assert error.what.startswith("smtp.security: ")
    assert "hunter2" not in str(error)


def test_without_tls_and_without_a_password_any_host_will_do(folder: Folder) -> None:
    assert folder.load(changed(smtp={"security": "none"})).smtp.security == "none"


def test_this_machine() -> None:
    assert all(map(is_this_machine, ["localhost", "LOCALHOST.", "127.0.0.1", "::1", "::ffff:127.0.0.1"]))
    assert not any(map(is_this_machine, ["0.0.0.0", "::", "10.0.0.1", "notlocalhost", "127.0.0.1.example", ""]))


PLACES = [*SECRETS, "smtp.passwd", "link.secrets", "password", "lnk.secret", "smtp.password.value"]
SECRET_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=8, max_size=30).map(
    lambda text: f"§{text}§"
)
BAD_ELSEWHERE = st.fixed_dictionaries(
    {},
    optional={
        "CAMPAIGN_SMTP__PORT": st.just("x"),
        "CAMPAIGN_SMTP__HOST": st.sampled_from(["a b", "smtp://x"]),
        "CAMPAIGN_SMTP__SECURITY": st.sampled_from(["none", "some"]),
        "CAMPAIGN_LINK__GRACE": st.just("1"),
        "CAMPAIGN_ZZZ": st.just("1"),
    },
)


@PROPERTY
@given(SECRET_TEXT, st.lists(st.sampled_from(PLACES), unique=True), BAD_ELSEWHERE, st.integers(0, 5), st.booleans())
def test_no_error_ever_shows_a_secret(
    folder: Folder, secret: str, places: list[str], environ: dict[str, str], how: int, broken: bool
) -> None:
    document = changed(smtp={"username": "u"})
    for place in places:
        section, _, name = place.partition(".")
        if name:
            document.setdefault(section, {})[name.partition(".")[0]] = {"value": secret} if "." in name else secret
        else:
            document[section] = secret
    content = toml(document) + ("\n= broken" if broken else "")
    environ = dict(environ)
    overrides: dict[str, object] = {"smtp.stop": 1}  # so that it fails whatever is drawn
    if how == 0:
        environ["CAMPAIGN_SMTP__PASSWORD"] = secret
    elif how == 1:
        environ["CAMPAIGN_LINK__SECRET_FILE"] = secret  # the secret where its path should be
    elif how == 2:
        (folder.path / "secret").write_text(secret, encoding="utf-8", newline="")
        environ |= {"CAMPAIGN_LINK__SECRET_FILE": "secret", "CAMPAIGN_LINK__SECRET": secret}
    elif how == 3:
        overrides["smtp.password"] = secret
    elif how == 4:
        environ["CAMPAIGN_SMTP__HOST"] = f"smtp://user:{secret}@smtp.acme.example"
    else:
        environ["CAMPAIGN_SMTP__PASWORD"] = secret
    error = folder.refusal(content, environ, overrides)
    told = [str(error), repr(error), *traceback.format_exception(error), repr(error.__context__), repr(error.__cause__)]
    for text in told:
        assert secret not in text
        assert repr(secret)[1:-1] not in text
        assert json.dumps(secret)[1:-1] not in text


@PROPERTY
@given(SECRET_TEXT)
def test_settings_never_show_a_secret(folder: Folder, secret: str) -> None:
    loaded = folder.load(MINIMAL, {"CAMPAIGN_LINK__SECRET": secret, "CAMPAIGN_SMTP__PASSWORD": secret})
    assert loaded.link.secret is not None
    assert loaded.link.secret.get_secret_value() == secret
    for text in (str(loaded), repr(loaded), repr(loaded.smtp), str(loaded.link), loaded.model_dump_json()):
        assert secret not in text
        assert repr(secret)[1:-1] not in text
    with pytest.raises(AttributeError, match="frozen") as caught:
        loaded.smtp.password = secret  # type: ignore[assignment]
    assert secret not in str(caught.value)


# Anything at all


SCALARS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.dates()
    | st.times()
    | st.sampled_from([text for pairs in GOOD.values() for text, _ in pairs])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text("abc", max_size=3), SCALARS, max_size=2)
SETTING_NAMES = st.sampled_from(sorted({key.rpartition(".")[2] for key in WANTED}))
SECTION_NAMES = st.sampled_from(sorted({key.partition(".")[0] for key in WANTED}))
KEYS = SETTING_NAMES | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DOCUMENTS = st.dictionaries(SECTION_NAMES | KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=4), max_size=5)


@settings(PROPERTY, max_examples=200)
@given(DOCUMENTS, st.booleans())
def test_no_document_breaks_it(folder: Folder, document: Document, minimal: bool) -> None:
    if minimal:
        base = copy.deepcopy(MINIMAL)
        for name, value in document.items():
            if isinstance(value, dict) and isinstance(base.get(name), dict):
                base[name] |= value
            else:
                base[name] = value
        document = base
    error = folder.attempt(document)
    if error is not None:
        str(error).encode()
        assert "pydantic" not in str(error)


@settings(PROPERTY, max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_break_it(folder: Folder, content: bytes) -> None:
    error = folder.attempt(content)
    assert error is not None  # nothing so short holds all that must be there
    str(error).encode()


@settings(PROPERTY, max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from([variable(key) for key in WANTED])
        | st.text(st.characters(exclude_characters="\0="), max_size=10).map(lambda name: f"CAMPAIGN_{name}"),
        st.text(st.characters(exclude_characters="\0"), max_size=20)
        | st.sampled_from([text for pairs in GOOD.values() for text, _ in pairs]),
        max_size=5,
    )
)
def test_no_environment_breaks_it(folder: Folder, environ: dict[str, str]) -> None:
    error = folder.attempt(MINIMAL, environ)
    if error is not None:
        str(error).encode()


@settings(PROPERTY, max_examples=300)
@given(st.text(max_size=30) | st.from_regex(r'["A-Za-z ,.<>@]{1,25}@[a-z.]{1,8}>?', fullmatch=True))
def test_whatever_sender_is_accepted_is_one_address_on_one_line(folder: Folder, sender: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in sender):
        sender = "a@b.example"
    error = folder.attempt(with_setting("message.from", sender))
    if error is None:
        loaded = load_settings(folder.file, environ={}).message
        assert loaded.sender.endswith((loaded.sender_address, f"<{loaded.sender_address}>"))
        assert loaded.sender_address.count("@") == 1
        assert not set(loaded.sender_address) & set(' <>",;:\r\n')
        assert len(loaded.sender.splitlines()) == 1


# Where results go


def test_results_and_ledger_lie_beside_the_file(folder: Folder) -> None:
    assert output_paths(folder.load(), None, False) == (
        folder.path / "autumn-orders-results.csv",
        folder.path / "autumn-orders.ledger",
        (folder.path / "autumn-orders-results.ledger",),
    )
    assert output_paths(folder.load(), None, True) == (
        folder.path / "autumn-orders-sandbox-results.csv",
        folder.path / "autumn-orders-sandbox.ledger",
        (folder.path / "autumn-orders-sandbox-results.ledger",),
    )


@pytest.mark.parametrize(
    ("output", "earlier", "sandbox_earlier"),
    [
        ("X.csv", "X.ledger", "X-sandbox.ledger"),
        ("X.CSV", "X.ledger", "X-sandbox.ledger"),
        ("X", "X.ledger", "X-sandbox.ledger"),
        ("v1.2", "v1.2.ledger", "v1.2-sandbox.ledger"),
        ("sub/a.b.csv", "sub/a.b.ledger", "sub/a.b-sandbox.ledger"),
    ],
)
def test_an_output_moves_the_results_alone(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, output: str, earlier: str, sandbox_earlier: str
) -> None:
    """One name, one ledger: who was mailed does not hang on where the results go."""
    loaded = folder.load()
    elsewhere = folder.path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for sandbox, old in ((False, earlier), (True, sandbox_earlier)):
        found = output_paths(loaded, Path(output), sandbox)
        assert found.results == elsewhere / output
        assert found.ledger == output_paths(loaded, None, sandbox).ledger
        assert elsewhere / old in found.earlier


def test_a_ledger_may_have_a_place_of_its_own(folder: Folder) -> None:
    loaded = folder.load(changed(ledger={"path": "kept/who.db"}))
    assert output_paths(loaded, None, False).ledger == folder.path / "kept" / "who.db"
    assert output_paths(loaded, None, True).ledger == folder.path / "kept" / "who-sandbox.db"


def test_a_link_to_the_settings_leads_to_the_same_ledger(folder: Folder, tmp_path: Path) -> None:
    loaded = folder.load()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link.toml").symlink_to(folder.file)
    linked = load_settings(elsewhere / "link.toml", environ={})
    assert output_paths(linked, None, False) == output_paths(loaded, None, False)
    assert linked.contacts.file == loaded.contacts.file


def test_a_link_in_place_of_the_ledger_is_followed(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (folder.path / "autumn-orders.ledger").symlink_to(tmp_path / "disk" / "who.ledger")
    assert output_paths(folder.load(), None, False).ledger == tmp_path / "disk" / "who.ledger"


@PROPERTY
@given(
    st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}", fullmatch=True),
    st.sampled_from([None, "out.csv", "b-sandbox.csv"]),
)
def test_a_sandbox_run_never_shares_a_ledger_with_a_real_one(folder: Folder, name: str, output: str | None) -> None:
    if folder.attempt(changed(name=name)) is None:
        loaded = folder.load(changed(name=name))
        path = None if output is None else folder.path / output
        assert output_paths(loaded, path, True)[1] != output_paths(loaded, path, False)[1]


@pytest.mark.parametrize(
    "output", ["contacts.csv", "gone.csv", "campaign.toml", "linked.csv", ".", "x.ledger", "sub/../contacts.csv"]
)
def test_an_output_that_would_overwrite_what_is_read_is_refused(folder: Folder, output: str) -> None:
    loaded = folder.load(changed(contacts={"suppress": ["gone.csv"]}))
    (folder.path / "contacts.csv").write_text("email\n")
    (folder.path / "linked.csv").symlink_to(folder.path / "contacts.csv")
    (folder.path / "sub").mkdir()
    with pytest.raises(SettingsError) as caught:
        output_paths(loaded, folder.path / output, False)
    assert caught.value.fix and "ledger would" not in caught.value.what


def test_a_ledger_that_would_overwrite_what_is_read_is_refused_by_its_name(folder: Folder) -> None:
    loaded = folder.load(changed(ledger={"path": "contacts.csv"}))
    with pytest.raises(SettingsError) as caught:
        output_paths(loaded, None, False)
    assert caught.value.what == f"the ledger would overwrite {folder.path / 'contacts.csv'}"
    assert "ledger.path" in caught.value.fix

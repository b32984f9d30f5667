"""A value out of bounds is named, quoted and answered with what would do."""

from datetime import date
from datetime import time as clock

import pytest

from tests.settings.campaign_files import Folder, changed, with_setting


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

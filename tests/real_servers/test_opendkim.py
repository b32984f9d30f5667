"""OpenDKIM behind Postfix tells a good signature from a bad one, and so does dkimpy; only then are they judges."""

import email
import smtplib
from collections.abc import Iterator

import dkim
import pytest

from tests.dns_server import name_server
from tests.real_servers import opendkim
from tests.real_servers.relay import Relay
from tests.real_servers.servers import available
from tests.real_servers.signatures import DOMAIN, covered, publish, records, rsa

pytestmark = pytest.mark.real_servers
_MESSAGE = (
    b"From: hello@acme.example\r\nTo: ada@people.example\r\nSubject: Hello\r\nMessage-ID: <1@acme.example>\r\n"
    b"Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n.\r\n"
)


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with name_server() as zone, available(opendkim.postfix_asking(zone.port)) as running:
        publish(zone, rsa())
        yield running


def _arrived(relay: Relay, message: bytes) -> bytes:
    before = set(relay.delivered())
    with smtplib.SMTP(relay.host, relay.port, "client.acme.example") as client:
        client.sendmail("hello@acme.example", ["ada@people.example"], message)
    (arrived,) = set(relay.delivered()) - before
    return arrived


def _verdicts(message: bytes) -> list[str]:
    return opendkim.verdicts(email.message_from_bytes(message).get_all("Authentication-Results", []))


def test_a_good_signature_passes_and_a_changed_message_fails(relay: Relay) -> None:
    signature = dkim.sign(_MESSAGE, rsa().selector.encode(), DOMAIN.encode(), rsa().pem, canonicalize=(b"relaxed",) * 2)
    good = _arrived(relay, signature + _MESSAGE)
    assert _verdicts(good) == ["pass"]
    ((first, *_),) = covered(good, records(rsa()))
    assert first == "from"

    changed = _arrived(relay, signature + _MESSAGE.replace(b"Hello\r\n.", b"Hallo\r\n."))
    assert _verdicts(changed) == ["fail"]
    with pytest.raises((AssertionError, dkim.ValidationError)):
        covered(changed, records(rsa()))


def test_no_signature_is_none(relay: Relay) -> None:
    unsigned = _arrived(relay, _MESSAGE)
    assert _verdicts(unsigned) == ["none"]
    assert covered(unsigned, records(rsa())) == []

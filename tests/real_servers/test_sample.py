"""The sample campaign with everything that makes mail arrive, through a real Postfix with OpenDKIM, into a Maildir.

Sent once, by the real command; then each message is looked at by readers that share nothing: Python's strict parser and
Perl's MIME::Parser, dkimpy and OpenDKIM.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.dns_server import name_server
from tests.real_servers import opendkim
from tests.real_servers.install import Unavailable
from tests.real_servers.letters import message_id
from tests.real_servers.parsers import Part, by_mime_tools, by_python
from tests.real_servers.sample import INVITATION, KEYS, LOGO, TERMS, TERMS_NAME, receipt, sample
from tests.real_servers.servers import available
from tests.real_servers.signatures import covered, publish, records

pytestmark = pytest.mark.real_servers
_NOT_SENT = {"invalid": 2, "suppressed": 2, "duplicate": 1}
"""Of the sample's contacts: they never come near a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came of it."""

    code: int
    said: str
    rows: list[dict[str, str]]
    messages: list[bytes]

    def row(self, message: bytes) -> dict[str, str]:
        """Give the row of the results that a message belongs to."""
        (row,) = (row for row in self.rows if row["message_id"] == message_id(message))
        return row


@pytest.fixture(scope="module")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arrived]:
    with name_server() as zone, available(opendkim.postfix_asking(zone.port, sign_in=True)) as relay:
        publish(zone, *(key() for key in KEYS))
        campaign = sample(tmp_path_factory.mktemp("sample"), relay)
        done = campaign.send()
        yield Arrived(
            code=done.returncode,
            said=done.stdout + done.stderr,
            rows=campaign.results(),
            messages=list(relay.delivered()),
        )


@pytest.fixture(scope="module")
def parsed(arrived: Arrived) -> list[Part]:
    return [by_python(message) for message in arrived.messages]


def test_every_contact_that_can_be_mailed_has_its_message_once(arrived: Arrived) -> None:
    statuses = Counter(row["status"] for row in arrived.rows)
    assert statuses == {**_NOT_SENT, "sent": len(arrived.rows) - sum(_NOT_SENT.values())}, arrived.said
    assert arrived.code == 1, arrived.said  # for those that are invalid
    sent = [row["message_id"] for row in arrived.rows if row["status"] == "sent"]
    assert sorted(map(message_id, arrived.messages)) == sorted(sent)


def test_each_has_come_to_its_own_recipient_over_tls_and_signed_in(arrived: Arrived, parsed: list[Part]) -> None:
    for message, part in zip(arrived.messages, parsed, strict=True):
        recipient = arrived.row(message)["email"].rpartition("@")
        address = f"{recipient[0]}@{recipient[2].encode('idna').decode()}"
        assert part.fields["delivered-to"] == [address]
        assert address in part.fields["to"][0]
        # RFC 3848: E for EHLO, S for TLS, A for a sign-in.
        assert "with ESMTPSA" in part.fields["received"][0]


def test_both_parsers_read_the_same_in_every_message(arrived: Arrived, parsed: list[Part]) -> None:
    try:
        others = by_mime_tools(arrived.messages)
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert others == parsed


def test_every_message_holds_what_was_put_into_it(arrived: Arrived, parsed: list[Part]) -> None:
    for message, part in zip(arrived.messages, parsed, strict=True):
        row = arrived.row(message)
        name = f"{row['first_name']} {row['last_name']}".strip()
        address = part.fields["to"][0]
        assert (address.partition(" <")[0] == name) if name else (" " not in address)
        assert part.fields["feedback-id"] == ["welcome:acme"]
        assert part.fields["x-ses-message-tags"] == [f"campaign=welcome,plan={row['plan']}"]
        assert part.fields["auto-submitted"] == ["auto-generated"]
        text, html, logo, terms, invitation, own = part.leaves()
        assert (part.type, text.type, html.type) == ("multipart/mixed", "text/plain", "text/html")
        assert row["first_name"].encode() in (text.body or b"")
        (content_id,) = logo.fields["content-id"]
        assert f'src="cid:{content_id.strip("<>")}"'.encode() in (html.body or b"")
        assert (logo.type, logo.disposition, logo.body) == ("image/png", "inline", LOGO)
        assert (terms.type, terms.disposition, terms.filename) == ("application/pdf", "attachment", TERMS_NAME)
        assert terms.body == TERMS
        assert (invitation.type, invitation.method, invitation.charset) == ("text/calendar", "REQUEST", "utf-8")
        assert invitation.body == INVITATION.replace(b"\r\n", b"\n")
        assert (own.type, own.filename) == ("text/plain", f"{row['order_number']}.txt")
        assert own.body == receipt(row["order_number"])


def test_opendkim_and_dkimpy_verify_both_signatures_of_every_message(arrived: Arrived, parsed: list[Part]) -> None:
    texts = records(*(key() for key in KEYS))
    for message, part in zip(arrived.messages, parsed, strict=True):
        assert opendkim.verdicts(part.fields["authentication-results"]) == ["pass", "pass"]
        assert len(covered(message, texts)) == 2


def test_every_header_that_matters_is_covered_by_every_signature(arrived: Arrived) -> None:
    """RFC 8058 section 4: one-click unsubscribing counts only where both fields are signed."""
    texts = records(*(key() for key in KEYS))
    for message in arrived.messages:
        for names in covered(message, texts):
            times = Counter(names)
            assert times["list-unsubscribe"] >= 1 and times["list-unsubscribe-post"] >= 1
            assert {name for name in ("to", "subject", "date", "message-id", "reply-to") if not times[name]} == set()
            assert times["from"] == 2, "a second From could be added"
            assert times["content-type"] and times["mime-version"]
            assert not times["received"] and not times["return-path"]

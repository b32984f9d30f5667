"""Whole campaigns through real servers, by the real command, held against their mailboxes message by message.

600 odd contacts with the strongest TLS and sign-in that the server has, 60 with every other. `--write-table` writes
what came of it into campaign/guide/relays.md.
"""

import smtplib
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.smtp.session.connect import connect
from campaign.smtp.session.server import Security, Server
from campaign.smtp.session.tls_socket import TlsSocket
from tests.real_servers.conftest import Found
from tests.real_servers.in_flight import as_they_were_sent, bodies, several_in_flight
from tests.real_servers.letters import HEADER, odd_contacts, set_up, takes_smtputf8
from tests.real_servers.pipelining import behind_the_body
from tests.real_servers.relay import Relay
from tests.real_servers.sending import command, hold
from tests.real_servers.servers import SERVERS, available

pytestmark = pytest.mark.real_servers
MANY, SOME = 600, 60
RESUME = {"Postfix": ("starttls", "tls"), "Sendmail": ("starttls", "tls"), "Haraka": ("tls",)}
"""Those that take a TLS session up again, as they are set up here; to others each connection is a new one."""


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module", params=[False, True], ids=["open", "sign-in"])
def relay(server: str, request: pytest.FixtureRequest) -> Iterator[Relay]:
    with available(SERVERS[server](sign_in=request.param)) as running:
        yield running


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_every_row_is_true_and_every_letter_as_it_was_written(
    tmp_path: Path, relay: Relay, security: str, found: Found
) -> None:
    if security != "none" and relay.ca_file is None:
        pytest.skip(f"{relay.name} has no TLS here")
    if security == "tls" and relay.tls_port is None:
        pytest.skip(f"{relay.name} has no port for TLS from the first byte")
    connections = relay.connections()
    features = _features(relay)
    if security == "none" and relay.username is not None and "auth" not in features:
        pytest.skip(f"{relay.name} lets nobody sign in without TLS")
    strongest = security == "starttls" if relay.ca_file else True
    count = MANY if strongest and (relay.username is not None or relay.ca_file is None) else SOME
    signed = "yes" if relay.username is not None else "no"
    campaign = set_up(tmp_path / "campaign", f"{security}-{signed}", relay, security)
    campaign.contacts(odd_contacts(count), HEADER)
    before = Counter(relay.delivered())

    ended = command(campaign, relay, "send")

    counts = hold(campaign, Counter(relay.delivered()) - before, signatures=relay.keeps_signatures)
    refused = {address for address, status in campaign.statuses().items() if status != "sent"}
    beyond = {address for address, _, _ in odd_contacts(count) if takes_smtputf8(address)}
    assert refused == (set() if "smtputf8" in features else beyond), ended.said
    assert ended.code == int(bool(refused)), ended.said
    opened = relay.connections()
    # One less, for `_features` has opened one, too.
    used = "" if opened is None or connections is None else str(opened - connections - 1)
    result = f"{counts['sent']} sent, exact" + (f"; {len(refused)} rejected (no SMTPUTF8)" if refused else "")
    found(
        "results",
        relay.name,
        security,
        signed,
        result,
        used,
        f"{ended.sent / ended.seconds:.0f}" if count == MANY else "",  # a few are over before they get going
    )


def test_what_it_makes_of_an_envelope_behind_a_body(relay: Relay, found: Found) -> None:
    """Measured by hand, so that the page tells how each server is; campaigns find it out for themselves."""
    verdict = behind_the_body(relay)
    assert verdict
    found("pipelining", relay.name, verdict)


def test_what_it_makes_of_several_messages_in_flight(relay: Relay, found: Found) -> None:
    """By hand, too. Where it takes them, each is in the mailbox once, octet for octet: no dot is one too many."""
    before = Counter(as_they_were_sent(relay.delivered()))
    verdict = several_in_flight(relay)
    arrived = Counter(as_they_were_sent(relay.delivered()))
    assert arrived - before == Counter(bodies() if verdict == "taken" else []), verdict
    found("in_flight", relay.name, verdict)


def test_a_tls_session_is_resumed_where_the_server_takes_it_up_and_another_made_where_not(
    relay: Relay, server: str
) -> None:
    if relay.ca_file is None:
        pytest.skip(f"{relay.name} has no TLS here")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        trusting = ssl.create_default_context(cafile=relay.ca_file)
        trusting.maximum_version = version
        ports: dict[Security, int | None] = {"starttls": relay.port, "tls": relay.tls_port}
        for security, port in ports.items():
            if port is not None:
                resumes = security in RESUME.get(server, ())
                assert _resumed(relay, security, port, trusting) == [False, resumes, resumes], (version, security)


def _resumed(relay: Relay, security: Security, port: int, trusting: ssl.SSLContext) -> list[bool | None]:
    """Of three connections, whether each went on with a TLS session from before."""
    found: list[bool | None] = []
    given = Server(host=relay.host, port=port, security=security, username=relay.username, password=relay.password)
    for _ in range(3):
        session = connect(given, tls=trusting)
        assert isinstance(session.sock, TlsSocket)
        found.append(session.sock.tls.session_reused)
        session.hang_up()
    return found


def _features(relay: Relay) -> set[str]:
    """The EHLO keywords before TLS, in lower case."""
    with smtplib.SMTP(relay.host, relay.port, "client.acme.example") as client:
        client.ehlo()
        return set(client.esmtp_features)

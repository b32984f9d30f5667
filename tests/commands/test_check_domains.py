"""`campaign check` and the DNS: the command asks the name server that it is told to, and says what to publish."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from campaign.check.domains import name_server as name_server_of
from tests.campaigns import SmallCampaign
from tests.command_line import Command, Said, assert_three_parts
from tests.conftest import StartServer
from tests.deliverability.mail.documents import sound_mail
from tests.dkim.keys import ed25519, key_file, pem
from tests.dns_server import Zone, name_server
from tests.smtp_server.server import HOST


@pytest.fixture
def zone() -> Iterator[Zone]:
    """A name server that knows acme.se, all as it should be."""
    with name_server() as zone:
        zone.txt("com", "").mx("acme.se", "mx.acme.se").address("mx.acme.se", "5.6.7.1").txt(
            "acme.se", "v=spf1 mx -all"
        )
        zone.txt("_dmarc.acme.se", "v=DMARC1; p=reject; rua=mailto:reports@acme.se")
        zone.mx("unrelated.se", "mx.acme.se").txt("unrelated.se", "v=spf1 mx -all")
        yield zone


@pytest.fixture
def acme(small: SmallCampaign, smtp_server: StartServer) -> SmallCampaign:
    """A campaign of acme.se, with a server to send to."""
    small.settings["message"] = {
        "from": "Acme <hello@acme.se>",
        "unsubscribe_url": "https://acme.se/u?e={{ contact.email | urlencode }}",
    }
    small.settings["smtp"] = {"port": smtp_server().port, "ehlo_name": "mailer.acme.se"}
    sound_mail(small)
    small.load(25)
    return small


def checked(command: Command, campaign: SmallCampaign, zone: Zone, *options: str) -> tuple[Said, dict[str, Any]]:
    said = command("check", campaign.path, "--nameserver", f"{HOST}:{zone.port}", "--json", *options)
    document = json.loads(said.out)
    return said, {one["rule"]: one for one in document["findings"] if "rule" in one and one["kind"] != "ok"}


def test_who_has_all_in_order_needs_only_a_signature(command: Command, acme: SmallCampaign, zone: Zone) -> None:
    said, rules = checked(command, acme, zone, "--strict")
    assert said.code == 0  # nobody can see from here whether the relay signs
    assert list(rules) == ["dkim_relay"] and rules["dkim_relay"]["kind"] == "hint"
    assert "ok     spf: acme.se has a record that costs 1 of 10 lookups" in said.err
    assert "ok     bounces: acme.se takes mail at mx.acme.se" in said.err


def test_an_unrelated_return_path_is_noted_for_a_program(command: Command, acme: SmallCampaign, zone: Zone) -> None:
    acme.settings["message"]["return_path"] = "bounces@unrelated.se"
    acme.load(25)
    said, rules = checked(command, acme, zone)
    assert said.code == 0
    assert rules["return_path_unaligned"]["kind"] == "note"
    assert rules["return_path_unaligned"]["where"] == "message.return_path, message.from"
    assert "unrelated.se" in rules["return_path_unaligned"]["words"]
    assert checked(command, acme, zone, "--strict")[0].code == 1


def test_a_key_that_is_not_published_is_wrong_and_its_record_is_said(
    command: Command, acme: SmallCampaign, zone: Zone
) -> None:
    public = base64.b64encode(ed25519().public_key().public_bytes_raw()).decode()
    record = f"v=DKIM1; k=ed25519; p={public}"
    key_file(acme.folder / "dkim.pem", pem(ed25519()))
    acme.settings["dkim"] = {"domain": "acme.se", "selector": "2026a", "key_file": "dkim.pem"}
    acme.load(25)
    said, rules = checked(command, acme, zone)
    assert said.code == 2
    assert list(rules) == ["dkim_missing"]
    assert rules["dkim_missing"]["fix"] == f'publish it: TXT "{record}"'
    zone.txt("2026a._domainkey.acme.se", record)
    said, rules = checked(command, acme, zone)
    assert (said.code, rules) == (0, {})


def test_a_domain_that_is_none_is_wrong(command: Command, acme: SmallCampaign, zone: Zone) -> None:
    acme.settings["message"]["from"] = "hello@amce.se"
    acme.load(25)
    said, rules = checked(command, acme, zone)
    assert said.code == 2
    assert rules["from_no_domain"]["kind"] == "wrong"


def test_offline_nobody_is_asked(command: Command, acme: SmallCampaign, zone: Zone) -> None:
    before = zone.asked.total()
    said = command("check", acme.path, "--offline")
    assert said.code == 0 and "spf" not in said.out and "DNS" not in said.out
    assert zone.asked.total() == before
    refused = command("check", acme.path, "--offline", "--nameserver", HOST)
    assert refused.code == 2
    assert "--nameserver does nothing beside --offline" in refused.err
    assert_three_parts(refused)


def test_example_domains_are_not_asked_for(command: Command, acme: SmallCampaign, zone: Zone) -> None:
    del acme.settings["message"]["from"]
    acme.load(25)
    before = zone.asked.total()
    said, rules = checked(command, acme, zone)
    assert said.code == 0
    assert list(rules) == ["dns_special_name"]
    assert zone.asked.total() == before


@pytest.mark.parametrize(
    "written", ["dns.acme.se", "", "9.9.9.9:", "9.9.9.9:x", "9.9.9.9:0", "[::1", "::1]:53", "1.2.3.4:70000"]
)
def test_what_is_no_name_server_is_refused(command: Command, acme: SmallCampaign, written: str) -> None:
    said = command("check", acme.path, "--nameserver", written)
    assert said.code == 2
    assert "is not the IP address of a name server" in said.err
    assert_three_parts(said)


@pytest.mark.parametrize(
    ("written", "address", "port"),
    [
        ("9.9.9.9", "9.9.9.9", 53),
        ("192.0.2.53:5353", "192.0.2.53", 5353),
        ("2001:db8::53", "2001:db8::53", 53),
        ("[2001:db8::53]", "2001:db8::53", 53),
        ("[2001:db8::53]:5353", "2001:db8::53", 5353),
    ],
)
def test_an_address_may_have_a_port(written: str, address: str, port: int) -> None:
    server = name_server_of(written)
    assert (server.address, server.port) == (address, port)


def test_the_default_is_the_machine_s_own() -> None:
    assert name_server_of(None).address == ""

"""What a bounce is known by: each message's key in its envelope and, if asked for, in its return path, on every try and
by whatever server; and the relay's own id, kept as it was said.
"""

import re
from pathlib import Path

import pytest

from campaign.message import ContactKeys
from campaign.model import Status
from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.ledgers import salt_of
from tests.smtp_server import CATALOGUE, FaultServer

PEOPLE = 40
UNSUPPORTED = b"555 5.5.4 Unsupported option: ENVID\r\n"


def campaign_in(folder: Path, *, verp: bool = False, **smtp: object) -> SmallCampaign:
    settings: dict[str, dict[str, object]] = {
        "smtp": {"timeout": "1m", "connections": 4, **smtp},
        "message": {"return_path": "bounces@acme.example"},
        "bounces": {"verp": verp},
    }
    return SmallCampaign(folder / "c", settings).people(PEOPLE)


def hold(campaign: SmallCampaign, *servers: FaultServer, envelope_ids: bool = True, verp: bool = False) -> None:
    """Everybody has it once, at the first try, with their own key wherever it should be, and nowhere else."""
    keys, accepted = ContactKeys(salt_of(campaign.ledger)), [one for server in servers for one in server.accepted]
    assert assert_agreement(campaign, [one.recipients[0] for one in accepted]) == {Status.SENT: PEOPLE}
    assert {row["attempts"] for row in campaign.results()} == {"1"} and campaign.observer.notices == []
    for one in accepted:
        key = keys(one.recipients[0])
        assert (one.envelope_id, one.returns) == ((key, "HDRS") if envelope_ids else (None, None))
        assert one.mail_from == (f"bounces+{key}@acme.example" if verp else "bounces@acme.example")


@pytest.mark.parametrize("verp", [False, True])
@pytest.mark.parametrize("pipelining", ["auto", "off"])
def test_each_envelope_has_the_key_of_its_contact(
    tmp_path: Path, smtp_server: StartServer, pipelining: str, verp: bool
) -> None:
    server, campaign = smtp_server(dsn=True), campaign_in(tmp_path, verp=verp, pipelining=pipelining)
    assert campaign.send(server.port).exit_code == 0
    hold(campaign, server, verp=verp)


def test_where_it_is_not_offered_the_return_path_alone_has_it(tmp_path: Path, smtp_server: StartServer) -> None:
    server, campaign = smtp_server(), campaign_in(tmp_path, verp=True)
    assert campaign.send(server.port).exit_code == 0
    hold(campaign, server, envelope_ids=False, verp=True)


@pytest.mark.parametrize(
    "reply", [UNSUPPORTED, b"501 5.5.4 Syntax error\r\n", b"504 5.5.4 No\r\n", b"500 5.5.1 No\r\n"]
)
def test_a_server_that_refuses_what_it_offers_costs_no_row_a_try(
    tmp_path: Path, smtp_server: StartServer, reply: bytes
) -> None:
    server = smtp_server(dsn=True, dsn_refusal=reply)
    campaign = campaign_in(tmp_path)
    assert campaign.send(server.port, processes=2 if reply is UNSUPPORTED else 1).exit_code == 0
    hold(campaign, server, envelope_ids=False)
    asked = [line for one in server.connections for line in one.commands if b"ENVID" in line]
    assert 1 <= len(asked) <= 4, "one for each connection, at most"
    # It is remembered: the run that goes on does not ask again.
    campaign.contacts((f"n{number}@people.example", "New") for number in range(3))
    assert campaign.send(server.port).exit_code == 0
    assert len([line for one in server.connections for line in one.commands if b"ENVID" in line]) == len(asked)


@pytest.mark.parametrize("code", [b"501 5.1.7", b"555 5.5.4"])
def test_a_sender_that_is_refused_stops_the_run_as_ever_and_nobody_is_marked(
    tmp_path: Path, smtp_server: StartServer, code: bytes
) -> None:
    server = smtp_server(CATALOGUE["mail_5xx"](reply=code + b" Bad sender address syntax\r\n"), dsn=True)
    without, campaign = SmallCampaign(tmp_path / "w").people(PEOPLE), campaign_in(tmp_path)
    plain = smtp_server(CATALOGUE["mail_5xx"](reply=code + b" Bad sender address syntax\r\n"))
    ended, expected = campaign.send(server.port), without.send(plain.port)
    assert ended.trouble is not None and expected.trouble is not None
    assert (ended.exit_code, ended.trouble.what) == (expected.exit_code, expected.trouble.what)
    assert set(campaign.statuses().values()) == set(without.statuses().values())


def test_the_key_is_the_same_on_every_try_and_by_every_server(tmp_path: Path, smtp_server: StartServer) -> None:
    """The first server defers everybody twice; what it puts off may go through the other one."""
    put_off = CATALOGUE["rcpt_greylist"](times=2)
    first, second = smtp_server(put_off, dsn=True), smtp_server(put_off, dsn=True, pipelining=False)
    campaign = campaign_in(tmp_path, verp=True)
    campaign.settings["retry"] = {"tries": 9, "first_wait": "10ms", "longest_wait": "20ms"}
    campaign.servers = [{"name": "ses", "port": first.port}, {"name": "own", "port": second.port}]
    assert campaign.send(backoff=0.02).exit_code == 0
    keys = ContactKeys(salt_of(campaign.ledger))
    pairs = set()
    for server in (first, second):
        for connection in server.connections:
            lines = b"\n".join(connection.commands).decode()
            found = r"MAIL FROM:<bounces\+(\w+)@acme.example>\S* SIZE=\d+ RET=HDRS ENVID=(\w+)\nRCPT TO:<(\S+)>"
            pairs |= {(who, path, envelope) for path, envelope, who in re.findall(found, lines)}
    assert pairs == {(who, keys(who), keys(who)) for who in campaign.statuses()}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    "said",
    [
        "Ok: queued as 4XkQ2b3Zq1z9vYw",
        "Ok 0102018f3c1e7a5b-9d1f6c0e-4b7a-4c57-b3e1-2f9d8a6c5b40-000000",
        "OK id=1tG3bY-0006hK-0y",
        "Ok: queued as 3B0571BC0B1",
    ],
)
def test_the_relays_own_id_stays_in_the_row_as_it_was_said(
    tmp_path: Path, smtp_server: StartServer, said: str, pipelining: bool
) -> None:
    """What a mail log, or a provider's event, names the message by."""
    taken = CATALOGUE["body_4xx"](reply=f"250 2.0.0 {said}\r\n".encode(), accept=True)
    one, other = (smtp_server(taken, pipelining=pipelining, logins={"us": "hunter2"}) for _ in range(2))
    campaign = campaign_in(tmp_path, username="us")
    campaign.servers = [{"name": "ses", "port": one.port}, {"name": "own", "port": other.port}]
    assert campaign.send().exit_code == 0
    assert {row["detail"] for row in campaign.results()} == {said}

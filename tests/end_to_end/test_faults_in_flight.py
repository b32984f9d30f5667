"""Every misbehaviour of the server while connections have up to eight messages in flight: nobody lost, nobody mailed
twice, every row with its word; in doubt only who was on a connection that died, and no more than may have left; and a
second run, against a server that has come to its senses, settles what was left.

Sixty people; p40 is the one whom a misbehaviour befalls, where it is one about a recipient. Those about the sender
befall the fortieth MAIL.
"""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from campaign.run import worker_pool
from campaign.smtp.chunking.unused import FAILED_BEFORE, UNSOUND, in_flight_unused
from campaign.worker.worker import Worker
from tests.campaigns import SmallCampaign, assert_agreement
from tests.clocks import LeapingClock
from tests.smtp_server import CATALOGUE, FaultServer, Misbehaviour, address, nth_message

PEOPLE, CONNECTIONS, IN_FLIGHT = 60, 2, 8
BACKOFF = 0.002
VICTIM = "p40@people.example"
PHASES = ("mail", "rcpt", "data", "body")
QUICK = {"mail_421", "rcpt_5xx", "body_4xx", "body_accepted_reset", "body_unanswered", "body_chunk_for_nobody_250"}
"""Among the tests that always run."""
REFUSES = "body_chunk_"
"""Misbehaviours of a BDAT for nobody: the victim is refused, so that there is one."""


def names() -> list[Any]:
    return [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.siege)
        for name in CATALOGUE
        if name.startswith(PHASES)
    ]


def misbehaviours(name: str) -> list[Misbehaviour]:
    if name.startswith(REFUSES):
        return [CATALOGUE[name](), CATALOGUE["rcpt_5xx"](match=address(VICTIM))]
    if "behind" in name:
        return [CATALOGUE[name]()]
    if "throttle" in name:
        return [CATALOGUE[name](above_rate=200.0)]
    if name.startswith("mail"):
        return [CATALOGUE[name](match=nth_message(40), times=1)]
    return [CATALOGUE[name](match=address(VICTIM))]


def campaign_of(folder: Path, people: int = PEOPLE, *, connections: int = CONNECTIONS, **smtp: object) -> SmallCampaign:
    settings: dict[str, dict[str, object]] = {
        "smtp": {"connections": connections, "in_flight": IN_FLIGHT, "timeout": "1m"} | smtp,
        "retry": {"tries": 2, "stop_after": 1000},
    }
    return SmallCampaign(folder / "c", settings=settings).people(people)


def recipients(*servers: FaultServer) -> list[str]:
    """Who was mailed, as the servers have it."""
    return [address for server in servers for message in server.accepted for address in message.recipients]


def most_in_doubt(server: FaultServer) -> int:
    """Two for each message in flight on a connection that did not end in order."""
    return 2 * IN_FLIGHT * sum(one.action not in (None, "quit") for one in server.connections)


@pytest.mark.parametrize("name", names())
def test_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    campaign = campaign_of(tmp_path)
    with FaultServer(*misbehaviours(name), chunking=True) as server, monkeypatch.context() as patch:
        patch.setattr(worker_pool, "Worker", partial(Worker, clock=LeapingClock(server)))
        summary = campaign.send(server.port, backoff=BACKOFF)
    found = assert_agreement(campaign, recipients(server))
    assert found.total() == PEOPLE
    assert found["in_doubt"] <= min(most_in_doubt(server), 2 * CONNECTIONS * IN_FLIGHT), found
    assert (summary.trouble is not None) == (summary.exit_code == 3)
    assert summary.exit_code == 3 or not found["pending"]
    first = campaign.statuses()
    others = {status for email, status in first.items() if email != VICTIM}
    assert others <= {"sent", "in_doubt"} | ({"pending"} if summary.exit_code == 3 else set()), Counter(first.values())
    assert {line for one in server.connections for line in one.spilled} <= {b"NOOP"}, "octets of a message as commands"

    with FaultServer(chunking=True) as mended:
        campaign.resend(mended.port, backoff=BACKOFF)
    assert_agreement(campaign, recipients(server, mended))
    last = campaign.statuses()
    assert last == {email: "sent" if was in ("pending", "failed") else was for email, was in first.items()}


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("rcpt_5xx", True),
        ("body_4xx", False),
        *(
            pytest.param(name, ends, marks=pytest.mark.siege)
            for name in ("rcpt_4xx", "rcpt_5xx", "body_4xx", "body_5xx", "body_in_pieces")
            for ends in (None, True, False)
        ),
    ],
)
def test_who_is_refused_in_good_form_costs_nobody_else(tmp_path: Path, name: str, ends: bool | None) -> None:
    """Whether or not a refusal ends the transaction: RSET stands before the next MAIL."""
    campaign = campaign_of(tmp_path, connections=1)
    with FaultServer(CATALOGUE[name](match=address(VICTIM)), chunking=True, refused_chunk_ends=ends) as server:
        campaign.send(server.port, backoff=BACKOFF)
    word = {"4xx": "failed", "5xx": "rejected"}.get(name.partition("_")[2], "sent")
    everybody = dict.fromkeys(campaign.statuses(), "sent")
    assert campaign.statuses() == everybody | {VICTIM: word}
    assert_agreement(campaign, recipients(server))
    assert not server.defects


@pytest.mark.parametrize(
    "name",
    [
        "body_chunk_spilled",
        "body_chunk_spilled_behind_recipient",
        pytest.param("body_chunk_spilled_outside", marks=pytest.mark.siege),
        pytest.param("body_chunk_spilled_in_transaction", marks=pytest.mark.siege),
    ],
)
def test_the_server_that_is_unsound_gets_no_octet_of_a_message_as_a_command(tmp_path: Path, name: str) -> None:
    """It would read a refused message's chunk as commands: so it gets none, in this run or another."""
    unsound = CATALOGUE[name]()
    campaign = campaign_of(tmp_path)
    with FaultServer(unsound, CATALOGUE["rcpt_5xx"](match=address(VICTIM)), chunking=True) as server:
        campaign.send(server.port, backoff=BACKOFF)
    assert assert_agreement(campaign, recipients(server)) == {"sent": PEOPLE - 1, "rejected": 1}
    assert {line for one in server.connections for line in one.spilled} == {b"NOOP"}
    assert not any(message.chunked for message in server.accepted)
    with FaultServer(unsound, chunking=True) as again:
        campaign.people(PEOPLE + 20)
        campaign.send(again.port, backoff=BACKOFF)
    assert assert_agreement(campaign, recipients(server, again))["sent"] == PEOPLE + 19
    assert again.record.commands["BDAT"] == 0, "it is remembered"
    why = [in_flight_unused(IN_FLIGHT, why) for why in (UNSOUND, FAILED_BEFORE)]
    assert [words for words in campaign.observer.notices if "in_flight" in words] == why, "told once in each run"
    known = {b"EHLO", b"MAIL", b"RCPT", b"DATA", b"BDAT", b"RSET", b"NOOP", b"QUIT", b"."}
    assert {command.split()[0] for one in server.connections for command in one.commands} <= known


@pytest.mark.siege
@pytest.mark.parametrize("resets", [1, 3, 30])
@pytest.mark.parametrize("ends", [True, False])
def test_a_server_that_refuses_rset(tmp_path: Path, resets: int, ends: bool) -> None:
    """Which none may (RFC 5321 section 4.1.1.5): the probe needs one, the others stand behind each message."""
    campaign = campaign_of(tmp_path)
    refused = CATALOGUE["rcpt_5xx"](match=address(VICTIM))
    features: dict[str, Any] = {"chunking": True, "resets_until_refused": resets, "refused_chunk_ends": ends}
    with FaultServer(refused, **features) as server:
        campaign.send(server.port, backoff=BACKOFF)
    found = assert_agreement(campaign, recipients(server))
    assert found.total() == PEOPLE and found["in_doubt"] <= 2 * CONNECTIONS * IN_FLIGHT
    with FaultServer(chunking=True) as mended:
        campaign.resend(mended.port, backoff=BACKOFF)
    assert_agreement(campaign, recipients(server, mended))
    assert set(campaign.statuses().values()) <= {"sent", "rejected", "in_doubt"}

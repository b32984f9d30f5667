"""A trial's refusals: one may be the answer to something else, and none is held against the row that stood there."""

from collections import Counter
from pathlib import Path

import pytest

from campaign.model import Phase, Status
from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp_server import Misbehaviour
from tests.smtp_server.misbehaviours import Action, behind_a_body

PEOPLE = 40


def send(folder: Path, server: StartServer, fault: Misbehaviour) -> tuple[SmallCampaign, Counter[str]]:
    """Give what became of everybody, who has it, none of them twice."""
    campaign = SmallCampaign(folder / "c", {"smtp": {"timeout": "1m", "connections": 4}}).people(PEOPLE)
    running = server(fault)
    summary = campaign.send(running.port)
    assert summary.trouble is None and campaign.observer.notices == []
    assert {row["attempts"] for row in campaign.results()} == {"1"}
    return campaign, assert_agreement(campaign, [one.recipients[0] for one in running.accepted])


@pytest.mark.parametrize(
    ("replies", "action"),
    [
        pytest.param(b"451 4.5.0 Not now\r\n" * 3, Action.ANSWER, marks=pytest.mark.siege),
        (b"451 4.5.0 Pipelined after end of DATA\r\n" * 3, Action.ANSWER),
        (b"451 4.5.0 Pipelined commands are not allowed\r\n", Action.CUT),
        (b"421 4.5.0 Pipelining error\r\n", Action.CUT),
        pytest.param(b"503 5.5.1 Bad sequence of commands\r\n" * 3, Action.ANSWER, marks=pytest.mark.siege),
        (b"503 5.5.1 Pipelined after end of DATA\r\n", Action.CUT),
        (b"554 5.5.0 Error\r\n", Action.CUT),
    ],
    ids=str,
)
def test_a_message_whose_own_reply_is_lost_is_in_doubt(
    tmp_path: Path, replies: bytes, action: Action, smtp_server: StartServer
) -> None:
    """The server has it, and what stands where its reply should is the answer to the envelope behind it."""
    fault = Misbehaviour(
        name="reply lost",
        phase=Phase.BODY,
        accept=True,
        reply=replies,
        action=action,
        deaf=action is Action.ANSWER,
        match=behind_a_body,
    )
    campaign, counts = send(tmp_path, smtp_server, fault)
    assert (counts[Status.IN_DOUBT], counts[Status.SENT]) == (1, PEOPLE - 1)
    (doubtful,) = (row for row in campaign.results() if row["status"] == "in_doubt")
    assert replies.splitlines()[0].split(maxsplit=2)[2].decode() in doubtful["detail"]


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT])
@pytest.mark.parametrize("reply", [b"550 5.5.0 No valid\r\n", b"451 4.5.0 Not now\r\n", b"554 5.5.0 Protocol\r\n"])
def test_a_refusal_that_comes_only_behind_a_body_is_no_rows_own(
    tmp_path: Path, phase: Phase, reply: bytes, smtp_server: StartServer
) -> None:
    fault = Misbehaviour(name="refused behind", phase=phase, reply=reply, match=behind_a_body)
    _, counts = send(tmp_path, smtp_server, fault)
    assert counts[Status.SENT] == PEOPLE


def test_unknown_recipients_are_no_verdict(tmp_path: Path, smtp_server: StartServer) -> None:
    """Who is refused in a trial goes again alone, and is refused again: then it is so."""
    unknown = ("p3@people.example", "p4@people.example", "p9@people.example")
    fault = Misbehaviour(
        name="unknown",
        phase=Phase.RCPT,
        reply=b"550 5.1.1 No such user\r\n",
        match=lambda now: now.addresses[-1] in unknown,
    )
    _, counts = send(tmp_path, smtp_server, fault)
    assert (counts[Status.REJECTED], counts[Status.SENT]) == (3, PEOPLE - 3)

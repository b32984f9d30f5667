"""Every misbehaviour of the server, one message at a time on each connection, with and without PIPELINING, on one
connection and on several, through the whole walk (test_faults_in_flight.py has the same with eight at a time): nobody
lost, nobody mailed twice, every row with the word that it should have; and a second run, against a server that has come
to its senses, settles what was left.

Eight people; p4 is the one whom a misbehaviour befalls, where it is one about a recipient: nobody's message is in the
pipelining trial who is not the first on a connection. The others befall the first sessions, or the fourth message.
"""

import dataclasses
import re
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from campaign.run import worker_pool
from campaign.run.plan import Resend
from campaign.run.runner import run
from campaign.run.summary import RunSummary
from campaign.smtp.session.server import Server
from campaign.worker.worker import Worker
from tests.campaigns import SmallCampaign, assert_agreement
from tests.clocks import LeapingClock
from tests.smtp_server import CATALOGUE, IN_FLIGHT, FaultServer, Misbehaviour, Tls, local_part, nth_message

PEOPLE = 8
P4 = "p4@people.example"
pytestmark = pytest.mark.usefixtures("trusted_authority")

BACKOFF, BACKOFF_ALONE = 0.002, 0.02
"""Seconds. The other is for a connection that is the only one: where it has ended with a row's 421, others are to go
before that row is due again, so up to thirty of these have to be longer than it takes to connect.
"""
PASSWORD = "correct-horse"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run may come to."""

    p4: frozenset[str] = frozenset({"sent"})
    exits: frozenset[int] = frozenset({0})
    others: frozenset[str] = frozenset({"sent"})


def outcome(p4: str = "sent", exits: tuple[int, ...] = (0,), others: str = "sent") -> Outcome:
    return Outcome(p4=frozenset(p4.split()), exits=frozenset(exits), others=frozenset(others.split()))


ALL_SENT = outcome()
STOPPED = outcome("pending", (3,), "pending")
FAILED = outcome("failed", (1,))
REJECTED = outcome("rejected", (1,))
IN_DOUBT = outcome("in_doubt", (1,))

# The first pattern that fits the whole name decides.
EXPECTED: list[tuple[str, Outcome]] = [
    # A reply late, in pieces or in many lines is a reply. A server without EHLO is greeted with HELO.
    (r".*_(slow|in_pieces|multiline)(?<!5xx_multiline)|ehlo_.*", ALL_SENT),
    # Not to be had for good: the run stops.
    (r"(connect|starttls|auth)_5xx.*", STOPPED),
    # Not to be had for now: a little later it is.
    (r"(connect|starttls|auth)_.*", ALL_SENT),
    # The sender is refused: the run stops, and whoever was not mailed stays pending. (A refusal in the pipelining trial
    # is looked at again, alone; and this server says it once.)
    (r"mail_5xx.*", outcome("sent pending", (0, 3), "sent pending")),
    # A reply too many: whose is which? The message before it, too, may be in doubt.
    (r"mail_extra_(before|after)", outcome("sent in_doubt", (0, 1), "sent in_doubt")),
    (r"(rcpt|data)_extra_(before|after)|data_250", outcome("failed", (1,), "sent in_doubt")),
    (r"body_extra_(before|after)", outcome("in_doubt sent", (0, 1))),
    (r"body_extra_421_after", ALL_SENT),
    (r"body_extra_421_before", IN_DOUBT),
    # An envelope behind a body: the one message before it, whichever that is, may be in doubt.
    (r".*_behind_.*", outcome("sent in_doubt", (0, 1), "sent in_doubt")),
    # Slow down, or once only: everybody gets it in the end.
    (r"mail_.*|.*_throttle.*|rcpt_greylist", ALL_SENT),
    # The recipient's, for good or for now.
    (r"(rcpt|data|body)_5xx.*|rcpt_refused_.*", REJECTED),
    (r"rcpt_.*|data_(?!354).*|body_(4xx|421).*", FAILED),
    # The message has left, and no answer came. (Whether it still could leave is a matter of a moment.)
    (r"data_354_.*", outcome("failed in_doubt", (1,))),
    (r"body_accepted_250_.*|body_discarded", ALL_SENT),
    (r"body_.*", IN_DOUBT),
]
MUDDLED = re.compile(r"(connect|mail|rcpt)_extra")
"""Where the client, misled by the server, may break a rule itself."""


def expected(name: str) -> Outcome:
    return next(found for pattern, found in EXPECTED if re.fullmatch(pattern, name))


def misbehaviour(name: str) -> Misbehaviour:
    phase = name.partition("_")[0]
    if phase in ("connect", "ehlo", "starttls", "auth"):
        return CATALOGUE[name](times=1000 if "5xx" in name else 2)  # which session is the first, is chance
    if "behind" in name:
        return CATALOGUE[name]()
    if "throttle" in name:
        return CATALOGUE[name](above_rate=20.0)
    if phase == "mail":
        return CATALOGUE[name](match=nth_message(4))
    return CATALOGUE[name](match=local_part("p4"))


class Campaign(SmallCampaign):
    """Signs in where the misbehaviour is one of TLS or of signing in."""

    secure = False

    def go(self, server: FaultServer, *, again: bool = False) -> RunSummary:
        """One run, or one re-send."""
        alone = self.settings["smtp"]["connections"] == 1
        plan = self.plan(server.port, backoff=BACKOFF_ALONE if alone else BACKOFF, resend=Resend() if again else None)
        to = Server(host="127.0.0.1", port=server.port, security="none", timeout=plan.server.timeout)
        if self.secure:
            to = dataclasses.replace(to, security="starttls", username="campaigns", password=PASSWORD)
        return run(dataclasses.replace(plan, server=to), self.observer)


@pytest.mark.parametrize(
    ("pipelining", "connections"),
    [(True, 4), pytest.param(True, 1, marks=pytest.mark.siege), (False, 4)],
    ids=["pipelining", "pipelining, one connection", "plain"],
)
@pytest.mark.parametrize("name", [name for name in CATALOGUE if name not in IN_FLIGHT])
def test_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, pipelining: bool, connections: int) -> None:
    # While a session is set up, the time is real, and what hangs has to be waited for; later on, the clock leaps.
    timeout = "500ms" if re.match("(connect|ehlo|starttls|auth)_(hang|malformed_endless)", name) else "1m"
    settings: dict[str, dict[str, object]] = {
        "smtp": {"connections": connections, "in_flight": 1, "timeout": timeout},
        "retry": {"tries": 2},
    }
    campaign = Campaign(tmp_path / "c", settings=settings)
    campaign.people(PEOPLE)
    campaign.secure = name.startswith(("starttls", "auth"))
    features: dict[str, Any] = {"pipelining": pipelining}
    if campaign.secure:
        features |= {"tls": Tls.GOOD, "logins": {"campaigns": PASSWORD}}

    with FaultServer(misbehaviour(name), **features) as server, monkeypatch.context() as patch:
        patch.setattr(worker_pool, "Worker", partial(Worker, clock=LeapingClock(server)))
        summary = campaign.go(server)
    accepted = recipients(server)
    assert_agreement(campaign, accepted)
    first = campaign.statuses()
    wanted = expected(name)
    assert summary.exit_code in wanted.exits
    assert first[P4] in wanted.p4
    assert {status for email, status in first.items() if email != P4} <= wanted.others
    assert Counter(first.values())["in_doubt"] <= 2 * connections + 1
    assert (summary.trouble is not None) == (summary.exit_code == 3)
    assert not server.defects or MUDDLED.match(name)

    if summary.exit_code:
        with FaultServer(**features) as server:
            summary = campaign.go(server, again=True)
        accepted += recipients(server)
        assert_agreement(campaign, accepted)
        settled = {email: "sent" if was in ("pending", "failed") else was for email, was in first.items()}
        assert campaign.statuses() == settled
        assert summary.exit_code == int(set(settled.values()) != {"sent"})


def recipients(server: FaultServer) -> list[str]:
    """Who was mailed, as the server has it."""
    return [address for message in server.accepted for address in message.recipients]


def test_every_misbehaviour_has_its_line() -> None:
    for name in CATALOGUE.keys() - IN_FLIGHT:
        expected(name)
    for pattern, _ in EXPECTED:
        assert any(expected(name) is found for name in CATALOGUE for line, found in EXPECTED if line == pattern)

"""From the ledger to the report's figures: they add up, and their moments are the campaign's own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from campaign.ledger.opening import open_for_reading
from campaign.model import Status
from campaign.report import MAX_PEOPLE, ReportData
from campaign.report.figures import report_data
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, local_part

PEOPLE = ["ann", "bob", "unknown.1", "unknown.2", "silent", "dan"]


@contextmanager
def report(campaign: SmallCampaign) -> Iterator[Callable[[], ReportData]]:
    with open_for_reading(campaign.ledger, campaign.name) as ledger:
        yield lambda: report_data(
            ledger,
            campaign=campaign.name,
            zone=ZoneInfo("America/New_York"),
            message_ids=lambda address: f"<id of {address}>",
            commands=[("to go on", "campaign")],
        )


@pytest.fixture
def campaign(tmp_path: Path) -> SmallCampaign:
    return SmallCampaign(tmp_path / "campaign", settings={"window": {"timezone": "America/New_York"}})


def test_it_says_what_became_of_everybody(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server(
        CATALOGUE["rcpt_5xx"](match=local_part("unknown")), CATALOGUE["body_accepted_cut"](match=local_part("silent"))
    )
    campaign.contacts([(f"{name}@people.example", name) for name in PEOPLE] + [("no address", "x")])
    before = time.time()
    campaign.send(server.port)
    with report(campaign) as made:
        data = made()
    assert data.campaign == "small"
    assert data.total == sum(data.counts.values()) == 7
    assert {status: count for status, count in data.counts.items() if count} == {
        Status.SENT: 3,
        Status.REJECTED: 2,
        Status.IN_DOUBT: 1,
        Status.INVALID: 1,
    }
    bars = data.pictures.bars
    assert sum(bar.counts.get(Status.SENT, 0) for bar in bars) == 3
    assert sum(sum(bar.counts.values()) for bar in bars) == 6, "all but the row that was never tried"
    took = data.pictures.time_to_accept
    assert took is not None and took.messages == 3 and 0 < took.median <= took.p95 <= took.p99 < 60
    assert [(one.code, one.counts) for one in data.pictures.refusals] == [("550 5.1.1", {Status.REJECTED: 2})]
    assert [(one.tries, sum(one.counts.values())) for one in data.pictures.tries] == [(1, 6)]
    assert [(one.domain, sum(one.counts.values())) for one in data.pictures.domains] == [("people.example", 6), ("", 1)]
    assert data.pictures.other_domains is None
    assert not data.pictures.waits
    found = {(reason.status, reason.code, reason.count) for reason in data.reasons}
    assert found == {(Status.REJECTED, "550 5.1.1", 2), (Status.IN_DOUBT, "", 1), (Status.INVALID, "", 1)}
    assert [(one.number, one.status) for one in data.people] == [
        (3, Status.REJECTED),
        (4, Status.REJECTED),
        (5, Status.IN_DOUBT),
        (7, Status.INVALID),
    ]
    rejected, _, _, invalid = data.people
    assert [one.line for one in data.people] == [4, 5, 6, 8]
    assert rejected.reason.startswith("550 5.1.1 ")
    assert rejected.message_id == "<id of unknown.1@people.example>"
    assert (invalid.email, invalid.message_id) == ("no address", "")
    assert data.commands == [("to go on", "campaign")]
    zone = ZoneInfo("America/New_York")
    assert data.first_accepted is not None and data.last_accepted is not None
    for moment in (data.generated_at, data.first_accepted, data.last_accepted, *(bar.begins for bar in bars)):
        assert moment.tzinfo == zone
    assert before - 1 < data.first_accepted.timestamp() <= time.time()
    assert timedelta(0) <= data.last_accepted - data.first_accepted < timedelta(minutes=1)


def test_before_anybody_was_mailed_nothing_has_begun(campaign: SmallCampaign) -> None:
    campaign.people(2).send(25, limit=0)
    with report(campaign) as made:
        data = made()
    assert (data.first_accepted, data.last_accepted, list(data.pictures.bars)) == (None, None, [])
    assert data.counts[Status.PENDING] == data.total == 2
    assert not data.reasons and not data.people


def test_people_are_named_up_to_a_number(campaign: SmallCampaign) -> None:
    campaign.contacts([("nobody", str(number)) for number in range(MAX_PEOPLE + 50)]).send(25)
    with report(campaign) as made:
        data = made()
    assert data.counts[Status.INVALID] == MAX_PEOPLE + 50
    assert [one.number for one in data.people] == list(range(1, MAX_PEOPLE + 1))
    assert [(reason.status, reason.count) for reason in data.reasons] == [(Status.INVALID, MAX_PEOPLE + 50)]

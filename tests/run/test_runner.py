"""A whole run, in this process: when it begins and when it does not, what it leaves, and how it goes on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.errors import CampaignError, ContactsError, LedgerError, TemplateError
from campaign.ledger.sqlite.files import generation_file
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.model import Status
from campaign.run.plan import Resend
from campaign.run.runner import run
from campaign.run.summary import RunSummary
from campaign.window import SendWindow
from tests.campaigns import Silent, SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer, local_part

NOBODY = 25
"""A port that nothing is sent to."""


class Attentive(Silent):
    """A observer that keeps all it hears, and says yes or no."""

    def __init__(self, *, yes: bool = True) -> None:
        super().__init__()
        self.yes = yes
        self.read: list[int] = []
        self.asked_for: list[int | None] = []
        self.waited: list[float] = []

    def reading(self, rows: int) -> None:
        self.read.append(rows)

    def confirm(self, total: int | None, window: SendWindow) -> bool:
        self.asked_for.append(total)
        return self.yes

    def waiting(self, window: SendWindow, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture
def observer() -> Attentive:
    return Attentive()


@pytest.fixture
def campaign(tmp_path: Path, observer: Attentive) -> SmallCampaign:
    return SmallCampaign(tmp_path / "campaign", observer=observer)


def accepted(server: FaultServer) -> list[str]:
    return [message.recipients[0] for message in server.accepted]


def opened(campaign: SmallCampaign) -> str | None:
    """When the window opened, as the runs that go on will take it."""
    with reading_ledger(campaign.ledger, "small") as database:
        found = database.execute("SELECT value FROM facts WHERE name = 'opened'").fetchone()
    return None if found is None else str(found[0])


def counts(summary: RunSummary) -> dict[str, int]:
    return {status.value: count for status, count in summary.counts.items() if count}


# How far it comes.


def test_everybody_is_mailed_once_and_then_nobody_is_left(
    campaign: SmallCampaign, observer: Attentive, smtp_server: StartServer
) -> None:
    server = smtp_server()
    campaign.people(5)
    summary = campaign.send(server.port)
    assert counts(summary) == {"sent": 5}
    assert (summary.exit_code, summary.sent_now, summary.stopped, summary.trouble) == (0, 5, False, None)
    assert observer.asked_for == [5]
    assert (observer.heard[-1].total, observer.heard[-1].settled) == (5, {"sent": 5})
    assert_agreement(campaign, accepted(server))
    results = summary.results.read_bytes()

    again = campaign.send(server.port)
    assert (again.exit_code, again.sent_now, counts(again)) == (0, 0, {"sent": 5})
    assert again.results.read_bytes() == results
    assert observer.asked_for == [5], "nobody is asked about nobody"
    assert len(server.accepted) == 5


def test_a_file_without_rows_is_done_at_once(campaign: SmallCampaign) -> None:
    summary = campaign.contacts([]).send(NOBODY, allow_empty=True)
    assert (summary.exit_code, counts(summary)) == (0, {})
    assert campaign.results() == []


def test_a_limit_run_by_run_comes_to_the_end_of_the_file_in_its_order(
    campaign: SmallCampaign, observer: Attentive, smtp_server: StartServer
) -> None:
    server = smtp_server()
    campaign.contacts(
        [("a@x.example", "A"), ("no address", "-"), ("b@x.example", "B"), ("A@x.example", "A2"), ("c@x.example", "C")]
    )
    for run_number, expected in enumerate([["a", "b"], ["a", "b", "c"], ["a", "b", "c"]]):
        summary = campaign.send(server.port, limit=2)
        assert [address[0] for address in accepted(server)] == expected
        assert summary.exit_code == (3 if run_number == 0 else 1)
    assert observer.asked_for == [2, 1]
    assert assert_agreement(campaign, accepted(server)) == {"sent": 3, "invalid": 1, "duplicate": 1}


def test_a_limit_of_none_at_all_is_a_look_at_the_file(campaign: SmallCampaign) -> None:
    summary = campaign.people(3).send(NOBODY, limit=0)
    assert (summary.exit_code, counts(summary)) == (3, {"pending": 3})


def test_stages_are_timed_when_asked_for(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server()
    assert campaign.people(3).send(server.port, limit=1).profile == {}
    profile = campaign.send(server.port, profile=True).profile
    assert profile.keys() == {"mint", "render", "compose", "ledger", "send"}
    assert all(seconds >= 0.0 for seconds in profile.values())


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({}, 0),
        ({Status.SENT: 5, Status.SUPPRESSED: 1, Status.DUPLICATE: 1}, 0),
        ({Status.SENT: 5, Status.REJECTED: 1}, 1),
        ({Status.FAILED: 1}, 1),
        ({Status.INVALID: 1}, 1),
        ({Status.IN_DOUBT: 1}, 1),
        ({Status.IN_DOUBT: 1, Status.PENDING: 1}, 3),
    ],
)
def test_the_exit_code_says_what_is_left_to_do(campaign: SmallCampaign, found: dict[Status, int], code: int) -> None:
    summary = campaign.contacts([]).send(NOBODY, allow_empty=True)
    assert replace(summary, counts=dict.fromkeys(Status, 0) | found).exit_code == code


# When it does not begin.


def _tomorrow(**time: int) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


def test_a_window_that_is_not_open_is_not_waited_for_unless_it_should_be(
    campaign: SmallCampaign, observer: Attentive, smtp_server: StartServer
) -> None:
    server = smtp_server()
    campaign.settings["window"] = {"opens": _tomorrow(days=1)}
    summary = campaign.people(3).send(server.port, wait=False)
    assert (summary.exit_code, counts(summary), summary.sent_now) == (3, {"pending": 3}, 0)
    assert not server.connections
    assert 86_000 < observer.waited[0] <= 86_400
    assert set(campaign.statuses().values()) == {"pending"}

    campaign.settings["window"] = {"opens": "2026-01-01T00:00:00"}
    assert counts(campaign.send(server.port, wait=False)) == {"sent": 3}


def test_a_window_about_to_open_is_waited_for(
    campaign: SmallCampaign, observer: Attentive, smtp_server: StartServer
) -> None:
    server = smtp_server()
    opens = datetime.now(UTC) + timedelta(seconds=0.6)
    campaign.settings["window"] = {"opens": opens.isoformat()}
    assert counts(campaign.people(3).send(server.port)) == {"sent": 3}
    assert observer.waited
    assert min(message.time for message in server.accepted) >= opens.timestamp()


def test_a_window_that_is_over_sends_nothing_and_asks_nobody(campaign: SmallCampaign, observer: Attentive) -> None:
    campaign.settings["window"] = {"closes": "2026-01-01T00:00:00"}
    summary = campaign.people(3).send(NOBODY)
    assert (summary.exit_code, counts(summary)) == (3, {"pending": 3})
    assert observer.asked_for == []


def test_the_window_of_the_first_run_is_kept_and_only_by_a_run_that_began(
    campaign: SmallCampaign, observer: Attentive, smtp_server: StartServer
) -> None:
    server = smtp_server(CATALOGUE["rcpt_4xx"](match=local_part("p0")))
    campaign.settings["window"] = {"lasts": "8h"}
    campaign.people(3)
    observer.yes = False
    campaign.send(server.port)
    assert opened(campaign) is None
    observer.yes = True
    first = campaign.send(server.port).window
    assert opened(campaign) == first.opens.isoformat()
    assert campaign.send(server.port).window == first
    campaign.settings["window"] = {"lasts": "1s"}  # so that it is over by now, or will be within the second
    late = campaign.send(server.port, limit=0).window
    assert late.opens == first.opens


def test_a_no_changes_nothing(campaign: SmallCampaign, observer: Attentive, smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["rcpt_4xx"](match=local_part("p0")))
    campaign.people(2).send(server.port)
    assert campaign.statuses() == {"p0@people.example": "failed", "p1@people.example": "sent"}
    before = campaign.results()
    observer.yes = False
    summary = campaign.resend(server.port)
    assert summary.stopped
    assert campaign.results() == before
    assert observer.asked_for == [2, 1]


def test_a_resend_takes_what_failed_and_leaves_the_rest(
    campaign: SmallCampaign, observer: Attentive, smtp_server: StartServer
) -> None:
    refusing = smtp_server(CATALOGUE["rcpt_4xx"](match=local_part("p0")), CATALOGUE["rcpt_5xx"](match=local_part("p1")))
    campaign.people(3).send(refusing.port)
    friendly = smtp_server()
    summary = campaign.resend(friendly.port)
    assert counts(summary) == {"sent": 2, "rejected": 1}
    assert accepted(friendly) == ["p0@people.example"]
    assert observer.asked_for == [3, 1]
    assert counts(campaign.resend(friendly.port, resend=Resend(include=[Status.REJECTED]))) == {"sent": 3}


def test_a_no_to_the_first_run_leaves_everybody_pending(campaign: SmallCampaign, observer: Attentive) -> None:
    observer.yes = False
    summary = campaign.people(3).send(NOBODY)
    assert (summary.exit_code, summary.stopped, counts(summary)) == (3, True, {"pending": 3})
    assert len(campaign.results()) == 3


def test_a_resend_that_has_to_wait_leaves_what_failed_as_it_is(
    campaign: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server(CATALOGUE["rcpt_4xx"]())
    campaign.people(1).send(server.port)
    campaign.settings["window"] = {"opens": _tomorrow(days=1)}
    summary = campaign.resend(server.port, wait=False)
    assert (summary.exit_code, counts(summary)) == (1, {"failed": 1})


def broken_template(campaign: SmallCampaign) -> None:
    (campaign.folder / "template" / "body.txt").write_text("{{ link.url")


def no_contacts(campaign: SmallCampaign) -> None:
    (campaign.folder / "contacts.csv").unlink()


def no_suppression_list(campaign: SmallCampaign) -> None:
    campaign.settings["contacts"] = {"suppress": ["quiet.csv"]}


@pytest.mark.parametrize(
    ("breaks", "kind", "where"),
    [
        (broken_template, TemplateError, "body.txt"),
        (no_contacts, ContactsError, "contacts.csv"),
        (no_suppression_list, ContactsError, "quiet.csv"),
    ],
)
def test_what_is_wrong_as_a_whole_is_said_before_anybody_is_mailed(
    campaign: SmallCampaign, breaks: Callable[[SmallCampaign], None], kind: type[CampaignError], where: str
) -> None:
    campaign.people(3)
    breaks(campaign)
    with pytest.raises(kind) as caught:
        campaign.send(NOBODY)
    assert where in caught.value.where
    assert not (campaign.folder / "small-results.csv").exists()


# Results without their ledger.


def ledger_gone(campaign: SmallCampaign) -> None:
    campaign.ledger.unlink()


def ledger_emptied(campaign: SmallCampaign) -> None:
    campaign.ledger.write_bytes(b"")


@pytest.mark.parametrize("loses", [ledger_gone, ledger_emptied])
def test_results_without_their_ledger_stop_a_run(
    campaign: SmallCampaign, smtp_server: StartServer, loses: Callable[[SmallCampaign], None]
) -> None:
    """Everybody would be mailed a second time, as if for the first."""
    server = smtp_server()
    results = campaign.people(2).send(server.port).results
    before = results.read_bytes()
    loses(campaign)
    for _ in range(2):
        with pytest.raises(LedgerError) as caught:
            campaign.send(server.port)
        assert caught.value.where == str(campaign.ledger)
        assert results.name in caught.value.fix
    assert len(server.accepted) == 2
    assert results.read_bytes() == before
    results.rename(results.with_suffix(".old"))
    generation_file(campaign.ledger).unlink()
    assert counts(campaign.send(server.port)) == {"sent": 2}


# What the file is read for, and what is said about it.


def test_a_file_is_read_again_only_when_it_or_a_suppression_list_has_changed(
    campaign: SmallCampaign, observer: Attentive, smtp_server: StartServer
) -> None:
    server = smtp_server()
    quiet = campaign.folder / "quiet.csv"
    quiet.write_text("p0@people.example\n")
    campaign.settings["contacts"] = {"suppress": ["quiet.csv"]}

    def read() -> bool:
        observer.read.clear()
        campaign.send(server.port, limit=1)
        return bool(observer.read)

    campaign.people(6)
    assert [read() for _ in range(2)] == [True, False]
    quiet.write_text("p0@people.example\np3@people.example\n")
    assert [read() for _ in range(2)] == [True, False]
    campaign.people(7)
    assert [read() for _ in range(2)] == [True, False]
    assert accepted(server) == [f"p{number}@people.example" for number in (1, 2, 4, 5, 6)]
    assert assert_agreement(campaign, accepted(server)) == {"sent": 5, "suppressed": 2}


def test_a_column_that_the_templates_want_and_the_file_has_not_is_told_before_there_is_a_ledger(
    campaign: SmallCampaign, smtp_server: StartServer
) -> None:
    with pytest.raises(TemplateError) as caught:
        campaign.contacts([("a@x.example", "A")], header=("email", "Name")).send(smtp_server().port)
    assert caught.value.what == "there is no column 'name'; did you mean 'Name'?"
    assert not campaign.ledger.exists()


def test_two_runs_into_different_ledgers_know_nothing_of_each_other(
    campaign: SmallCampaign, smtp_server: StartServer, tmp_path: Path
) -> None:
    server = smtp_server()
    plan = campaign.people(2).plan(server.port)
    other = replace(plan, results=tmp_path / "other.csv", ledger=tmp_path / "other.ledger")
    assert run(plan, campaign.observer).sent_now == run(other, campaign.observer).sent_now == 2

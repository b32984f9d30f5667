"""What a run takes over from earlier ones of its name: the window, once messages could go, and who was mailed."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.errors import SettingsError
from campaign.ledger.sql.tally import recount
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.run.plan import Resend
from tests.campaigns import Silent, SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, local_part

HOUR = timedelta(hours=1)


class Terminal(Silent):
    """A observer that somebody sits before: who is asked, and says yes or no."""

    asks = True


class Cron(Silent):
    """Nobody is there, and nobody has said --yes."""

    can_confirm = False


@pytest.fixture
def campaign(tmp_path: Path) -> SmallCampaign:
    made = SmallCampaign(tmp_path / "campaign", settings={"window": {"lasts": "8h"}}, observer=Cron())
    return made.people(30)


def opened(campaign: SmallCampaign) -> datetime | None:
    with reading_ledger(campaign.ledger, "small") as database:
        found = database.execute("SELECT value FROM facts WHERE name = 'opened'").fetchone()
    return None if found is None else datetime.fromisoformat(found[0])


def age(campaign: SmallCampaign, days: int) -> None:
    """Let all that was done have been done so many days earlier."""
    with closing(sqlite3.connect(campaign.ledger, factory=SqliteConnection)) as database, database:
        database.execute("UPDATE delivery SET settled_at = settled_at - ?", (days * 86_400,))
        (fact,) = database.execute("SELECT value FROM facts WHERE name = 'opened'").fetchone() or (None,)
        if fact is not None:
            then = datetime.fromisoformat(fact) - timedelta(days=days)
            database.execute("UPDATE facts SET value = ? WHERE name = 'opened'", (then.isoformat(),))


def day_of(campaign: SmallCampaign) -> str:
    """The day on which the first message was sent, as a person reads it."""
    with reading_ledger(campaign.ledger, "small") as database:
        (moment,) = database.execute("SELECT min(settled_at) FROM delivery WHERE status = 'sent'").fetchone()
    then = datetime.fromtimestamp(moment, UTC)
    return f"{then:%a} {then.day} {then:%b %Y}"


def said(campaign: SmallCampaign) -> str:
    words = "\n".join(campaign.observer.notices)
    campaign.observer.notices.clear()
    return words


# The window opens when the first message could go.


def unreachable(campaign: SmallCampaign, smtp_server: StartServer) -> int:
    return 1


def wrong_password(campaign: SmallCampaign, smtp_server: StartServer) -> int:
    return smtp_server(CATALOGUE["mail_5xx"](reply=b"530 5.7.0 Authentication required\r\n")).port


def sender_refused(campaign: SmallCampaign, smtp_server: StartServer) -> int:
    reply = b"553 5.7.1 Sender address rejected: not owned by user\r\n"
    return smtp_server(CATALOGUE["rcpt_5xx"](reply=reply)).port


def closed_door(campaign: SmallCampaign, smtp_server: StartServer) -> int:
    return smtp_server(CATALOGUE["connect_5xx"]()).port


@pytest.mark.parametrize("fails", [unreachable, wrong_password, sender_refused, closed_door])
def test_a_start_that_failed_opens_no_window(
    campaign: SmallCampaign, smtp_server: StartServer, fails: Callable[[SmallCampaign, StartServer], int]
) -> None:
    stopped = campaign.send(fails(campaign, smtp_server), backoff=0.001)
    assert stopped.trouble is not None and stopped.sent_now == 0
    assert opened(campaign) is None
    before = datetime.now(UTC)
    window = campaign.send(smtp_server().port).window
    assert window.opens >= before and window.length == 8 * HOUR
    assert opened(campaign) == window.opens


def test_a_trial_does_not_eat_the_window_of_the_rest(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server()
    trial = campaign.send(server.port, limit=3).window
    assert opened(campaign) is None
    rest = campaign.send(server.port).window
    assert trial.opens < rest.opens == opened(campaign)
    expiries = {row["link_expires_at"] for row in campaign.results()}
    grace = campaign.load(server.port).link.grace
    assert rest.closes is not None
    assert (rest.closes + grace).replace(microsecond=0).isoformat() in expiries, "links are matched to their window"
    assert len(server.accepted) == 30


def test_a_trial_within_a_window_that_is_open_keeps_to_it(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server()
    first = campaign.send(server.port).window
    campaign.people(40)
    assert campaign.send(server.port, limit=3).window == first == campaign.send(server.port).window


def test_who_was_put_off_was_mailed_at_least(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    """A refused address, or a greylisted one, shows that messages could go."""
    refusing = smtp_server(CATALOGUE["rcpt_5xx"](match=local_part("p1")), CATALOGUE["rcpt_4xx"](match=local_part("p2")))
    window = campaign.people(3).send(refusing.port).window
    assert opened(campaign) == window.opens


def test_a_run_that_was_cut_off_has_opened_the_window_if_messages_had_left(
    campaign: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    campaign.send(server.port, limit=3)
    then = datetime.now(UTC) - HOUR
    with (
        closing(sqlite3.connect(campaign.ledger, factory=SqliteConnection)) as database,
        database,
    ):  # as `kill -9` would leave it
        begun = json.dumps({"touched": 3, "opened": then.isoformat(), "template": "x"})
        database.execute("INSERT INTO facts VALUES ('begun', ?)", (begun,))
        database.execute("INSERT INTO delivery (contact, status) VALUES (4, 'sending')")
        recount(database)
    assert campaign.send(server.port).window.opens == then == opened(campaign)


def test_a_run_that_was_cut_off_before_its_first_message_has_not(
    campaign: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    campaign.send(server.port, limit=3)
    then = datetime.now(UTC) - HOUR
    with closing(sqlite3.connect(campaign.ledger, factory=SqliteConnection)) as database, database:
        begun = json.dumps({"touched": 3, "opened": then.isoformat(), "template": "x"})
        database.execute("INSERT INTO facts VALUES ('begun', ?)", (begun,))
    assert campaign.send(server.port).window.opens > then + HOUR


def test_a_resend_that_fails_leaves_the_window_as_it_was(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["rcpt_4xx"](match=local_part("p7")))
    first = campaign.send(server.port).window
    campaign.resend(1, backoff=0.001)
    assert opened(campaign) == first.opens
    assert campaign.resend(smtp_server().port).window.opens == opened(campaign) != first.opens


# A name that was used before.


def other_template(campaign: SmallCampaign) -> None:
    (campaign.folder / "template" / "subject.txt").write_text("News for {{ contact.name }}")


def other_layout(campaign: SmallCampaign) -> None:
    (campaign.folder / "_layout.txt").write_text("News\n")


def five_more(campaign: SmallCampaign) -> None:
    campaign.contacts((f"p{number}@people.example", f"Person {number}") for number in range(5, 35))


def test_a_name_for_another_campaign_a_month_later_wants_a_yes(
    campaign: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    campaign.send(server.port)
    age(campaign, 30)
    day = day_of(campaign)
    other_template(campaign)
    five_more(campaign)
    campaign.settings["window"] = {}
    with pytest.raises(SettingsError) as caught:
        campaign.send(server.port)
    assert f"25 of 30 were mailed on {day}; 5 are new" in caught.value.what
    assert "5 who were mailed are not in the contacts file now; the templates have changed since" in caught.value.what
    assert caught.value.where.endswith("campaign.toml, name") and "--yes" in caught.value.fix
    assert len(server.accepted) == 30

    campaign.observer.can_confirm = True  # --yes
    assert campaign.send(server.port).sent_now == 5
    assert "25 of 30 were mailed on" in said(campaign)
    campaign.observer.can_confirm = False
    assert campaign.send(server.port).sent_now == 0, "and it goes on by itself from there"


def test_a_person_is_told_whenever_there_were_earlier_runs(tmp_path: Path, smtp_server: StartServer) -> None:
    server = smtp_server()
    campaign = SmallCampaign(tmp_path / "campaign", observer=Terminal()).people(3)
    campaign.send(server.port, limit=1)
    assert said(campaign) == ""
    day = day_of(campaign)
    campaign.send(server.port)
    assert f"1 of 3 was mailed on {day}; 0 are new" in said(campaign)


@pytest.mark.parametrize(
    ("changes", "days", "told", "wants_yes"),
    [
        ([], 0, "", False),  # cron, after a crash
        ([], 3, "25 of 30 were mailed", False),  # cron, in the window of another day
        ([other_template], 0, "the templates have changed since", False),  # a slip, mended
        ([other_template], 30, "the templates have changed since", False),
        ([other_layout], 0, "the templates have changed since", False),
        ([five_more], 0, "5 are new", False),  # contacts that have come since
        ([five_more], 30, "5 are new", False),
        ([other_template, five_more], 0, "the templates have changed since", True),
        ([other_layout, five_more], 30, "the templates have changed since", True),
    ],
)
def test_what_goes_on_by_itself_and_what_wants_a_yes(
    campaign: SmallCampaign,
    smtp_server: StartServer,
    changes: list[Callable[[SmallCampaign], None]],
    days: int,
    told: str,
    wants_yes: bool,
) -> None:
    (campaign.folder / "_layout.txt").write_text("Hello\n")
    body = campaign.folder / "template" / "body.txt"
    body.write_text('{% include "_layout.txt" %}' + body.read_text())
    campaign.settings["window"] = {}
    server = smtp_server()
    campaign.send(server.port, limit=25)
    age(campaign, days)
    for change in changes:
        change(campaign)
    if wants_yes:
        with pytest.raises(SettingsError, match=told):
            campaign.send(server.port)
        assert len(server.accepted) == 25
    else:
        assert campaign.send(server.port).counts["pending"] == 0  # type: ignore[index]  # a status is its word
        heard = said(campaign)
        assert told in heard and bool(heard) == bool(told)


def test_a_list_without_anybody_of_before_is_said_to_be_one(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server()
    campaign.send(server.port)
    campaign.people(2, domain="elsewhere.example").send(server.port)
    heard = said(campaign)
    assert "none of the 2 contacts was mailed before under this name; 2 are new; 30 who were mailed on " in heard
    assert heard.endswith(" are not in the contacts file now")


def test_a_run_that_mailed_nobody_is_no_earlier_run(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    campaign.send(1, backoff=0.001)
    other_template(campaign)
    five_more(campaign)
    said(campaign)
    assert campaign.send(smtp_server().port).sent_now == 30
    assert said(campaign) == ""


def test_corrected_rows_of_a_results_file_are_what_was_asked_for(
    campaign: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=local_part("p3")))
    campaign.people(4).send(server.port)
    corrected = campaign.folder / "corrected.csv"
    corrected.write_text((campaign.folder / "small-results.csv").read_text().replace("p3@people", "q3@people"))
    other_template(campaign)
    assert campaign.resend(server.port, resend=Resend(include=["rejected"], source=corrected)).sent_now == 1  # type: ignore[list-item]

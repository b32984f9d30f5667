"""The Python face: the same runs, the same words and the same errors as on the command line, as values."""

import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import campaign
from campaign import Campaign, Progress, RunSummary, Severity, Status
from campaign.errors import LedgerBusyError, LedgerError, LinkError, SettingsError
from campaign.ledger.opening import open_for_run
from campaign.testing import read_link
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, local_part

PEOPLE = 5


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAMPAIGN_LINK__SECRET", raising=False)


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    made = SmallCampaign(tmp_path / "small").people(PEOPLE)
    made.load(9)
    return made


def load(small: SmallCampaign, port: int = 9, **settings: object) -> Campaign:
    return Campaign.load(small.path, settings={"link.secret": SECRET, "smtp.port": port} | settings)


def test_every_name_of_the_face_is_there_and_no_other() -> None:
    assert all(getattr(campaign, name) is not None for name in campaign.__all__)
    assert set(campaign.__all__) <= set(dir(campaign))
    with pytest.raises(AttributeError, match="Kampagne"):
        _ = campaign.Kampagne


def test_settings_beat_the_environment_and_the_file(small: SmallCampaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_SMTP__RATE", "7")
    assert Campaign.load(small.path).settings.smtp.rate == 7
    assert Campaign.load(str(small.path), settings={"smtp.rate": 20}).settings.smtp.rate == 20
    assert Campaign.load(small.path, settings={"smtp.rate": None}).settings.smtp.rate == 7


def test_a_whole_section_takes_the_place_of_what_others_say_in_it(
    small: SmallCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = '[[smtp]]\nname = "a"\nhost = "a.example"\n\n[[smtp]]\nname = "b"\nhost = "b.example"\n'
    text = re.sub(r"(?s)\[smtp\]\n.*?(?=\[|\Z)", two, small.path.read_text("utf-8"))
    small.path.write_text(text, "utf-8")
    monkeypatch.setenv("CAMPAIGN_SMTP__A__PASSWORD", "x")
    monkeypatch.setenv("CAMPAIGN_SMTP__NONSENSE", "x")
    loaded = Campaign.load(small.path, settings={"smtp": {"host": "c.example", "rate": 5}, "smtp.rate": 7})
    assert [one.host for one in loaded.settings.servers] == ["c.example"] and loaded.settings.smtp.rate == 7
    with pytest.raises(SettingsError, match=r"smtp\.hots; did you mean smtp\.host"):
        Campaign.load(small.path, settings={"smtp": {"hots": "c.example"}})


def test_a_wrong_setting_is_told_as_on_the_command_line(small: SmallCampaign) -> None:
    with pytest.raises(SettingsError) as caught:
        Campaign.load(small.path, settings={"smtp.raet": 20})
    assert caught.value.what == "no such setting smtp.raet; did you mean smtp.rate?"
    with pytest.raises(SettingsError, match=r"smtp\.rate is -1"):
        Campaign.load(small.path, settings={"smtp.rate": -1})


def test_a_secret_may_be_given_and_is_never_shown(small: SmallCampaign) -> None:
    loaded = load(small)
    assert SECRET not in repr(loaded) + repr(loaded.settings) + str(vars(loaded))
    with pytest.raises(SettingsError, match=r"link\.secret") as caught:
        Campaign.load(small.path, settings={"link.secret": f"{SECRET}\n{SECRET}"})
    assert SECRET not in str(caught.value)
    with pytest.raises(SettingsError, match=r"link\.secret is no text"):
        Campaign.load(small.path, settings={"link.secret": 5})


def test_a_run_without_its_secret_is_refused_before_anything_else(small: SmallCampaign) -> None:
    with pytest.raises(SettingsError, match="secret that sign-in links are signed with is missing"):
        Campaign.load(small.path).send()


def test_it_knows_its_paths(small: SmallCampaign) -> None:
    loaded = load(small)
    assert loaded.name == "small"
    assert loaded.results_path == small.folder / "small-results.csv"
    assert loaded.ledger_path == small.ledger


def test_a_run_is_a_value_with_its_exit_code(small: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=local_part("p3")))
    loaded = load(small, server.port)
    heard: list[Progress] = []
    ended = loaded.send(on_progress=heard.append)
    assert isinstance(ended, RunSummary)
    assert (ended.exit_code, ended.sent_now, ended.reason, ended.stopped) == (1, PEOPLE - 1, "", False)
    assert ended.counts[Status.REJECTED] == 1 and ended.results == loaded.results_path
    assert sum(heard[-1].settled.values()) == PEOPLE
    assert loaded.send().sent_now == 0, "nobody is mailed twice"
    again = loaded.resend(include=["rejected"])
    assert again.counts[Status.REJECTED] == 1 and again.tried_now == 1


def test_a_limit_is_why_a_run_stopped(small: SmallCampaign, smtp_server: StartServer) -> None:
    ended = load(small, smtp_server().port).send(limit=2)
    assert (ended.exit_code, ended.reason, ended.why) == (3, "limit", "there is more to send")


def test_a_resend_takes_no_other_status(small: SmallCampaign) -> None:
    with pytest.raises(ValueError, match="not sent"):
        load(small).resend(include=[Status.SENT])


def test_a_sandbox_run_needs_no_secret_and_prints_nothing(
    small: SmallCampaign, capfd: pytest.CaptureFixture[str]
) -> None:
    loaded = Campaign.load(small.path)
    assert loaded.send(sandbox=True).sent_now == PEOPLE
    assert loaded.send(sandbox=True).sent_now == 0
    assert loaded.send(sandbox=True, fresh=True).sent_now == PEOPLE
    assert loaded.status(sandbox=True).counts[Status.SENT] == PEOPLE
    assert capfd.readouterr() == ("", "")


def test_a_check_gives_its_findings(small: SmallCampaign, smtp_server: StartServer) -> None:
    found = load(small, smtp_server().port).check(offline=True)
    assert found.ready and found.wrong == 0 and found.left is None
    assert found.counts[Status.PENDING] == PEOPLE and found.sizes.largest > 0
    assert {one.rule for one in found.findings if one.severity is Severity.OK} >= {"window", "messages", "secrets"}
    (missing,) = (one for one in found.findings if one.rule == "unsubscribe_missing")
    assert missing.severity is Severity.NOTE and not found.clean


def test_a_check_finds_what_a_run_would_stop_for(small: SmallCampaign) -> None:
    found = Campaign.load(small.path).check(offline=True)
    assert not found.ready
    (wrong,) = (one for one in found.findings if one.severity is Severity.WRONG)
    assert wrong.rule == "settings" and "CAMPAIGN_LINK__SECRET" in wrong.fix


def test_a_preview_says_where_it_is(small: SmallCampaign, tmp_path: Path) -> None:
    small.contacts([("p0@people.example", "P"), ("nobody", "N")])
    seen = load(small).preview()
    assert seen.index == small.folder / "small-preview" / "index.html" and seen.index.exists()
    assert seen.exit_code == 1 and seen.counts[Status.INVALID] == 1 and "nobody" in seen.faults[0]
    assert load(small).preview(tmp_path / "elsewhere", limit=1).exit_code == 0
    assert (tmp_path / "elsewhere" / "index.html").exists()


def test_there_is_no_status_before_the_first_run(small: SmallCampaign) -> None:
    with pytest.raises(LedgerError):
        load(small).status()


def test_status_results_and_report_come_from_the_ledger(small: SmallCampaign, smtp_server: StartServer) -> None:
    loaded = load(small, smtp_server().port)
    loaded.send(limit=2)
    now = loaded.status()
    assert (now.total, now.counts[Status.SENT], now.running, now.cautions) == (PEOPLE, 2, None, [])
    loaded.results_path.unlink()
    assert loaded.results()["status"].tolist() == ["sent", "sent", "pending", "pending", "pending"]
    assert loaded.write_results().path.read_text("utf-8").count("sent") == 2
    page = loaded.report()
    assert page == small.folder / "small-report.html" and "small" in page.read_text("utf-8")


def test_two_runs_at_once_are_refused(small: SmallCampaign, smtp_server: StartServer) -> None:
    loaded = load(small, smtp_server().port)
    with open_for_run(loaded.ledger_path, "small"), pytest.raises(LedgerBusyError):
        loaded.send()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_in_a_thread_is_stopped_from_another_and_goes_on(
    small: SmallCampaign, smtp_server: StartServer, processes: int
) -> None:
    small.people(400)
    loaded = load(small, smtp_server().port, **{"smtp.rate": 50, "smtp.connections": 2})
    stop, begun, ended = threading.Event(), threading.Event(), []

    def follow(progress: Progress) -> None:
        if progress.settled:
            begun.set()

    def run() -> None:
        ended.append(loaded.send(stop=stop, on_progress=follow, processes=processes))

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(60)
    stop.set()
    thread.join(60)
    (first,) = ended
    assert first.stopped and first.reason == "signal" and first.exit_code == 3
    assert 0 < first.sent_now < 400 and first.counts[Status.IN_DOUBT] == 0
    loaded = load(small, smtp_server().port)
    assert loaded.send().counts[Status.SENT] == 400


def test_a_run_that_is_told_to_stop_before_it_begins_mails_nobody(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    server, stop = smtp_server(), threading.Event()
    stop.set()
    assert load(small, server.port).send(stop=stop).counts[Status.PENDING] == PEOPLE
    assert server.accepted == []


@pytest.mark.parametrize("processes", [1, 2])
def test_a_callback_that_raises_loses_nobody(small: SmallCampaign, smtp_server: StartServer, processes: int) -> None:
    small.people(400)
    server = smtp_server()
    loaded = load(small, server.port, **{"smtp.rate": 100, "smtp.connections": 2})
    calls = []

    def fail(progress: Progress) -> None:
        calls.append(progress)
        if progress.settled:
            raise RuntimeError("the dashboard is down")

    with pytest.raises(RuntimeError, match="dashboard") as caught:
        loaded.send(on_progress=fail, processes=processes)
    assert "ended in good order" in caught.value.__notes__[0]
    now = loaded.status()
    assert now.counts[Status.SENT] == len(server.accepted) < 400 and now.counts[Status.IN_DOUBT] == 0
    assert sum(bool(one.settled) for one in calls) == 1, "it is not called again"
    assert loaded.results_path.exists()


def test_a_test_message_goes_to_whoever_tries_it_and_leaves_no_ledger(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    loaded = load(small, server.port)
    results = loaded.send_test(["me@acme.example", "you@acme.example"], rows=[2, 4])
    assert [(one.message.row, one.message.to, one.accepted) for one in results] == [
        (2, "me@acme.example", True),
        (4, "me@acme.example", True),
        (2, "you@acme.example", True),
        (4, "you@acme.example", True),
    ]
    assert len(server.accepted) == 4 and not loaded.ledger_path.exists()
    assert len(loaded.send_test("me@acme.example")) == 3


def test_a_check_forecasts_the_run(small: SmallCampaign, smtp_server: StartServer) -> None:
    found = load(small, smtp_server().port, **{"smtp.rate": 0.1}).check()
    assert found.forecast is not None
    assert found.forecast.found.rows == PEOPLE and found.forecast.found.set_by == "rate"


def test_a_link_is_made_as_a_value_that_hides_it(small: SmallCampaign) -> None:
    link = load(small).link("p1@people.example", timedelta(hours=1))
    assert read_link(link.url, SECRET).email == "p1@people.example"
    assert timedelta(minutes=59) < link.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert link.token not in repr(link)
    with pytest.raises(LinkError, match="not an address"):
        load(small).link("nobody")
    with pytest.raises(LinkError) as caught:
        load(small).link("p1@people.example", "soon")
    assert caught.value.where == "--lasts"


@pytest.mark.parametrize(
    ("method", "name", "number"),
    [("send", "limit", -1), ("send", "limit", 2.5), ("resend", "limit", -1), ("send", "processes", 0)],
)
def test_a_number_that_is_none_is_no_leave_to_mail_everybody(
    small: SmallCampaign, smtp_server: StartServer, method: str, name: str, number: float
) -> None:
    server = smtp_server()
    with pytest.raises(ValueError, match=f"{name} is {number}; it must be a whole number"):
        getattr(load(small, server.port), method)(**{name: number})
    assert server.accepted == []


def test_somebody_is_erased_by_one_address_and_nobody_by_an_age_that_lies_ahead(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    loaded = load(small, smtp_server().port)
    loaded.send()
    with pytest.raises(ValueError, match="older_than is -1 day"):
        loaded.erase(older_than=timedelta(days=-1))
    assert loaded.erase("p1@people.example").runs[0].found.people == 1
    assert list(loaded.results()["email"]).count("erased") == 1

"""From settings to a run's plan: the window it goes by, what its workers are told, and that its secrets stay in."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import SettingsError, WindowError
from campaign.model import Status
from campaign.run.plan import Resend, RunPlan, open_window
from campaign.run.servers import configured_server
from campaign.settings import load_settings
from campaign.smtp.session.access_token import TokenCommand
from campaign.window import SendWindow
from tests.campaigns import SECRET, SmallCampaign
from tests.pem_files import Files

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

Planned = Callable[..., RunPlan]


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    """A plan whose window has these settings; options are RunPlan's."""

    def made(window: dict[str, object] | None = None, **options: Any) -> RunPlan:
        return SmallCampaign(tmp_path / "campaign", settings={"window": window or {}}).plan(25, **options)

    return made


def limits(window: SendWindow) -> tuple[datetime, datetime | None]:
    return window.opens, window.closes


# Without an opening time, a window opens with the first run, and later runs keep to that.


def test_without_any_window_it_opens_now_and_never_closes(planned: Planned) -> None:
    assert limits(planned().window(NOW, None)) == (NOW, None)


def test_a_length_counts_from_the_first_run(planned: Planned) -> None:
    plan = planned({"lasts": "8h"})
    assert limits(plan.window(NOW, None)) == (NOW, NOW + 8 * HOUR)
    assert limits(plan.window(NOW + 3 * HOUR, NOW)) == (NOW, NOW + 8 * HOUR)
    late = plan.window(NOW + 9 * HOUR, NOW)
    assert late.is_over(NOW + 9 * HOUR)


def test_a_closing_time_alone_closes_what_opened_with_the_first_run(planned: Planned) -> None:
    plan = planned({"closes": "2026-11-23T18:00:00", "timezone": "Europe/Berlin"})
    closes = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    assert limits(plan.window(NOW, None)) == (NOW, closes)
    assert limits(plan.window(NOW + HOUR, NOW)) == (NOW, closes)


@pytest.mark.parametrize(
    "first_opened", [None, NOW, NOW + 10 * HOUR], ids=["never", "before it closed", "by a re-send, after it"]
)
def test_a_closing_time_that_has_passed_is_no_mistake_but_a_window_that_is_over(
    planned: Planned, first_opened: datetime | None
) -> None:
    plan = planned({"closes": "2026-11-23T18:00:00"})
    window = plan.window(NOW + 24 * HOUR, first_opened)
    assert window.is_over(NOW + 24 * HOUR)
    assert window.closes == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert window.opens == (NOW if first_opened == NOW else NOW - 20 * HOUR)


@pytest.mark.parametrize("closes", ["2026-03-30T02:30:00", "2026-10-26T02:30:00", "2026-03-30T02:30:00+02:00"])
def test_that_is_so_too_the_day_after_a_clock_change(planned: Planned, closes: str) -> None:
    """On the day before, that time of the day was skipped, or came twice."""
    window = planned({"closes": closes, "timezone": "Europe/Berlin"}).window(NOW, None)
    assert window.is_over(NOW)


def test_a_closing_time_that_the_clocks_skip_is_named_as_what_it_is(planned: Planned) -> None:
    plan = planned({"closes": "2026-03-29T02:30:00", "timezone": "Europe/Berlin"})
    with pytest.raises(WindowError) as caught:
        plan.window(NOW, None)
    assert caught.value.where == "window.closes"


# With one, it is the settings' word.


@pytest.mark.parametrize("first_opened", [None, NOW - HOUR])
def test_an_opening_time_stands_however_late_the_run(planned: Planned, first_opened: datetime | None) -> None:
    opens, closes = datetime(2026, 11, 23, 9, 0, tzinfo=UTC), datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    by_time = planned({"opens": "2026-11-23T09:00:00", "closes": "2026-11-23T17:00:00"})
    assert limits(by_time.window(NOW, first_opened)) == (opens, closes)
    assert by_time.window(NOW + 12 * HOUR, first_opened).is_over(NOW + 12 * HOUR)


def test_a_length_counts_from_the_opening_time_not_from_the_run(planned: Planned) -> None:
    plan = planned({"opens": "2026-11-23T09:00:00", "lasts": "6h"})
    assert limits(plan.window(NOW, None)) == (NOW - 5 * HOUR, NOW + HOUR)


def test_an_opening_time_to_come_is_waited_for(planned: Planned) -> None:
    window = planned({"opens": "2026-11-23T16:00:00"}).window(NOW, None)
    assert window.seconds_until_open(NOW) == 7200.0


# A re-send has a window of its own.


def test_a_resend_opens_now_and_lasts_as_long_again(planned: Planned) -> None:
    plan = planned({"lasts": "8h"}, resend=Resend())
    assert limits(plan.window(NOW, NOW - 100 * HOUR)) == (NOW, NOW + 8 * HOUR)


def test_a_resend_does_not_repeat_an_opening_time_that_has_passed(planned: Planned) -> None:
    plan = planned({"opens": "2026-11-20T09:00:00", "lasts": "8h"}, resend=Resend())
    assert limits(plan.window(NOW, NOW - 77 * HOUR)) == (NOW, NOW + 8 * HOUR)


def test_a_resend_waits_for_an_opening_time_to_come(planned: Planned) -> None:
    plan = planned({"opens": "2026-11-23T16:00:00", "lasts": "8h"}, resend=Resend())
    assert limits(plan.window(NOW, NOW - 24 * HOUR)) == (NOW + 2 * HOUR, NOW + 10 * HOUR)


def test_a_resend_keeps_to_a_closing_time(planned: Planned) -> None:
    plan = planned({"closes": "2026-11-23T18:00:00"}, resend=Resend())
    assert limits(plan.window(NOW, NOW - HOUR)) == (NOW, NOW + 4 * HOUR)
    assert plan.window(NOW + 24 * HOUR, NOW - HOUR).is_over(NOW + 24 * HOUR)


def test_a_resend_after_opening_and_closing_time_is_too_late(planned: Planned) -> None:
    plan = planned({"opens": "2026-11-20T09:00:00", "closes": "2026-11-20T17:00:00"}, resend=Resend())
    assert plan.window(NOW, NOW - 77 * HOUR).is_over(NOW)


def test_failed_and_invalid_rows_go_again_always_others_when_asked_for() -> None:
    assert set(Resend().statuses) == {Status.FAILED, Status.INVALID}
    assert set(Resend(include=[Status.IN_DOUBT]).statuses) == {Status.FAILED, Status.INVALID, Status.IN_DOUBT}


def test_the_window_for_trying_things_out_is_open() -> None:
    assert open_window().is_open(datetime.now(UTC))


def test_the_sandbox_keeps_the_window_but_not_its_hours(planned: Planned) -> None:
    window: dict[str, object] = {"opens": "2026-11-22T00:00:00Z", "lasts": "7d", "hours": "03:00-04:00", "days": "tue"}
    plan = planned(window)
    real, rehearsal = plan.window(NOW, None), replace(plan, sandbox=True).window(NOW, None)
    assert limits(real) == limits(rehearsal)
    assert not real.is_open(NOW) and rehearsal.is_open(NOW)
    assert rehearsal.is_over(NOW + 7 * 24 * HOUR)


def test_the_sandbox_keeps_each_contacts_window_but_not_its_hours(tmp_path: Path) -> None:
    window: dict[str, object] = {"opens": "2026-11-23T20:00:00", "lasts": "24h", "hours": "03:00-04:00"}
    settings: dict[str, dict[str, object]] = {"window": window, "contacts": {"timezone_column": "zone"}}
    there = SmallCampaign(tmp_path / "campaign", settings=settings).plan(25, sandbox=True).window(NOW, None)
    assert there.zone_column == "zone"
    assert there.of("Asia/Tokyo").is_open(NOW) and not there.of("Europe/Paris").is_open(NOW)


def test_the_sandbox_finds_hours_that_never_come(planned: Planned) -> None:
    window = {"opens": "2026-11-23T09:00:00", "lasts": "8h", "hours": "20:00-21:00"}
    with pytest.raises(WindowError, match="none of its hours"):
        planned(window, sandbox=True).window(NOW, None)


# The orders for the workers.


def test_a_job_says_what_the_settings_say(tmp_path: Path) -> None:
    campaign = SmallCampaign(
        tmp_path / "campaign",
        settings={
            "smtp": {"connections": 7, "rate": 50, "messages_per_connection": 11, "minutes_per_connection": 2.5},
            "retry": {"tries": 4, "first_wait": "3s", "longest_wait": "2m", "stop_after": 9},
            "link": {"grace": "90m"},
        },
    )
    plan = campaign.plan(25, profile=True, backoff=0.5)
    job = plan.job(open_window())
    (orders,) = job.servers
    assert (orders.connections, orders.rate, orders.messages_per_connection) == (7, 50.0, 11)
    assert orders.seconds_per_connection == 150.0
    assert (job.tries, job.first_wait, job.longest_wait, job.stop_after) == (4, 3.0, 120.0, 9)
    assert (job.profile, job.backoff, job.ledger) == (True, 0.5, campaign.ledger)
    assert job.message_plan.link.grace == 1.5 * HOUR
    assert job.message_plan.campaign == "small"


def test_no_secret_is_seen_where_a_plan_or_a_job_is_shown(tmp_path: Path) -> None:
    campaign = SmallCampaign(tmp_path / "campaign", settings={"smtp": {"security": "starttls", "username": "us"}})
    campaign.load(25)
    secrets = {"CAMPAIGN_SMTP__PASSWORD": "pass-word", "CAMPAIGN_LINK__SECRET": SECRET}
    settings = load_settings(campaign.path, environ=secrets)
    server = configured_server(settings)
    plan = RunPlan(
        settings=settings,
        results=tmp_path / "r.csv",
        ledger=tmp_path / "r.ledger",
        server=server,
        secret=SECRET,
        signing_keys=(),
    )
    for shown in (plan, plan.message_plan(open_window()), plan.job(open_window()), server):
        assert SECRET not in repr(shown) and SECRET not in str(shown)
        assert "pass-word" not in repr(shown) and "pass-word" not in str(shown)
    assert server.password == "pass-word"
    assert plan.job(open_window()).message_plan.link_secret == SECRET


def test_who_we_are_to_the_server_goes_to_the_workers(tmp_path: Path) -> None:
    files = Files(tmp_path)
    smtp: dict[str, object] = {
        **{"security": "starttls", "username": "us@acme.example", "auth": "xoauth2", "protocol": "lmtp"},
        **{"token_command": "./token 'a b'", "ehlo_name": "mailer.acme.example"},
        **{"ca_file": str(files.ca), "client_cert": "../client.pem", "client_key": "../client.key"},
    }
    campaign = SmallCampaign(tmp_path / "campaign", settings={"smtp": smtp})
    server = configured_server(campaign.load(24))
    assert (server.auth, server.protocol, server.ehlo_name) == ("xoauth2", "lmtp", "mailer.acme.example")
    assert server.token_command == TokenCommand(arguments=("./token", "a b"), folder=campaign.folder)
    assert (server.ca_file, server.client_cert, server.client_key) == (files.ca, files.cert, files.key)
    assert pickle.loads(pickle.dumps(server)) == server


def test_a_file_of_tls_that_will_not_do_is_told_before_the_run(tmp_path: Path) -> None:
    smtp: dict[str, object] = {"security": "tls", "ca_file": "no-such.pem"}
    settings = SmallCampaign(tmp_path / "campaign", settings={"smtp": smtp}).load(465)
    with pytest.raises(SettingsError, match=r"smtp\.ca_file won't do"):
        configured_server(settings)


def test_the_server_is_the_settings_own(tmp_path: Path) -> None:
    campaign = SmallCampaign(tmp_path / "campaign", settings={"smtp": {"timeout": "7s"}})
    server = configured_server(campaign.load(2525))
    assert (server.host, server.port, server.security, server.timeout) == ("127.0.0.1", 2525, "none", 7.0)
    assert server.username is None and server.password is None


@pytest.mark.parametrize(
    ("setting", "in_the_sandbox"), [("auto", "envelope"), ("envelope", "envelope"), ("off", "off")]
)
def test_the_sandbox_is_put_to_no_trial(tmp_path: Path, setting: str, in_the_sandbox: str) -> None:
    """It refuses so many tries: one that was a trial's would let its "busy" contact through, now and then."""
    campaign = SmallCampaign(tmp_path / "campaign", settings={"smtp": {"pipelining": setting}})
    for sandbox, expected in ((False, setting), (True, in_the_sandbox)):
        (orders,) = campaign.plan(25, sandbox=sandbox).job(open_window()).servers
        assert orders.pipelining == expected


def test_no_signature_covers_what_any_of_several_servers_writes_anew(tmp_path: Path) -> None:
    """Which of them a message goes through is not known when it is signed."""
    campaign = SmallCampaign(tmp_path / "campaign")
    ses: dict[str, object] = {"name": "ses", "host": "email-smtp.eu-west-1.amazonaws.com", "security": "starttls"}
    campaign.servers = [{"name": "own"}, ses]
    job = campaign.plan(25).job(open_window())
    assert job.message_plan.unsigned == {b"date", b"message-id"}
    assert [orders.name for orders in job.servers] == ["own", "ses"]


def test_the_sandbox_stands_for_the_first_of_several_servers(tmp_path: Path) -> None:
    campaign = SmallCampaign(tmp_path / "campaign")
    campaign.servers = [{"name": "own", "connections": 3, "daily_limit": 5}, {"name": "ses"}]
    plan = replace(campaign.plan(25), servers=(), sandbox=True)
    (orders,) = plan.job(open_window()).servers
    assert (orders.connections, orders.daily_limit) == (3, ())

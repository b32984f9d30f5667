"""Hours, days and each contact's own clock, in whole runs: outside of them nothing leaves, and nobody is forgotten.

The hours are made so that they are open, or closed, at whatever time the test runs, on clocks that are never moved.
"""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.errors import SettingsError, WindowError
from campaign.model import Status
from campaign.run.progress import Progress
from campaign.run.report_now import report_now
from campaign.run.results_now import rewrite_results
from campaign.run.status_now import status_now
from campaign.settings import load_settings
from campaign.terminal.invocation import Invocation
from campaign.terminal.summary import show_summary
from tests.campaigns import Silent, SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer

EAST, WEST = "Etc/GMT-6", "Etc/GMT+6"
"""Six hours ahead of UTC, and six hours behind (POSIX has it the other way round)."""


def around(zone: int) -> str:
    """Hours that are open now on a clock that is so many hours ahead of UTC, and twelve hours away are not."""
    now = datetime.now(UTC) + timedelta(hours=zone)
    return f"{now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=2):%H:%M}"


def closed(zone: int = 0) -> str:
    return around(zone + 12)


def mailed(server: FaultServer) -> list[str]:
    return sorted(message.recipients[0] for message in server.accepted)


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    return SmallCampaign(tmp_path / "campaign")


def two_zones(small: SmallCampaign, **window: object) -> None:
    small.contacts(
        [("ann@x.example", "Ann", EAST), ("bob@x.example", "Bob", WEST), ("cid@x.example", "Cid", EAST)],
        header=("email", "name", "timezone"),
    )
    small.settings = {"contacts": {"timezone_column": "timezone"}, "window": window}


def test_of_two_zones_the_open_one_is_mailed_and_the_other_by_the_next_run_once(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    two_zones(small, hours=around(6))
    ended = small.send(server.port, wait=False)
    assert mailed(server) == ["ann@x.example", "cid@x.example"]
    assert (ended.exit_code, ended.reason) == (3, "not_open")
    assert [row["status"] for row in small.results()] == ["sent", "pending", "sent"]
    assert "-06 (Etc/GMT+6)" in ended.why
    assert small.results()[1]["detail"].startswith("waits for its hours: ")
    small.settings["window"]["hours"] = around(-6)
    ended = small.send(server.port, wait=False)
    assert mailed(server) == ["ann@x.example", "bob@x.example", "cid@x.example"]
    assert ended.exit_code == 0
    assert_agreement(small, mailed(server))


def test_results_and_report_and_status_say_the_same_of_what_waits(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    two_zones(small, hours=around(6))
    small.send(smtp_server().port, wait=False)
    written = small.results()
    settings = load_settings(small.path, environ={})
    assert rewrite_results(settings).kept is None
    assert small.results() == written
    reasons = [reason for reason in report_now(settings).reasons if reason.status == Status.PENDING]
    assert len(reasons) == 1
    assert reasons[0].detail.startswith("waits for its hours: ")
    assert status_now(settings).waits.endswith("each contact by its own clock (timezone)")


def test_with_closed_hours_a_run_that_does_not_wait_sends_nothing_and_says_until_when(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    small.people(2).settings = {"window": {"hours": closed()}}
    ended = small.send(server.port, wait=False)
    assert (ended.exit_code, ended.reason) == (3, "not_open")
    assert "the window is not open yet: it opens" in ended.why
    assert mailed(server) == []
    assert {row["detail"].partition(":")[0] for row in small.results()} == {"waits for its hours"}
    small.settings = {"window": {"hours": around(0)}}
    assert small.send(server.port, wait=False).exit_code == 0
    assert len(mailed(server)) == 2


class Impatient(Silent):
    """Stops the run once it has nothing to do but wait."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._stop = stop

    def sending(self, progress: Progress) -> None:
        super().sending(progress)
        if progress.opens is not None and not progress.connections:
            self._stop.set()


def test_a_run_that_waits_for_hours_holds_no_connection_and_ends_at_once_when_told(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    two_zones(small, hours=around(6))
    stop = threading.Event()
    small.observer = Impatient(stop)
    ended = small.send(server.port, stop=stop)
    assert stop.is_set()
    assert mailed(server) == ["ann@x.example", "cid@x.example"]
    assert ended.exit_code == 3
    [told] = [words for words in small.observer.notices if "waits for its hours" in words]
    assert told.endswith("(Etc/GMT+6)")


def test_a_row_that_is_put_off_beyond_its_hours_is_pending_with_its_last_reply(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    """It has tries left; only its hours end before them."""
    server = smtp_server(CATALOGUE["rcpt_4xx"]())
    small.people(1).settings = {
        "window": {"hours": around(0)},
        "retry": {"first_wait": "3h", "longest_wait": "3h"},
    }
    ended = small.send(server.port, wait=False)
    assert ended.exit_code == 3
    [row] = small.results()
    assert row["status"] == "pending"
    assert row["attempts"] == "1"


def test_a_zone_that_there_is_not_makes_its_row_invalid_and_stops_nobody(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    small.contacts(
        [("a@x.example", "A", "Europe/Berln"), ("b@x.example", "B", ""), ("c@x.example", "C", " Asia/Tokyo ")],
        header=("email", "name", "timezone"),
    )
    small.settings = {"contacts": {"timezone_column": "timezone"}}
    ended = small.send(server.port)
    assert mailed(server) == ["b@x.example", "c@x.example"]
    assert ended.exit_code == 1
    invalid = small.results()[0]
    assert invalid["status"] == "invalid"
    assert "there is no time zone 'Europe/Berln': did you mean Europe/Berlin?" in invalid["detail"]
    assert "column 'timezone'" in invalid["detail"]


def test_a_zone_column_that_is_not_in_the_file_stops_before_anybody_is_mailed(small: SmallCampaign) -> None:
    small.people(1).settings = {"contacts": {"timezone_column": "Names"}}
    with pytest.raises(SettingsError, match="no column 'Names'") as caught:
        small.send(1)
    assert caught.value.fix == "did you mean 'name'?"


def test_hours_that_the_window_never_has_are_a_mistake_of_the_settings(small: SmallCampaign) -> None:
    small.people(1).settings = {"window": {"hours": closed(), "lasts": "1h"}}
    with pytest.raises(WindowError, match="none of its hours"):
        small.send(1)


def test_a_zone_whose_window_is_over_stays_pending_and_says_so_and_links_end_with_each_window(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    """The window closes at the same time on every clock: in the east it was over hours ago."""
    server = smtp_server()
    closes = (datetime.now(UTC) + timedelta(hours=3)).replace(tzinfo=None, microsecond=0)
    opens = closes - timedelta(hours=12)
    small.contacts(
        [("ann@x.example", "Ann", EAST), ("bob@x.example", "Bob", WEST), ("una@x.example", "Una", "")],
        header=("email", "name", "timezone"),
    )
    small.settings = {
        "contacts": {"timezone_column": "timezone"},
        "window": {"opens": opens.isoformat(), "closes": closes.isoformat()},
        "link": {"grace": "1h"},
    }
    ended = small.send(server.port)
    assert mailed(server) == ["bob@x.example", "una@x.example"]
    assert (ended.exit_code, ended.reason) == (3, "window_over")
    ann, bob, una = small.results()
    assert ann["status"] == "pending"
    assert ann["detail"].startswith("its window is over: closed ")
    utc_end = (closes + timedelta(hours=1)).replace(tzinfo=UTC)
    assert datetime.fromisoformat(una["link_expires_at"]) == utc_end
    assert datetime.fromisoformat(bob["link_expires_at"]) == utc_end + timedelta(hours=6)


def test_hours_that_fall_into_the_window_on_nobodys_clock_are_a_mistake_too(small: SmallCampaign) -> None:
    two_zones(small, days="mon", opens="2027-01-05T09:00", closes="2027-01-06T09:00")
    with pytest.raises(WindowError, match="none of its hours"):
        small.send(1)


def test_what_is_left_of_windows_that_are_over_is_offered_a_fresh_one(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    """It is sent once, within the hours, by the command that the summary shows."""
    server = smtp_server()
    closes = (datetime.now(UTC) + timedelta(hours=3)).replace(tzinfo=None, microsecond=0)
    two_zones(small, opens=(closes - timedelta(hours=12)).isoformat(), closes=closes.isoformat())
    ended = small.send(server.port)
    assert mailed(server) == ["bob@x.example"]
    said: list[str] = []
    invocation = Invocation(program="campaign", campaign=small.path, output=None, sandbox=False)
    show_summary(ended, invocation, load_settings(small.path, environ={}).window, said.append)
    assert any("resend" in line and "--lasts 8h" in line for line in said)
    small.settings["window"] = {"lasts": "8h", "hours": around(6)}
    ended = small.resend(server.port, wait=False)
    assert ended.exit_code == 0
    assert mailed(server) == ["ann@x.example", "bob@x.example", "cid@x.example"]

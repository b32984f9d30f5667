"""Outside the hours of its row no body leaves; the row goes again once they begin, or is over with its window."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.hours import parse_hours
from campaign.model import Phase, Reply, Status
from campaign.schedule import Schedule
from campaign.smtp.session.session import Session
from campaign.window import SendWindow
from campaign.worker.opening_hours import OpeningHours
from tests.dispatchers import Office, due

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
BUSY = Reply(code=450, enhanced="4.2.1", text="Mailbox busy")


class Day:
    """An office whose hours are from nine to five on one day, and on the next; both clocks are the test's."""

    def __init__(self, folder: Path, session: Session) -> None:
        self.wall = NINE
        window = SendWindow.resolve(
            opens=NINE, closes=NINE + timedelta(days=1, hours=3), lasts=None, timezone="UTC", now=NINE
        )
        self.schedule = Schedule.within(window, hours=parse_hours("09:00-17:00"))
        hours = OpeningHours(self.schedule, wait=True, clock=lambda: self.office.now, wall=lambda: self.wall)
        self.office = Office(folder, session, [due(1), due(2)], hours=hours, first_wait=60.0, longest_wait=60.0)
        self.dispatcher = self.office.dispatcher

    def pass_by(self, **time: float) -> None:
        self.wall += timedelta(**time)
        self.office.now += timedelta(**time).total_seconds()


@pytest.fixture
def day(tmp_path: Path, line: Session) -> Day:
    return Day(tmp_path, line)


def test_a_body_that_is_held_when_the_hours_end_comes_back_and_goes_with_the_next_hours(day: Day) -> None:
    day.pass_by(hours=7, minutes=59)
    attempt = day.office.take()
    day.dispatcher.claims_durable([attempt])
    assert not day.dispatcher.out_of_hours(attempt)
    day.pass_by(minutes=2)
    assert day.dispatcher.out_of_hours(attempt)
    assert not day.dispatcher.may_send_body(attempt)
    day.dispatcher.not_sent(attempt, "")  # as the pool gives it back when it is cancelled
    assert day.office.breaker.reason is None
    day.office.take_none()
    assert day.office.rows.next_moment() == pytest.approx(day.office.now + 15 * 3600 + 59 * 60)
    assert ("release", attempt.contact) in [entry[:2] for entry in day.office.notebook.said]
    day.pass_by(hours=16)
    assert day.office.take().contact == attempt.contact


def test_a_row_that_is_put_off_past_the_end_of_the_hours_waits_for_the_next(day: Day) -> None:
    day.pass_by(hours=7, minutes=59, seconds=30)
    first = day.office.take()
    day.dispatcher.claims_durable([first])
    day.dispatcher.reply_received(first, Phase.RCPT, BUSY, served=True)
    day.pass_by(minutes=5)
    day.office.take_none()
    assert day.office.rows.waiting == 1
    day.pass_by(hours=16)
    assert {day.office.take().contact, day.office.take().contact} == {1, 2}


def test_a_row_that_is_put_off_when_its_window_is_over_has_failed_with_its_last_reply(day: Day) -> None:
    first = day.office.take()
    day.dispatcher.claims_durable([first])
    day.dispatcher.reply_received(first, Phase.RCPT, BUSY, served=True)
    day.dispatcher.hours_ended()
    assert day.dispatcher.settled[Status.FAILED] == 0
    day.pass_by(days=1, hours=4)
    day.dispatcher.hours_ended()
    assert day.dispatcher.settled[Status.FAILED] == 1
    assert day.office.rows.waiting == 0


def test_a_4xx_that_comes_when_the_window_is_over_is_the_last_word(day: Day) -> None:
    first = day.office.take()
    day.dispatcher.claims_durable([first])
    day.pass_by(days=1, hours=4)
    day.dispatcher.reply_received(first, Phase.BODY, BUSY, served=True)
    assert day.dispatcher.settled[Status.FAILED] == 1

"""What a worker remembers for whoever watches: whom, by row and key; what the server said, without addresses."""

from dataclasses import replace
from pathlib import Path

import pytest

from campaign.model import Reply, Status
from campaign.run.plan import open_window
from campaign.worker.event_log import EventLog
from campaign.worker.job import Job
from tests.campaigns import SmallCampaign
from tests.dispatchers import due
from tests.run_nows import AT

REPLY = Reply(code=451, enhanced="4.7.1", text="Slow down")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return SmallCampaign(tmp_path / "c").people(1).plan(25).job(open_window(), contact_key_salt=b"salt")


def log_of(job: Job, *, wanted: bool = True, addresses: bool = False) -> EventLog:
    return EventLog(replace(job, events=wanted, event_addresses=addresses), server="mx", wall_clock=lambda: AT)


def test_a_row_that_is_put_off_has_its_moment_and_its_key(job: Job) -> None:
    log = log_of(job)
    log.deferred(due(7, tries=2), REPLY, "", wait=40.0)
    log.deferred(due(7, tries=2), REPLY, "", wait=40.0)
    first, second = log.take()
    assert (first.kind, first.at, first.until, first.tries) == ("deferred", AT, AT + 40, 2)
    assert (first.row, first.status, first.code, first.enhanced, first.text) == (
        7,
        "pending",
        451,
        "4.7.1",
        "Slow down",
    )
    assert first.key == second.key and len(first.key) == 16
    assert first.email is None
    assert log.take() == ()


def test_a_last_word_counts_the_try_that_it_came_by(job: Job) -> None:
    log = log_of(job)
    log.settled(due(1), Status.REJECTED, REPLY, "")
    log.settled(due(2), Status.IN_DOUBT, None, "the server fell silent")
    log.settled(due(3, tries=2), Status.FAILED, None, "the window closed", tried=False)
    assert [(one.kind, one.status, one.tries) for one in log.take()] == [
        ("refused", "rejected", 1),
        ("in_doubt", "in_doubt", 1),
        ("refused", "failed", 2),
    ]


def test_events_that_nobody_wants_are_not_kept_but_the_last_refusals_are(job: Job) -> None:
    log = log_of(job, wanted=False)
    log.connected()
    for number in range(9):
        log.deferred(due(number), REPLY, "", wait=1.0)
    assert log.take() == ()
    assert [one.row for one in log.refusals()] == [4, 5, 6, 7, 8]
    assert log.refusals()[0].server == "mx"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<Anna.Lee@people.example>: unknown", "<(address)>: unknown"),
        ("User anna.lee is over quota", "User (address) is over quota"),
        ("write to postmaster@mx.example, or not", "write to (address), or not"),
        ("anna.lee=people.example@bounces.mx.example", "(address)"),
        ("o'brien@people.example, a=b@people.example: none", "(address), (address): none"),
        ("'x@people.example' to=<y@people.example>", "'(address)' to=<(address)>"),
        (397 * "." + " anna.lee@people.example", 397 * "." + " (a"),
        ("no such annalee here", "no such annalee here"),
        ("mailto:anna.lee@people.example", "mailto:(address)"),
    ],
)
def test_no_address_is_in_what_a_server_said(job: Job, said: str, shown: str) -> None:
    log = log_of(job)
    row = due(1, email="anna.lee@people.example")
    log.settled(row, Status.REJECTED, replace(REPLY, text=said), "")
    assert log.refusals()[0].text == shown
    assert log.take()[0].text == shown
    log.slowed(replace(REPLY, text="Slow down, x@people.example"), "")
    assert log.slowed_by == "451 4.7.1 Slow down, (address)"


def test_addresses_are_named_where_they_were_asked_for(job: Job) -> None:
    log = log_of(job, addresses=True)
    row = due(1, email="anna.lee@people.example")
    log.settled(row, Status.REJECTED, replace(REPLY, text="no anna.lee@people.example"), "")
    (event,) = log.take()
    assert (event.email, event.text) == ("anna.lee@people.example", "no anna.lee@people.example")
    assert "anna" not in log.refusals()[0].text, "what is published for everybody names nobody"


def test_a_letter_of_a_server_is_cut(job: Job) -> None:
    log = log_of(job)
    log.settled(due(1), Status.REJECTED, replace(REPLY, text="no " * 500), "")
    assert len(log.take()[0].text) == 400

"""Which rows are given out, which never go, and what may leave: one rule at a time, time by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.errors import InvalidContactError, LedgerError, LinkError, TemplateError
from campaign.model import Attempt, DueRow, Status
from campaign.smtp.session.session import Session
from campaign.window import SendWindow
from tests.dispatchers import EVERYTHING, Answers, due, letter, session
from tests.worker.replies import Open, closing, left


def only(*features: str) -> Session:
    """A session like the fixture's, with only these features."""
    with session({name: EVERYTHING[name] for name in features}) as one:
        return one


def telling(number: int, story: str) -> DueRow:
    """A row with a long cell."""
    return due(number)._replace(contact=due(number).contact._replace(columns={"story": story}))


def test_each_row_is_claimed_before_it_is_given_out(office: Open) -> None:
    here = office()
    assert [here.take().contact for _ in range(3)] == [1, 2, 3]
    assert here.notebook.told() == [("claim", 1), ("claim", 2), ("claim", 3)]
    here.take_none()


def test_a_closed_courier_gives_nothing_and_keeps_its_rows(office: Open) -> None:
    here = office()
    here.dispatcher.draining = True
    here.take_none()
    assert isinstance(here.due_rows, Answers)
    assert here.due_rows.asked == 0
    assert here.notebook.told() == []


def test_nothing_leaves_before_its_turn(office: Open) -> None:
    here = office(rate=10.0)
    assert here.take().contact == 1
    here.take_none()
    here.now += 0.099
    here.take_none()
    here.now += 0.002
    assert here.take().contact == 2


# RowQueue that cannot go.


def test_an_invalid_row_is_condemned_in_words_and_the_next_one_goes(office: Open) -> None:
    def make(one: DueRow) -> Attempt:
        if one.id < 3:
            raise InvalidContactError("there is no first name", where="" if one.id == 1 else "subject.txt, line 1")
        return letter(one)

    here = office(make=make)
    assert here.take().contact == 3
    assert here.notebook.told() == [
        ("mark_invalid", 1, "there is no first name"),
        ("mark_invalid", 2, "there is no first name (subject.txt, line 1)"),
        ("claim", 3),
    ]
    assert here.dispatcher.settled == {Status.INVALID: 2}
    assert here.breaker.reason is None


def test_invalid_rows_take_no_ones_turn(office: Open) -> None:
    def make(one: DueRow) -> Attempt:
        if one.id != 3:
            raise InvalidContactError("no")
        return letter(one)

    here = office(rate=1.0, make=make)
    assert here.take().contact == 3


@pytest.mark.parametrize("offered", [True, False])
def test_an_address_beyond_ascii_needs_a_server_that_takes_it(office: Open, offered: bool) -> None:
    here = office(2, make=lambda one: letter(one, smtputf8=one.id == 1))
    here.session = only(*(("smtputf8",) if offered else ()))
    assert here.take().contact == (1 if offered else 2)
    told = here.notebook.told()
    if offered:
        assert told == [("claim", 1)]
    else:
        assert [word[:2] for word in told] == [("mark_invalid", 1), ("claim", 2)]
        assert "SMTPUTF8" in told[0][2]
        assert here.dispatcher.settled == {Status.INVALID: 1}


def test_a_message_over_the_servers_size_is_rejected_unsent(office: Open) -> None:
    """Where it is the row's own cells that make it so."""
    here = office(
        due_rows=Answers([telling(1, "x" * 5_001), telling(2, "x" * 5_000)]),
        make=lambda one: letter(one, size=5_000 + len(one.contact.columns["story"])),
    )
    assert here.take().contact == 2
    assert here.notebook.told() == [("claim", 1), ("rejected", 1, True), ("claim", 2)]
    answer = here.notebook.outcomes[0].reply
    assert answer is not None and (answer.code, answer.enhanced) == (552, "5.3.4")
    assert "10,001" in answer.text and "10,000" in answer.text
    assert here.dispatcher.settled == {Status.REJECTED: 1}
    assert here.breaker.in_a_row == []


def test_templates_too_large_for_the_server_stop_the_run_and_mark_nobody(office: Open) -> None:
    here = office(
        due_rows=Answers([telling(1, "x" * 500), telling(2, "x")]),
        make=lambda one: letter(one, size=10_000 + len(one.contact.columns["story"])),
    )
    here.take_none()
    assert here.notebook.told() == []
    assert here.dispatcher.settled == {}
    assert here.breaker.reason is not None
    assert here.breaker.reason.where == "message.template"
    assert "10,001 bytes" in here.breaker.reason.what and "10,000" in here.breaker.reason.what


def test_a_template_that_fails_for_everybody_stops_the_run_and_marks_nobody(office: Open) -> None:
    def make(one: DueRow) -> Attempt:
        raise TemplateError("there is no column 'frist_name'", where="body.txt line 1")

    here = office(make=make)
    here.take_none()
    assert (here.notebook.told(), here.dispatcher.settled) == ([], {})
    assert here.breaker.reason is not None and here.breaker.reason.where == "body.txt line 1"


def test_a_server_that_names_no_size_gets_any(office: Open) -> None:
    here = office(1, make=lambda one: letter(one, size=1_000_000))
    here.session = only()
    assert here.take().contact == 1


def test_a_fault_that_is_no_rows_stops_the_run_and_gives_the_row_back(office: Open) -> None:
    faults = [LinkError("the secret is too short", where="CAMPAIGN_LINK__SECRET", fix="copy it whole")]

    def make(one: DueRow) -> Attempt:
        if faults:
            raise faults.pop()
        return letter(one)

    here = office(make=make)
    here.take_none()
    assert here.dispatcher.closed
    assert here.breaker.reason is not None
    assert here.breaker.reason.where == "CAMPAIGN_LINK__SECRET"
    assert here.notebook.told() == []
    assert here.dispatcher.settled == {}
    first = here.rows.next(here.now)
    assert first is not None and first.id == 1


@pytest.mark.parametrize("before", [[], [due(1)]], ids=["at the first row", "after an invalid row"])
def test_a_ledger_that_fails_stops_the_run_in_words(office: Open, before: list[DueRow]) -> None:
    def make(one: DueRow) -> Attempt:
        raise InvalidContactError("no")

    error = LedgerError("the disk is full", where="small.ledger", fix="make room")
    here = office(due_rows=Answers(*([before] if before else []), error), make=make)
    here.take_none()
    assert here.dispatcher.closed
    assert here.breaker.reason is not None
    assert here.breaker.reason.what == "the disk is full"
    assert [word[0] for word in here.notebook.told()] == ["mark_invalid"] * len(before)


def test_a_row_whose_last_outcome_is_not_written_yet_waits_a_moment_and_others_go(office: Open) -> None:
    here = office(2)
    here.notebook.held = {1}
    assert here.take().contact == 2
    here.take_none()
    here.notebook.held.clear()
    here.take_none()
    here.now += 0.2
    assert here.take().contact == 1


# What may leave.


def test_nothing_leaves_once_it_is_recalled(office: Open) -> None:
    here = office()
    attempt = here.take()
    here.dispatcher.claims_durable([attempt])
    here.dispatcher.recalled = True
    assert not here.dispatcher.may_send_body(attempt)


@pytest.mark.parametrize(("seconds", "leaves"), [(3600.0, True), (-1.0, False)])
def test_nothing_leaves_when_the_window_is_over(office: Open, seconds: float, leaves: bool) -> None:
    here = office(window=closing(seconds))
    attempt = here.take()
    here.dispatcher.claims_durable([attempt])
    assert here.dispatcher.may_send_body(attempt) == leaves


# The window and the clock.


def test_a_clock_set_back_before_the_opening_lets_nothing_go(office: Open) -> None:
    """The operator has said when the window opens; that it was open a moment ago changes nothing."""
    soon = datetime.now(UTC) + timedelta(hours=1)
    window = SendWindow.resolve(opens=soon, closes=None, lasts=None, timezone="UTC", now=datetime.now(UTC))
    here = office(window=window, opening_is_set=True)
    here.take_none()


def test_a_window_that_opened_when_the_campaign_began_is_no_matter_of_the_clock(office: Open) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    window = SendWindow.resolve(opens=soon, closes=None, lasts=None, timezone="UTC", now=datetime.now(UTC))
    assert office(window=window, opening_is_set=False).take().contact == 1


def test_a_body_whose_claim_is_durable_waits_for_the_clock(office: Open) -> None:
    here = office(opening_is_set=True)
    attempt = left(here.take(), here)
    assert here.dispatcher.may_send_body(attempt)
    here.dispatcher._times._window = SendWindow.resolve(
        opens=datetime.now(UTC) + timedelta(hours=1), closes=None, lasts=None, timezone="UTC", now=datetime.now(UTC)
    )
    assert not here.dispatcher.may_send_body(attempt)

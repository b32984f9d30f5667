"""What the courier does with every answer, and with every row that cannot go: one rule at a time, time by hand."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import InvalidContactError, LedgerError, LinkError, TemplateError
from campaign.ledger.taker import Due
from campaign.model import Parcel, Phase, Status
from campaign.smtp.connect import Session
from campaign.smtp.session_error import SessionError
from campaign.window import SendWindow
from tests.couriers import EVERYTHING, Answers, Office, due, letter, reply, session

OK = reply(250, "2.0.0")
GREYLISTED = reply(451, "4.7.1", "Greylisted")
NO_SUCH_USER = reply(550, "5.1.1", "No such user")
SLOW_DOWN = reply(451, "4.7.0", "Too many messages, slow down")
BLOCKED = reply(554, "5.7.1", "Blocked")

Open = Callable[..., Office]


@pytest.fixture
def line() -> Iterator[Session]:
    with session() as one:
        yield one


@pytest.fixture
def office(tmp_path: Path, line: Session) -> Open:
    """An office with so many rows."""

    def opened(rows: int = 3, **options: Any) -> Office:
        return Office(tmp_path, line, [due(number) for number in range(1, rows + 1)], **options)

    return opened


def only(*features: str) -> Session:
    """A session like the fixture's, with only these features."""
    with session({name: EVERYTHING[name] for name in features}) as one:
        return one


def telling(number: int, story: str) -> Due:
    """A row with a long cell."""
    return replace(due(number), contact=replace(due(number).contact, columns={"story": story}))


def left(parcel: Parcel, here: Office) -> Parcel:
    """The parcel, its body gone."""
    here.courier.cleared([parcel])
    assert here.courier.may_leave(parcel)
    return parcel


def test_each_row_is_claimed_before_it_is_given_out(office: Open) -> None:
    here = office()
    assert [here.take().contact for _ in range(3)] == [1, 2, 3]
    assert here.notebook.told() == [("claim", 1), ("claim", 2), ("claim", 3)]
    here.take_none()


def test_a_closed_courier_gives_nothing_and_keeps_its_rows(office: Open) -> None:
    here = office()
    here.courier.draining = True
    here.take_none()
    assert here.taker.asked == 0
    assert here.notebook.told() == []


def test_nothing_leaves_before_its_turn(office: Open) -> None:
    here = office(rate=10.0)
    assert here.take().contact == 1
    here.take_none()
    here.now += 0.099
    here.take_none()
    here.now += 0.002
    assert here.take().contact == 2


# Rows that cannot go.


def test_an_invalid_row_is_condemned_in_words_and_the_next_one_goes(office: Open) -> None:
    def make(one: Due) -> Parcel:
        if one.id < 3:
            raise InvalidContactError("there is no first name", where="" if one.id == 1 else "subject.txt, line 1")
        return letter(one)

    here = office(make=make)
    assert here.take().contact == 3
    assert here.notebook.told() == [
        ("condemn", 1, "there is no first name"),
        ("condemn", 2, "there is no first name (subject.txt, line 1)"),
        ("claim", 3),
    ]
    assert here.courier.settled == {Status.INVALID: 2}
    assert here.troubles.reason is None


def test_invalid_rows_take_no_ones_turn(office: Open) -> None:
    def make(one: Due) -> Parcel:
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
        assert [word[:2] for word in told] == [("condemn", 1), ("claim", 2)]
        assert "SMTPUTF8" in told[0][2]
        assert here.courier.settled == {Status.INVALID: 1}


def test_a_message_over_the_servers_size_is_rejected_unsent(office: Open) -> None:
    """Where it is the row's own cells that make it so."""
    here = office(
        taker=Answers([telling(1, "x" * 5_001), telling(2, "x" * 5_000)]),
        make=lambda one: letter(one, size=5_000 + len(one.contact.columns["story"])),
    )
    assert here.take().contact == 2
    assert here.notebook.told() == [("claim", 1), ("rejected", 1, True), ("claim", 2)]
    answer = here.notebook.outcomes[0].reply
    assert answer is not None and (answer.code, answer.enhanced) == (552, "5.3.4")
    assert "10,001" in answer.text and "10,000" in answer.text
    assert here.courier.settled == {Status.REJECTED: 1}
    assert here.troubles.in_a_row == []


def test_templates_too_large_for_the_server_stop_the_run_and_mark_nobody(office: Open) -> None:
    here = office(
        taker=Answers([telling(1, "x" * 500), telling(2, "x")]),
        make=lambda one: letter(one, size=10_000 + len(one.contact.columns["story"])),
    )
    here.take_none()
    assert here.notebook.told() == []
    assert here.courier.settled == {}
    assert here.troubles.reason is not None
    assert here.troubles.reason.where == "message.template"
    assert "10,001 bytes" in here.troubles.reason.what and "10,000" in here.troubles.reason.what


def test_a_template_that_fails_for_everybody_stops_the_run_and_marks_nobody(office: Open) -> None:
    def make(one: Due) -> Parcel:
        raise TemplateError("there is no column 'frist_name'", where="body.txt line 1")

    here = office(make=make)
    here.take_none()
    assert (here.notebook.told(), here.courier.settled) == ([], {})
    assert here.troubles.reason is not None and here.troubles.reason.where == "body.txt line 1"


def test_a_server_that_names_no_size_gets_any(office: Open) -> None:
    here = office(1, make=lambda one: letter(one, size=1_000_000))
    here.session = only()
    assert here.take().contact == 1


def test_a_fault_that_is_no_rows_stops_the_run_and_gives_the_row_back(office: Open) -> None:
    faults = [LinkError("the secret is too short", where="CAMPAIGN_LINK__SECRET", fix="copy it whole")]

    def make(one: Due) -> Parcel:
        if faults:
            raise faults.pop()
        return letter(one)

    here = office(make=make)
    here.take_none()
    assert here.courier.closed
    assert here.troubles.reason is not None
    assert here.troubles.reason.where == "CAMPAIGN_LINK__SECRET"
    assert here.notebook.told() == []
    assert here.courier.settled == {}
    first = here.rows.next(here.now)
    assert first is not None and first.id == 1


@pytest.mark.parametrize("before", [[], [due(1)]], ids=["at the first row", "after an invalid row"])
def test_a_ledger_that_fails_stops_the_run_in_words(office: Open, before: list[Due]) -> None:
    def make(one: Due) -> Parcel:
        raise InvalidContactError("no")

    error = LedgerError("the disk is full", where="small.ledger", fix="make room")
    here = office(taker=Answers(*([before] if before else []), error), make=make)
    here.take_none()
    assert here.courier.closed
    assert here.troubles.reason is not None
    assert here.troubles.reason.what == "the disk is full"
    assert [word[0] for word in here.notebook.told()] == ["condemn"] * len(before)


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
    parcel = here.take()
    here.courier.cleared([parcel])
    here.courier.recalled = True
    assert not here.courier.may_leave(parcel)


def _closing(seconds: float) -> SendWindow:
    now = datetime.now(UTC)
    return SendWindow.resolve(
        opens=now - timedelta(hours=1),
        closes=now + timedelta(seconds=seconds),
        lasts=None,
        timezone="UTC",
        now=now,
    )


@pytest.mark.parametrize(("seconds", "leaves"), [(3600.0, True), (-1.0, False)])
def test_nothing_leaves_when_the_window_is_over(office: Open, seconds: float, leaves: bool) -> None:
    here = office(window=_closing(seconds))
    parcel = here.take()
    here.courier.cleared([parcel])
    assert here.courier.may_leave(parcel) == leaves


# What becomes of a row.


def test_an_accepted_message_is_sent(office: Open) -> None:
    here = office(1)
    here.troubles.suspect(9, "before")
    here.courier.answered(left(here.take(), here), Phase.BODY, OK, served=True)
    assert here.notebook.told() == [("claim", 1), ("sent", 1, True)]
    assert here.courier.settled == {Status.SENT: 1}
    assert here.troubles.in_a_row == []
    here.take_none()
    assert here.rows.done


def test_a_recipient_refused_for_good_is_rejected_and_nobody_else_suspected(office: Open) -> None:
    here = office(1)
    here.courier.answered(here.take(), Phase.RCPT, NO_SUCH_USER, served=True)
    assert here.notebook.told() == [("claim", 1), ("rejected", 1, True)]
    assert here.notebook.outcomes[0].reply == NO_SUCH_USER
    assert here.troubles.in_a_row == []
    here.take_none()


def test_a_greylisted_row_waits_and_goes_again_until_its_tries_are_spent(office: Open) -> None:
    here = office(1)
    waits = []
    for tries in range(3):
        parcel = here.take()
        assert parcel.tries == tries
        here.courier.answered(parcel, Phase.RCPT, GREYLISTED, served=True)
        here.take_none()
        moment = here.rows.next_moment()
        if moment is not None:
            waits.append(moment - here.now)
            here.now = moment
    assert [word[0] for word in here.notebook.told()] == ["claim", "pending", "claim", "pending", "claim", "failed"]
    assert all(outcome.spent for outcome in here.notebook.outcomes)
    assert [outcome.reply for outcome in here.notebook.outcomes] == [GREYLISTED] * 3
    assert 10.0 <= waits[0] < 20.0 <= waits[1] < 30.0
    assert here.courier.settled == {Status.FAILED: 1}
    assert here.rows.done


def test_a_try_that_would_come_after_the_window_is_not_waited_for(office: Open) -> None:
    here = office(1, window=_closing(5.0))
    here.courier.answered(here.take(), Phase.RCPT, GREYLISTED, served=True)
    assert here.notebook.told() == [("claim", 1), ("failed", 1, True)]


def test_slow_down_costs_no_try_and_lowers_the_rate(office: Open) -> None:
    here = office(1, rate=100.0)
    here.now += 60.0
    here.courier.answered(here.take(), Phase.RCPT, SLOW_DOWN, served=True)
    assert here.notebook.told() == [("claim", 1), ("pending", 1, False)]
    assert here.pace.rate == 25.0
    assert here.notices()[0].startswith("the server asks to slow down")
    assert here.rows.waiting == 1
    here.now += 60.0
    assert here.take().tries == 0


def test_a_session_that_is_full_costs_nothing_at_all(office: Open) -> None:
    here = office(2)
    parcel = here.take()
    here.courier.answered(parcel, Phase.MAIL, reply(421, "4.7.0", "Enough on this connection"), served=True)
    assert here.notebook.told() == [("claim", 1), ("release", 1)]
    assert here.take().contact == 1
    assert here.notices() == [] and here.troubles.in_a_row == []


def test_a_full_session_costs_nothing_with_any_code(office: Open) -> None:
    here = office(2)
    full = reply(452, "4.4.5", "Maximum number of messages per session exceeded.")
    here.courier.answered(here.take(), Phase.MAIL, full, served=True)
    assert here.notebook.told() == [("claim", 1), ("release", 1)]
    here.now += 1.0
    assert here.take().contact == 1
    assert here.notices() == [] and here.troubles.in_a_row == []


def test_a_session_that_only_ever_says_later_is_closed_and_costs_no_row_anything(office: Open) -> None:
    """That nothing better follows is counted by sessions, not by the rows that they met."""
    here = office(9, stop_after=3)
    postscreen = reply(450, "4.3.2", "Service currently unavailable")
    for parcel in [here.take() for _ in range(6)]:
        assert here.courier.answered(parcel, Phase.RCPT, postscreen, served=False)
    assert here.troubles.in_a_row == [] and here.courier.settled == {}
    assert {word[0] for word in here.notebook.told()} == {"claim", "release"}
    here.courier.opened(here.session)
    useless = SessionError("of no use", phase=Phase.RCPT, reply=postscreen)
    here.courier.not_opened(useless, others=3)
    assert here.courier.sessions.crowded is None, "it has said nothing of the number of connections"
    for _ in range(3):
        assert not here.courier.closed
        here.courier.not_opened(useless, others=0)
    assert here.courier.closed


def test_too_many_connections_costs_no_row_a_try_and_no_rate(office: Open) -> None:
    here = office(1, rate=100.0)
    crowded = reply(432, "4.3.2", "Concurrent connections limit exceeded")
    assert here.courier.answered(here.take(), Phase.BODY, crowded, served=True)
    assert here.notebook.told() == [("claim", 1), ("release", 1)]
    assert here.pace.rate == 100.0 and here.troubles.in_a_row == []
    assert here.courier.sessions.crowded == 0
    assert "fewer connections" in here.notices()[0]


def test_a_quota_that_is_used_up_stops_the_run_wherever_it_is_told(office: Open) -> None:
    here = office()
    here.courier.opened(here.session)
    credits_gone = SessionError("put off", phase=Phase.AUTH, reply=reply(451, None, "Maximum credits exceeded"))
    here.courier.not_opened(credits_gone, others=3)
    assert here.courier.closed and here.troubles.reason is not None
    assert here.troubles.reason.what == "our quota is used up: 451 Maximum credits exceeded"


def test_a_refused_sender_stops_the_run_and_nobody_is_marked_for_it(office: Open) -> None:
    here = office()
    parcel = here.take()
    here.courier.answered(parcel, Phase.MAIL, reply(550, "5.7.1", "Sender refused"), served=True)
    assert here.notebook.told() == [("claim", 1), ("pending", 1, False)]
    assert here.courier.settled == {}
    assert here.courier.closed
    assert here.troubles.reason is not None
    assert "at MAIL: 550 Sender refused" in here.troubles.reason.what


def test_refusals_that_may_be_our_own_fault_stop_the_run_when_they_are_many_in_a_row(office: Open) -> None:
    here = office(6, stop_after=3)
    for number in (1, 2):
        here.courier.answered(left(here.take(), here), Phase.BODY, BLOCKED, served=True)
        assert not here.courier.closed, number
    here.courier.answered(left(here.take(), here), Phase.BODY, OK, served=True)
    for _ in range(3):
        here.courier.answered(left(here.take(), here), Phase.BODY, BLOCKED, served=True)
    assert here.courier.closed
    assert here.troubles.in_a_row == [4, 5, 6]
    assert here.troubles.reason is not None and "Blocked" in here.troubles.reason.what


def test_a_body_without_its_reply_is_in_doubt_and_suspicious(office: Open) -> None:
    here = office(1)
    here.courier.unknown(left(here.take(), here), "the server hung up")
    assert here.notebook.told() == [("claim", 1), ("in_doubt", 1, True)]
    assert "the server hung up after the message had left" in here.notebook.outcomes[0].detail
    assert here.courier.settled == {Status.IN_DOUBT: 1}
    assert here.troubles.in_a_row == [1]
    here.take_none()


# Connections that die before the body has left.


def test_an_untouched_row_goes_again_at_once_three_times_and_then_waits_as_for_a_try(office: Open) -> None:
    here = office(1)
    for _ in range(3):
        here.courier.untouched(here.take(), "the server hung up")
        assert here.notebook.told() == [("claim", 1), ("release", 1)]
    here.courier.untouched(here.take(), "the server hung up")
    assert here.notebook.told() == [("claim", 1), ("pending", 1, True)]
    assert "before the message had left" in here.notebook.outcomes[0].detail
    here.take_none()
    here.now += 60.0
    assert here.take().tries == 1


def test_quick_tries_begin_anew_after_each_wait(office: Open) -> None:
    here = office(1)
    for _ in range(2):
        for _ in range(4):
            here.courier.untouched(here.take(), "the server hung up")
        here.now += 600.0
    words = [word[0] for word in here.notebook.told()]
    assert words == [*["claim", "release"] * 3, "claim", "pending"] * 2


def test_a_row_taken_back_at_our_own_wish_has_used_up_nothing(office: Open) -> None:
    here = office(1)
    for _ in range(10):
        here.courier.untouched(here.take(), "")
    assert {word[0] for word in here.notebook.told()} == {"claim", "release"}
    assert here.troubles.in_a_row == []


def test_a_closed_courier_lets_an_untouched_row_be_as_it_was(office: Open) -> None:
    here = office(1)
    for _ in range(3):
        here.courier.untouched(here.take(), "the server hung up")
    parcel = here.take()
    here.notebook.told()
    here.courier.draining = True
    here.courier.untouched(parcel, "the server hung up")
    assert here.notebook.told() == [("release", 1)]
    assert here.courier.settled == {}


def test_a_server_that_goes_down_drops_all_connections_and_that_is_one_failure(office: Open) -> None:
    here = office(10, stop_after=3)
    parcels = [here.take() for _ in range(10)]
    for parcel in parcels:
        here.courier.untouched(parcel, "the server hung up")
    assert len(here.troubles.in_a_row) == 1
    here.now += 1.0
    here.courier.untouched(here.take(), "the server hung up")
    assert not here.courier.closed
    here.now += 1.0
    here.courier.untouched(here.take(), "the server hung up")
    assert here.courier.closed


def test_a_row_that_another_worker_won_is_no_longer_ours(office: Open) -> None:
    here = office()
    parcels = [here.take() for _ in range(3)]
    here.courier.lost(parcels)
    here.notebook.told()
    here.courier.answered(parcels[0], Phase.RCPT, NO_SUCH_USER, served=True)
    here.courier.untouched(parcels[1], "the server hung up")
    here.courier.unknown(parcels[2], "the server hung up")
    assert here.notebook.told() == []
    assert here.courier.settled == {}
    here.take_none()


def test_when_the_window_is_over_rows_that_were_tried_have_failed_and_others_are_pending(office: Open) -> None:
    here = office(2)
    here.courier.answered(here.take(), Phase.RCPT, GREYLISTED, served=True)
    here.courier.answered(here.take(), Phase.RCPT, SLOW_DOWN, served=True)
    assert here.rows.waiting == 2
    here.notebook.told()
    here.courier.window_over()
    assert here.notebook.told() == [("give up", 1)]
    assert here.courier.settled == {Status.FAILED: 1}
    assert here.rows.waiting == 0


# Sessions that are not to be had.


def refused(phase: Phase, code: int | None = None, text: str = "no") -> SessionError:
    answer = reply(code, None, text) if code else None
    return SessionError(f"refused at {phase}", phase=phase, reply=answer, where="smtp.host", fix="look")


def test_a_refused_sign_in_stops_the_run_at_once_even_among_other_sessions(office: Open) -> None:
    here = office()
    here.courier.opened(here.session)
    here.courier.not_opened(refused(Phase.AUTH, 535), others=4)
    assert here.courier.closed
    assert here.troubles.reason is not None
    assert (here.troubles.reason.what, here.troubles.reason.fix) == ("refused at AUTH", "look")


def test_a_server_that_is_not_there_is_tried_five_times_with_growing_waits(office: Open) -> None:
    here = office()
    waits = [here.courier.not_opened(refused(Phase.CONNECT), others=0) for _ in range(4)]
    assert not here.courier.closed
    assert all(2**index <= wait <= 2**index + 1 for index, wait in enumerate(waits))
    here.courier.not_opened(refused(Phase.CONNECT), others=0)
    assert here.courier.closed
    assert here.troubles.reason is not None
    assert any("next attempt in" in words for words in here.notices())


def test_a_server_that_was_there_gets_more_patience(office: Open) -> None:
    here = office(stop_after=8)
    here.courier.opened(here.session)
    for _ in range(7):
        here.courier.not_opened(refused(Phase.CONNECT), others=0)
    assert not here.courier.closed
    here.courier.not_opened(refused(Phase.CONNECT), others=0)
    assert here.courier.closed


def test_a_session_that_is_of_use_ends_the_count_and_the_long_waits(office: Open) -> None:
    here = office(3, stop_after=8)
    for _ in range(3):
        for _ in range(4):
            here.courier.not_opened(refused(Phase.CONNECT), others=0)
        here.courier.opened(here.session)
        here.courier.answered(here.take(), Phase.RCPT, NO_SUCH_USER, served=False)
    assert not here.courier.closed
    assert here.courier.not_opened(refused(Phase.CONNECT), others=0) <= 2.0


def test_a_session_that_only_opens_does_not(office: Open) -> None:
    here = office(stop_after=8)
    here.courier.opened(here.session)
    for _ in range(8):
        here.courier.not_opened(refused(Phase.EHLO, 421), others=0)
        here.courier.opened(here.session)
    assert here.courier.closed


def test_one_session_too_many_is_no_failure_but_a_limit(office: Open) -> None:
    here = office(stop_after=2)
    for _ in range(5):
        assert here.courier.not_opened(refused(Phase.CONNECT, 421), others=3) == 1.0
        assert here.courier.sessions.crowded == 3
    assert not here.courier.closed
    assert "fewer connections" in here.notices()[0]


def test_a_session_that_failed_without_a_word_says_nothing_about_a_limit(office: Open) -> None:
    here = office()
    here.courier.not_opened(refused(Phase.CONNECT), others=3)
    assert here.courier.sessions.crowded is None and here.notices() == []


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
    parcel = left(here.take(), here)
    assert here.courier.may_leave(parcel)
    here.courier._window = SendWindow.resolve(
        opens=datetime.now(UTC) + timedelta(hours=1), closes=None, lasts=None, timezone="UTC", now=datetime.now(UTC)
    )
    assert not here.courier.may_leave(parcel)


def test_a_row_that_was_put_off_and_may_have_been_taken_is_in_doubt(office: Open) -> None:
    here = office(2)
    one, two = here.take(), here.take()
    here.courier.answered(one, Phase.BODY, reply(450, "4.3.0", "Not now"), served=True)
    here.courier.doubt(one, "a reply that answers nothing")
    assert here.notebook.told()[-1][:2] == ("doubt", 1)
    assert here.courier.settled == {Status.IN_DOUBT: 1}
    here.now += 1e6
    here.take_none()
    here.courier.doubt(two, "it is under way: this is not what it was put off by")
    assert here.courier.settled == {Status.IN_DOUBT: 1}

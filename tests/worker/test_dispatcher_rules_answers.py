"""What becomes of a row by the server's answer: one rule at a time, time by hand."""

from campaign.model import Phase, Status
from campaign.smtp.session.error import SessionError
from tests.dispatchers import reply
from tests.worker.replies import GREYLISTED, NO_SUCH_USER, SLOW_DOWN, Open, closing, left

OK = reply(250, "2.0.0")

BLOCKED = reply(554, "5.7.1", "Blocked")


def test_an_accepted_message_is_sent(office: Open) -> None:
    here = office(1)
    here.breaker.count_failure(9, "before")
    here.dispatcher.reply_received(left(here.take(), here), Phase.BODY, OK, served=True)
    assert here.notebook.told() == [("claim", 1), ("sent", 1, True)]
    assert here.dispatcher.settled == {Status.SENT: 1}
    assert here.breaker.in_a_row == []
    here.take_none()
    assert here.rows.done


def test_a_recipient_refused_for_good_is_rejected_and_nobody_else_suspected(office: Open) -> None:
    here = office(1)
    here.dispatcher.reply_received(here.take(), Phase.RCPT, NO_SUCH_USER, served=True)
    assert here.notebook.told() == [("claim", 1), ("rejected", 1, True)]
    assert here.notebook.outcomes[0].reply == NO_SUCH_USER
    assert here.breaker.in_a_row == []
    here.take_none()


def test_a_greylisted_row_waits_and_goes_again_until_its_tries_are_spent(office: Open) -> None:
    here = office(1)
    waits = []
    for tries in range(3):
        attempt = here.take()
        assert here.made[-1].tries == tries
        here.dispatcher.reply_received(attempt, Phase.RCPT, GREYLISTED, served=True)
        here.take_none()
        moment = here.rows.next_moment()
        if moment is not None:
            waits.append(moment - here.now)
            here.now = moment
    assert [word[0] for word in here.notebook.told()] == ["claim", "pending", "claim", "pending", "claim", "failed"]
    assert all(outcome.spent for outcome in here.notebook.outcomes)
    assert [outcome.reply for outcome in here.notebook.outcomes] == [GREYLISTED] * 3
    assert 10.0 <= waits[0] < 20.0 <= waits[1] < 30.0
    assert here.dispatcher.settled == {Status.FAILED: 1}
    assert here.rows.done


def test_a_try_that_would_come_after_the_window_is_not_waited_for(office: Open) -> None:
    here = office(1, window=closing(5.0))
    here.dispatcher.reply_received(here.take(), Phase.RCPT, GREYLISTED, served=True)
    assert here.notebook.told() == [("claim", 1), ("failed", 1, True)]


def test_slow_down_costs_no_try_and_lowers_the_rate(office: Open) -> None:
    here = office(1, rate=100.0)
    here.now += 60.0
    here.dispatcher.reply_received(here.take(), Phase.RCPT, SLOW_DOWN, served=True)
    assert here.notebook.told() == [("claim", 1), ("pending", 1, False)]
    assert here.send_rate.rate == 25.0
    assert here.notices()[0].startswith("the server asks to slow down")
    assert here.rows.waiting == 1
    here.now += 60.0
    here.take()
    assert here.made[-1].tries == 0


def test_a_session_that_is_full_costs_nothing_at_all(office: Open) -> None:
    here = office(2)
    attempt = here.take()
    here.dispatcher.reply_received(attempt, Phase.MAIL, reply(421, "4.7.0", "Enough on this connection"), served=True)
    assert here.notebook.told() == [("claim", 1), ("release", 1)]
    assert here.take().contact == 1
    assert here.notices() == [] and here.breaker.in_a_row == []


def test_a_full_session_costs_nothing_with_any_code(office: Open) -> None:
    here = office(2)
    full = reply(452, "4.4.5", "Maximum number of messages per session exceeded.")
    here.dispatcher.reply_received(here.take(), Phase.MAIL, full, served=True)
    assert here.notebook.told() == [("claim", 1), ("release", 1)]
    here.now += 1.0
    assert here.take().contact == 1
    assert here.notices() == [] and here.breaker.in_a_row == []


def test_a_session_that_only_ever_says_later_is_closed_and_costs_no_row_anything(office: Open) -> None:
    """That nothing better follows is counted by sessions, not by the rows that they met."""
    here = office(9, stop_after=3)
    postscreen = reply(450, "4.3.2", "Service currently unavailable")
    for attempt in [here.take() for _ in range(6)]:
        assert here.dispatcher.reply_received(attempt, Phase.RCPT, postscreen, served=False)
    assert here.breaker.in_a_row == [] and here.dispatcher.settled == {}
    assert {word[0] for word in here.notebook.told()} == {"claim", "release"}
    here.dispatcher.session_opened(here.session)
    useless = SessionError("of no use", phase=Phase.RCPT, reply=postscreen)
    here.dispatcher.session_failed(useless, others=3)
    assert here.dispatcher.sessions.server_limit is None, "it has said nothing of the number of connections"
    for _ in range(3):
        assert not here.dispatcher.closed
        here.dispatcher.session_failed(useless, others=0)
    assert here.dispatcher.closed


def test_too_many_connections_costs_no_row_a_try_and_no_rate(office: Open) -> None:
    here = office(1, rate=100.0)
    server_limit = reply(432, "4.3.2", "Concurrent connections limit exceeded")
    assert here.dispatcher.reply_received(here.take(), Phase.BODY, server_limit, served=True)
    assert here.notebook.told() == [("claim", 1), ("release", 1)]
    assert here.send_rate.rate == 100.0 and here.breaker.in_a_row == []
    assert here.dispatcher.sessions.server_limit == 0
    assert "fewer connections" in here.notices()[0]


def test_a_quota_that_is_used_up_stops_the_run_wherever_it_is_told(office: Open) -> None:
    here = office()
    here.dispatcher.session_opened(here.session)
    credits_gone = SessionError("put off", phase=Phase.AUTH, reply=reply(451, None, "Maximum credits exceeded"))
    here.dispatcher.session_failed(credits_gone, others=3)
    assert here.dispatcher.closed and here.breaker.reason is not None
    assert here.breaker.reason.what == "our quota is used up: 451 Maximum credits exceeded"


def test_a_refused_sender_stops_the_run_and_nobody_is_marked_for_it(office: Open) -> None:
    here = office()
    attempt = here.take()
    here.dispatcher.reply_received(attempt, Phase.MAIL, reply(550, "5.7.1", "Sender refused"), served=True)
    assert here.notebook.told() == [("claim", 1), ("pending", 1, False)]
    assert here.dispatcher.settled == {}
    assert here.dispatcher.closed
    assert here.breaker.reason is not None
    assert "at MAIL: 550 Sender refused" in here.breaker.reason.what


def test_refusals_that_may_be_our_own_fault_stop_the_run_when_they_are_many_in_a_row(office: Open) -> None:
    here = office(6, stop_after=3)
    for number in (1, 2):
        here.dispatcher.reply_received(left(here.take(), here), Phase.BODY, BLOCKED, served=True)
        assert not here.dispatcher.closed, number
    here.dispatcher.reply_received(left(here.take(), here), Phase.BODY, OK, served=True)
    for _ in range(3):
        here.dispatcher.reply_received(left(here.take(), here), Phase.BODY, BLOCKED, served=True)
    assert here.dispatcher.closed
    assert here.breaker.in_a_row == [4, 5, 6]
    assert here.breaker.reason is not None and "Blocked" in here.breaker.reason.what


def test_a_body_without_its_reply_is_in_doubt_and_suspicious(office: Open) -> None:
    here = office(1)
    here.dispatcher.outcome_unknown(left(here.take(), here), "the server hung up")
    assert here.notebook.told() == [("claim", 1), ("in_doubt", 1, True)]
    assert "the server hung up after the message had left" in here.notebook.outcomes[0].detail
    assert here.dispatcher.settled == {Status.IN_DOUBT: 1}
    assert here.breaker.in_a_row == [1]
    here.take_none()


def test_of_several_on_a_connection_that_died_one_is_a_failure(office: Open) -> None:
    here = office(3, stop_after=2)
    for number in range(3):
        attempt = left(here.take(), here)
        here.dispatcher.outcome_unknown(attempt, "the server hung up", behind_others=number > 0)
    assert here.dispatcher.settled == {Status.IN_DOUBT: 3}
    assert here.breaker.in_a_row == [1] and not here.dispatcher.closed


def test_a_row_that_was_put_off_and_may_have_been_taken_is_in_doubt(office: Open) -> None:
    here = office(2)
    one, two = here.take(), here.take()
    here.dispatcher.reply_received(one, Phase.BODY, reply(450, "4.3.0", "Not now"), served=True)
    here.dispatcher.deferral_doubted(one, "a reply that answers nothing")
    assert here.notebook.told()[-1][:2] == ("doubt", 1)
    assert here.dispatcher.settled == {Status.IN_DOUBT: 1}
    here.now += 1e6
    here.take_none()
    here.dispatcher.deferral_doubted(two, "it is under way: this is not what it was put off by")
    assert here.dispatcher.settled == {Status.IN_DOUBT: 1}

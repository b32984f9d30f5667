"""Connections that die before the body has left, and sessions that are not to be had."""

from campaign.model import Phase, Status
from campaign.smtp.session.error import SessionError
from tests.dispatchers import reply
from tests.worker.replies import GREYLISTED, NO_SUCH_USER, SLOW_DOWN, Open

# Connections that die before the body has left.


def test_an_untouched_row_goes_again_at_once_three_times_and_then_waits_as_for_a_try(office: Open) -> None:
    here = office(1)
    for _ in range(3):
        here.dispatcher.not_sent(here.take(), "the server hung up")
        assert here.notebook.told() == [("claim", 1), ("release", 1)]
    here.dispatcher.not_sent(here.take(), "the server hung up")
    assert here.notebook.told() == [("claim", 1), ("pending", 1, True)]
    assert "before the message had left" in here.notebook.outcomes[0].detail
    here.take_none()
    here.now += 60.0
    here.take()
    assert here.made[-1].tries == 1


def test_quick_tries_begin_anew_after_each_wait(office: Open) -> None:
    here = office(1)
    for _ in range(2):
        for _ in range(4):
            here.dispatcher.not_sent(here.take(), "the server hung up")
        here.now += 600.0
    words = [word[0] for word in here.notebook.told()]
    assert words == [*["claim", "release"] * 3, "claim", "pending"] * 2


def test_a_row_taken_back_at_our_own_wish_has_used_up_nothing(office: Open) -> None:
    here = office(1)
    for _ in range(10):
        here.dispatcher.not_sent(here.take(), "")
    assert {word[0] for word in here.notebook.told()} == {"claim", "release"}
    assert here.breaker.in_a_row == []


def test_a_closed_courier_lets_an_untouched_row_be_as_it_was(office: Open) -> None:
    here = office(1)
    for _ in range(3):
        here.dispatcher.not_sent(here.take(), "the server hung up")
    attempt = here.take()
    here.notebook.told()
    here.dispatcher.draining = True
    here.dispatcher.not_sent(attempt, "the server hung up")
    assert here.notebook.told() == [("release", 1)]
    assert here.dispatcher.settled == {}


def test_a_server_that_goes_down_drops_all_connections_and_that_is_one_failure(office: Open) -> None:
    here = office(10, stop_after=3)
    attempts = [here.take() for _ in range(10)]
    for attempt in attempts:
        here.dispatcher.not_sent(attempt, "the server hung up")
    assert len(here.breaker.in_a_row) == 1
    here.now += 1.0
    here.dispatcher.not_sent(here.take(), "the server hung up")
    assert not here.dispatcher.closed
    here.now += 1.0
    here.dispatcher.not_sent(here.take(), "the server hung up")
    assert here.dispatcher.closed


def test_a_row_that_another_worker_won_is_no_longer_ours(office: Open) -> None:
    here = office()
    attempts = [here.take() for _ in range(3)]
    here.dispatcher.claims_lost(attempts)
    here.notebook.told()
    here.dispatcher.reply_received(attempts[0], Phase.RCPT, NO_SUCH_USER, served=True)
    here.dispatcher.not_sent(attempts[1], "the server hung up")
    here.dispatcher.outcome_unknown(attempts[2], "the server hung up")
    assert here.notebook.told() == []
    assert here.dispatcher.settled == {}
    here.take_none()


def test_when_the_window_is_over_rows_that_were_tried_have_failed_and_others_are_pending(office: Open) -> None:
    here = office(2)
    here.dispatcher.reply_received(here.take(), Phase.RCPT, GREYLISTED, served=True)
    here.dispatcher.reply_received(here.take(), Phase.RCPT, SLOW_DOWN, served=True)
    assert here.rows.waiting == 2
    here.notebook.told()
    here.dispatcher.window_closed()
    assert here.notebook.told() == [("give up", 1)]
    assert here.dispatcher.settled == {Status.FAILED: 1}
    assert here.rows.waiting == 0


def refused(phase: Phase, code: int | None = None, text: str = "no") -> SessionError:
    answer = reply(code, None, text) if code else None
    return SessionError(f"refused at {phase}", phase=phase, reply=answer, where="smtp.host", fix="look")


# SessionFailures that are not to be had.


def test_a_refused_sign_in_stops_the_run_at_once_even_among_other_sessions(office: Open) -> None:
    here = office()
    here.dispatcher.session_opened(here.session)
    here.dispatcher.session_failed(refused(Phase.AUTH, 535), others=4)
    assert here.dispatcher.closed
    assert here.breaker.reason is not None
    assert (here.breaker.reason.what, here.breaker.reason.fix) == ("refused at AUTH", "look")


def test_a_server_that_is_not_there_is_tried_five_times_with_growing_waits(office: Open) -> None:
    here = office()
    waits = [here.dispatcher.session_failed(refused(Phase.CONNECT), others=0) for _ in range(4)]
    assert not here.dispatcher.closed
    assert all(2**index <= wait <= 2**index + 1 for index, wait in enumerate(waits))
    here.dispatcher.session_failed(refused(Phase.CONNECT), others=0)
    assert here.dispatcher.closed
    assert here.breaker.reason is not None
    assert any("next attempt in" in words for words in here.notices())


def test_a_server_that_was_there_gets_more_patience(office: Open) -> None:
    here = office(stop_after=8)
    here.dispatcher.session_opened(here.session)
    for _ in range(7):
        here.dispatcher.session_failed(refused(Phase.CONNECT), others=0)
    assert not here.dispatcher.closed
    here.dispatcher.session_failed(refused(Phase.CONNECT), others=0)
    assert here.dispatcher.closed


def test_a_session_that_is_of_use_ends_the_count_and_the_long_waits(office: Open) -> None:
    here = office(3, stop_after=8)
    for _ in range(3):
        for _ in range(4):
            here.dispatcher.session_failed(refused(Phase.CONNECT), others=0)
        here.dispatcher.session_opened(here.session)
        here.dispatcher.reply_received(here.take(), Phase.RCPT, NO_SUCH_USER, served=False)
    assert not here.dispatcher.closed
    assert here.dispatcher.session_failed(refused(Phase.CONNECT), others=0) <= 2.0


def test_a_session_that_only_opens_does_not(office: Open) -> None:
    here = office(stop_after=8)
    here.dispatcher.session_opened(here.session)
    for _ in range(8):
        here.dispatcher.session_failed(refused(Phase.EHLO, 421), others=0)
        here.dispatcher.session_opened(here.session)
    assert here.dispatcher.closed


def test_one_session_too_many_is_no_failure_but_a_limit(office: Open) -> None:
    here = office(stop_after=2)
    for _ in range(5):
        assert here.dispatcher.session_failed(refused(Phase.CONNECT, 421), others=3) == 1.0
        assert here.dispatcher.sessions.server_limit == 3
    assert not here.dispatcher.closed
    assert "fewer connections" in here.notices()[0]


def test_a_session_that_failed_without_a_word_says_nothing_about_a_limit(office: Open) -> None:
    here = office()
    here.dispatcher.session_failed(refused(Phase.CONNECT), others=3)
    assert here.dispatcher.sessions.server_limit is None and here.notices() == []

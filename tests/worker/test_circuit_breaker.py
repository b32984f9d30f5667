"""What went wrong in a worker: counted in a row, told once, and the first reason is the reason."""

from campaign.errors import CampaignError, LedgerError
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.worker_report import Notice, StopReason


def breaker(stop_after: int = 3) -> CircuitBreaker:
    return CircuitBreaker(stop_after=stop_after, where="smtp.host mx.example")


def test_the_first_reason_stays() -> None:
    found = breaker()
    assert found.reason is None
    found.stop(LedgerError("the disk is full", where="a.ledger", fix="make room"))
    found.stop(CampaignError("something else"))
    assert found.reason == StopReason(what="the disk is full", where="a.ledger", fix="make room", reason="ledger")


def test_so_many_failures_in_a_row_are_a_reason_and_one_less_is_none() -> None:
    found = breaker(3)
    found.count_failure(1, "first")
    found.count_failure(2, "second")
    assert found.reason is None
    found.count_failure(3, "third words")
    assert found.reason is not None
    assert found.reason.what.startswith("3 failures in a row")
    assert "third words" in found.reason.what
    assert found.reason.where == "smtp.host mx.example"
    assert "retry.stop_after" in found.reason.fix
    assert found.in_a_row == [1, 2, 3]


def test_a_message_that_is_accepted_begins_the_count_anew() -> None:
    found = breaker(3)
    for contact in (1, 2):
        found.count_failure(contact, "no")
    found.message_accepted()
    assert found.in_a_row == []
    for contact in (3, 4):
        found.count_failure(contact, "no")
    assert found.reason is None
    found.count_failure(5, "no")
    assert found.in_a_row == [3, 4, 5]


def test_a_message_accepted_after_the_stop_does_not_take_back_whose_failures_it_was() -> None:
    """Their rows are made pending again at the end of the run: the fault was not theirs."""
    found = breaker(2)
    found.count_failure(1, "no")
    found.count_failure(2, "no")
    found.message_accepted()
    assert found.in_a_row == [1, 2]


def test_a_single_failure_can_be_too_many() -> None:
    found = breaker(1)
    found.count_failure(7, "no")
    assert found.reason is not None and found.in_a_row == [7]
    assert found.reason.what.startswith("a failure that looks like our own or the server's; the last: no")


def test_what_is_suspicious_is_kept_by_contact_as_long_as_nobody_gets_through() -> None:
    found = breaker()
    found.note_suspicion(1, "at RCPT: 554 5.7.1")
    found.note_suspicion(2, "at RCPT: 554 5.7.1")
    found.note_suspicion(2, None)  # another reply, and its own
    found.note_suspicion(3, None)
    assert found.suspicious == {1: "at RCPT: 554 5.7.1"}
    found.message_accepted()
    assert found.suspicious == {}


def test_a_notice_is_told_once_and_again_only_when_it_comes_again() -> None:
    found = breaker()
    found.notice("slow down")
    found.notice("fewer connections")
    found.notice("slow down")
    assert found.notices() == (Notice("slow down"), Notice("fewer connections"))
    assert found.notices() == ()
    found.notice("slow down")
    assert found.notices() == (Notice("slow down"),)

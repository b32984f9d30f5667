"""A worker's rounds in a database: claims and outcomes, each once, whatever becomes of the answer."""

import pytest

from campaign.model import Status
from tests.ledgers import BUSY, attempt, outcome
from tests.postgres.worker_run import WorkerRun, claimed, commit

pytestmark = pytest.mark.postgres


def test_a_claim_then_its_outcome(run: WorkerRun) -> None:
    worker = run.join()
    assert claimed(worker, 1) == [1]
    assert run.words() == {1: "sending"}
    worker.journal.settle(outcome(1))
    worker.journal.claim(attempt(2))
    assert commit(worker) == ([2], [])
    assert run.ask("SELECT contact, status, attempts, tries, smtp_code, detail FROM delivery ORDER BY contact") == [
        (1, "sent", 1, 1, 250, "Ok: queued"),
        (2, "sending", 0, 0, None, None),
    ]
    assert run.tally() == run.counted() == {"sent": 1, "sending": 1, "pending": 48}


def test_everything_else_that_may_become_of_a_row(run: WorkerRun) -> None:
    worker = run.join()
    pen = worker.journal
    assert claimed(worker, 1, 2, 3, 4, 5) == [1, 2, 3, 4, 5]
    pen.settle(outcome(1, Status.PENDING, BUSY))
    pen.claim(attempt(1))
    pen.release(2)
    pen.settle(outcome(3, Status.REJECTED))
    pen.take_back(3)
    pen.settle(outcome(4, Status.PENDING, BUSY))
    pen.settle(outcome(5, Status.PENDING, BUSY))
    pen.mark_failed(4)
    pen.doubt(5, "another reply came")
    pen.mark_invalid(6, "no name")
    pen.claim(attempt(7))
    pen.settle(outcome(7, Status.REJECTED))
    pen.take_back(7)
    assert commit(worker) == ([1, 7], [])
    words = ["sending", "pending", "pending", "failed", "in_doubt", "invalid", "pending"]
    assert run.words() == dict(enumerate(words, 1))
    assert run.tally() == run.counted()


def test_of_two_that_claim_one_row_one_wins_and_what_the_other_says_is_not_written(run: WorkerRun) -> None:
    one, other = run.join(), run.join()
    assert claimed(one, 2) == [2]
    for contact in (1, 2, 3):
        other.journal.claim(attempt(contact))
        other.journal.settle(outcome(contact, Status.REJECTED))
    assert commit(other) == ([1, 3], [2])
    assert run.words() == {1: "rejected", 2: "sending", 3: "rejected"}
    assert run.tally() == run.counted()

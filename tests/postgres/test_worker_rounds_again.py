"""Rounds whose answer was lost, and workers that were called lost: each round is written once, and what a worker that
comes back late has in its hand is the truth.
"""

import pytest

from campaign.errors import LedgerError
from campaign.model import Outcome, Status
from tests.ledgers import BUSY, attempt, outcome
from tests.postgres.wire import wire
from tests.postgres.worker_run import WorkerRun, claimed, commit, taken, until

pytestmark = pytest.mark.postgres

LEASE = 1.0


@pytest.mark.parametrize("cut_at", ["request", "reply"])
def test_a_round_whose_answer_is_lost_is_written_once(run: WorkerRun, cut_at: str) -> None:
    with wire(run.place) as cable:
        worker = run.join(place=cable.place, heartbeat=60.0)
        other = run.join()
        assert claimed(other, 3) == [3]
        assert claimed(worker, 1) == [1]
        worker.due_rows.close()  # only the journal talks from now on
        worker.journal.settle(outcome(1, Status.PENDING, BUSY))
        for contact in (1, 2, 3, 4):
            worker.journal.claim(attempt(contact))
        worker.journal.settle(outcome(4))
        cable.cut_at = cut_at
        assert commit(worker) == ([1, 2, 4], [3])
        assert cable.cuts == 1
        assert run.ask("SELECT contact, status, attempts FROM delivery ORDER BY contact") == [
            (1, "sending", 1),
            (2, "sending", 0),
            (3, "sending", 0),
            (4, "sent", 1),
        ]
        assert run.tally() == run.counted()
        worker.journal.settle(outcome(2))
        commit(worker)
        assert run.words()[2] == "sent"
        worker.close()


def test_while_the_database_is_away_a_round_waits_and_what_is_wrong_is_said(run: WorkerRun) -> None:
    with wire(run.place) as cable:
        worker = run.join(place=cable.place)
        assert claimed(worker, 1) == [1]
        cable.down()
        worker.journal.settle(outcome(1))
        worker.journal.commit()
        until(lambda: worker.trouble)
        assert worker.trouble.startswith("the database can't be reached")
        assert worker.journal.collect() is None
        cable.up()
        assert worker.journal.collect(wait=True) is not None
        assert run.words() == {1: "sent"}
        until(lambda: not worker.trouble)
        worker.close()


_LATE: list[tuple[Outcome | None, tuple[str, int, int]]] = [
    (outcome(1), ("sent", 1, 1)),
    (outcome(1, Status.REJECTED), ("rejected", 1, 1)),
    (outcome(1, Status.FAILED), ("failed", 1, 1)),
    (outcome(1, Status.PENDING, BUSY), ("pending", 1, 1)),
    (outcome(1, Status.PENDING, BUSY, spent=False), ("pending", 0, 0)),
    (outcome(1, Status.IN_DOUBT, None, detail="no reply came"), ("in_doubt", 1, 1)),
    (None, ("pending", 0, 0)),
]
"""What becomes of a late outcome (None: the row is given back), as status, attempts and tries."""


@pytest.mark.parametrize(("late", "stands"), _LATE)
def test_what_a_worker_that_was_called_lost_knows_is_the_truth(
    run: WorkerRun, late: Outcome | None, stands: tuple[str, int, int]
) -> None:
    worker = run.join(lease=LEASE)
    assert {1, 2} <= set(taken(worker) or [])  # what it claims is looked for among its rows
    other = run.join(lease=LEASE)
    assert claimed(worker, 1, 2) == [1, 2]
    worker.member.end()  # no heartbeat any more
    until(lambda: run.state(worker) == "lost")
    assert not worker.journal.lease_holds
    assert (
        run.ask("SELECT status, attempts, tries, detail FROM delivery WHERE contact < 3")
        == [("in_doubt", 1, 0, "the run was cut off before the server's reply was on record")] * 2
    )
    assert run.tally() == run.counted()
    assert run.state(other) == "working"
    if late is None:
        worker.journal.release(1)
    else:
        worker.journal.settle(late)
    worker.journal.claim(attempt(7))
    assert commit(worker) == ([7], [])  # it is at work again
    assert run.ask("SELECT status, attempts, tries FROM delivery WHERE contact = 1") == [stands]
    assert run.words()[2] == "in_doubt"
    assert run.tally() == run.counted()
    assert not worker.journal.lease_holds  # until what was claimed before has been taken back


def test_a_late_reply_proves_that_a_row_went_that_has_been_made_pending_since(run: WorkerRun) -> None:
    worker = run.join(lease=LEASE)
    taken(worker)
    run.join(lease=LEASE)
    assert claimed(worker, 1, 2) == [1, 2]
    worker.member.end()
    until(lambda: run.state(worker) == "lost")
    run.raw.execute("UPDATE delivery SET status = 'pending', tries = 0 WHERE contact < 3")
    worker.journal.settle(outcome(1))
    worker.journal.settle(outcome(2, Status.REJECTED))
    commit(worker)
    assert run.words() == {1: "sent", 2: "pending"}


def test_once_its_run_has_ended_a_worker_settles_and_claims_nothing(run: WorkerRun) -> None:
    worker = run.join(lease=LEASE)
    taken(worker)
    run.join(lease=LEASE)
    assert claimed(worker, 1) == [1]
    worker.member.end()
    until(lambda: run.state(worker) == "lost")
    run.raw.execute("UPDATE run SET state = 'ended'")
    worker.journal.settle(outcome(1))
    worker.journal.claim(attempt(2))
    worker.journal.settle(outcome(2))
    assert commit(worker) == ([], [2])
    assert run.words() == {1: "sent"}
    assert run.state(worker) == "lost"


def test_a_worker_that_was_cut_off_comes_back_by_its_heartbeat_and_its_old_claims_are_not_good_any_more(
    run: WorkerRun,
) -> None:
    with wire(run.place) as cable:
        worker = run.join(lease=LEASE, place=cable.place)
        rows = taken(worker, 4) or []
        other = run.join(lease=LEASE)
        assert claimed(worker, 1) == [1]
        assert worker.journal.lease_holds
        cable.down()
        until(lambda: run.state(worker) == "lost")
        assert not worker.journal.lease_holds
        assert run.words() == {1: "in_doubt"}
        cable.up()
        until(lambda: run.state(worker) == "working")
        assert not worker.journal.lease_holds
        worker.journal.release(1)  # it has not left
        worker.journal.claim(attempt(1))
        assert commit(worker) == ([1], [])
        until(lambda: worker.journal.lease_holds or worker.journal.begin_anew())
        assert run.ask("SELECT status, attempts FROM delivery") == [("sending", 0)]
        assert run.tally() == run.counted()
        assert not run.ask(
            "SELECT row FROM unnest(%s::bigint[]) AS row WHERE NOT EXISTS ("
            "SELECT 1 FROM block WHERE worker = %s AND row BETWEEN first AND last)",
            rows,
            worker.member.number,
        )  # what it has in hand is found by its blocks
        worker.close()
        other.close()


def test_nobody_is_called_lost_because_the_database_was_away(run: WorkerRun) -> None:
    """All leases run out then: each has the time of one to be renewed."""
    with wire(run.place) as cable:
        workers = [run.join(lease=2.0, place=cable.place) for _ in range(3)]
        cable.down()
        until(lambda: all(worker.trouble for worker in workers))
        run.raw.execute("UPDATE worker SET lease_until = now() - interval '1 minute'")
        cable.up()
        until(lambda: not any(worker.trouble for worker in workers))
        until(lambda: run.ask("SELECT count(*) FROM worker WHERE lease_until > now()") == [(3,)])
        assert run.ask("SELECT sum(losses), min(state), max(state) FROM worker") == [(0, "working", "working")]
        for worker in workers:
            worker.close()


def test_reports_whose_answer_was_lost_are_told_once_and_those_that_follow_as_well(run: WorkerRun) -> None:
    member = run.join(heartbeat=60.0).member
    member.publish("one")
    with run.raw.transaction():
        assert member._tell(run.raw) == ["one"], "and the answer is lost"
    for report in ("two", "three"):
        member.publish(report)
        member._beat(run.raw)
    assert run.ask("SELECT report FROM news ORDER BY number") == [("one",), ("two",), ("three",)]
    assert run.ask("SELECT report FROM worker") == [("three",)]


def test_what_a_database_forgets_of_the_last_rounds_is_written_again_and_nothing_is_begun(run: WorkerRun) -> None:
    """As after a standby has taken over that lagged."""
    worker = run.join(heartbeat=60.0)
    assert claimed(worker, 1, 2) == [1, 2]
    worker.journal.settle(outcome(1))
    assert claimed(worker, 3, 4) == [3, 4]
    with run.raw.transaction():
        run.raw.execute("DELETE FROM delivery")
        run.raw.execute("DELETE FROM worker_tally")
        run.raw.execute("UPDATE worker SET round = 0")
    worker.journal.settle(outcome(3))
    worker.journal.claim(attempt(5))
    with pytest.raises(LedgerError, match="has forgotten what it had called durable: 2 of this worker's last commits"):
        commit(worker)
    assert run.words() == {1: "sent", 2: "sending", 3: "sent", 4: "sending"}
    assert run.tally() == run.counted()
    assert commit(worker) == ([], [5]), "it is on record, and what was claimed with it is not"
    worker.journal.settle(outcome(2))
    commit(worker)
    assert run.words()[2] == "sent"


def test_what_somebody_else_has_begun_meanwhile_of_what_was_forgotten_is_his(run: WorkerRun) -> None:
    worker, other = run.join(heartbeat=60.0), run.join(heartbeat=60.0)
    assert claimed(worker, 1, 2) == [1, 2]
    with run.raw.transaction():
        run.raw.execute("DELETE FROM delivery")
        run.raw.execute("DELETE FROM worker_tally")
        run.raw.execute("UPDATE worker SET round = 0")
    assert claimed(other, 2) == [2]
    worker.journal.settle(outcome(1))
    worker.journal.settle(outcome(2, Status.FAILED, BUSY))
    with pytest.raises(LedgerError, match="has forgotten"):
        commit(worker)
    assert run.words() == {1: "sent", 2: "sending"}
    assert run.tally() == run.counted()

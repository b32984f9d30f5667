"""The journal: claims, outcomes, and what is on record after each round."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.sql.reversal import revert
from campaign.ledger.sqlite.journal import SqliteJournal
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests.ledgers import BUSY, attempt, commit, deliveries, journal, outcome


def test_a_claim_then_its_outcome(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    pen.claim(attempt(1))
    assert (pen.queued, pen.syncing, pen.holds(1)) == (1, False, True)
    assert deliveries(ledger.path) == {}  # nothing before its round
    assert commit(pen) == ([1], [])
    assert (pen.queued, pen.syncing, pen.holds(1)) == (0, False, False)
    assert deliveries(ledger.path) == {1: ("sending", 0, 0, None, None)}
    pen.settle(outcome(1))
    commit(pen)
    assert deliveries(ledger.path) == {1: ("sent", 1, 1, 250, "Ok: queued")}
    assert ledger.database.execute("SELECT settled_at, link_expires_at, link_fingerprint FROM delivery").fetchall() == [
        (1_800_000_000, 9, "abc")
    ]


def test_a_claim_and_its_outcome_in_one_round(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    pen.claim(attempt(1))
    pen.settle(outcome(1, Status.REJECTED, detail="at RCPT"))
    assert pen.holds(1)
    commit(pen)
    assert not pen.holds(1)
    assert deliveries(ledger.path) == {1: ("rejected", 1, 1, 250, "at RCPT")}


def test_a_row_given_back_leaves_no_trace(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    pen.claim(attempt(1))
    pen.release(1)
    assert pen.queued == 0
    pen.claim(attempt(2))
    commit(pen)
    pen.release(2)
    commit(pen)
    assert deliveries(ledger.path) == {2: ("pending", 0, 0, None, None)}


def test_given_back_and_claimed_again_in_one_round(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    pen.claim(attempt(1))
    commit(pen)
    pen.release(1)
    pen.claim(attempt(1, link_fingerprint="second"))
    assert commit(pen) == ([1], [])
    assert ledger.database.execute("SELECT status, link_fingerprint FROM delivery").fetchall() == [
        ("sending", "second")
    ]


def test_put_off_and_claimed_again_in_one_round(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    pen.claim(attempt(1))
    commit(pen)
    pen.settle(outcome(1, Status.PENDING, BUSY))
    pen.claim(attempt(1))
    assert commit(pen) == ([1], [])
    assert deliveries(ledger.path) == {1: ("sending", 1, 1, 450, "Mailbox busy")}
    pen.settle(outcome(1))
    commit(pen)
    assert deliveries(ledger.path) == {1: ("sent", 2, 2, 250, "Ok: queued")}


def test_throttling_costs_nothing(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    pen.claim(attempt(1))
    pen.settle(outcome(1, Status.PENDING, BUSY, spent=False))
    commit(pen)
    assert deliveries(ledger.path) == {1: ("pending", 0, 0, 450, "Mailbox busy")}


@pytest.mark.parametrize("split", [False, True])
def test_given_up_in_the_round_of_its_claim_or_the_next(
    pen: SqliteJournal, ledger: SqliteRunLedger, split: bool
) -> None:
    """The window closes when the refusal has come and nothing of the row is on record yet."""
    pen.claim(attempt(1))
    pen.settle(outcome(1, Status.PENDING, BUSY))
    if split:
        commit(pen)
    pen.mark_failed(1)
    commit(pen)
    assert deliveries(ledger.path) == {1: ("failed", 1, 1, 450, "Mailbox busy")}


@pytest.mark.parametrize("before", [None, "round", "same round"])
def test_a_row_that_cannot_be_mailed_after_all(pen: SqliteJournal, ledger: SqliteRunLedger, before: str | None) -> None:
    if before:
        pen.claim(attempt(1))
        pen.settle(outcome(1, Status.PENDING, BUSY))
        if before == "round":
            commit(pen)
    pen.mark_invalid(1, "no name")
    commit(pen)
    assert deliveries(ledger.path)[1][0] == "invalid"
    assert deliveries(ledger.path)[1][-1] == "no name"


@pytest.mark.parametrize("final", [Status.SENT, Status.REJECTED, Status.FAILED, Status.IN_DOUBT, Status.INVALID])
def test_nothing_moves_a_row_that_has_its_final_word(
    pen: SqliteJournal, ledger: SqliteRunLedger, final: Status
) -> None:
    pen.claim(attempt(1))
    pen.settle(outcome(1, final))
    commit(pen)
    before = deliveries(ledger.path)
    acts: list[Callable[[], None]] = [
        lambda: pen.release(1),
        lambda: pen.mark_failed(1),
        lambda: pen.mark_invalid(1, "no"),
    ]
    for act in permutations(acts):
        for step in act:
            step()
        pen.settle(outcome(1, Status.PENDING))
        commit(pen)
    pen.claim(attempt(1))
    assert commit(pen) == ([], [1])
    assert deliveries(ledger.path) == before


def test_closing_writes_what_is_left(ledger: SqliteRunLedger) -> None:
    pen = journal(ledger.path)
    pen.claim(attempt(1))
    pen.commit()
    pen.settle(outcome(1))
    pen.close()
    assert deliveries(ledger.path)[1][0] == "sent"


def test_revert_touches_refused_rows_only(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    for contact, status in enumerate([Status.SENT, Status.REJECTED, Status.FAILED, Status.IN_DOUBT], 1):
        pen.claim(attempt(contact))
        pen.settle(outcome(contact, status))
    commit(pen)
    revert(ledger.database, [1, 2, 3, 4])
    assert [word for word, *_ in deliveries(ledger.path).values()] == ["sent", "pending", "pending", "in_doubt"]


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(LedgerError):
        journal(tmp_path / "none.ledger")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("together", [True, False])
def test_a_refusal_that_is_taken_back_leaves_the_row_pending_with_all_its_tries(
    pen: SqliteJournal, ledger: SqliteRunLedger, together: bool
) -> None:
    """Whether its claim and its refusal are on record, or still in the same round."""
    pen.claim(attempt(1))
    if not together:
        commit(pen)
    pen.settle(outcome(1, Status.REJECTED, detail="policy"))
    pen.take_back(1)
    commit(pen)
    assert deliveries(ledger.path) == {1: ("pending", 1, 0, 250, "policy")}
    pen.claim(attempt(1))
    assert commit(pen) == ([1], [])


def test_nothing_but_a_refusal_can_be_taken_back(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    for contact, status in enumerate((Status.SENT, Status.IN_DOUBT), start=1):
        pen.claim(attempt(contact))
        pen.settle(outcome(contact, status))
        pen.take_back(contact)
    commit(pen)
    assert [row[0] for row in deliveries(ledger.path).values()] == ["sent", "in_doubt"]


def test_the_server_of_an_outcome_is_on_record(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    for contact, server in ((1, "ses"), (2, "")):
        pen.claim(attempt(contact))
        pen.settle(outcome(contact)._replace(server=server))
    commit(pen)
    assert ledger.database.execute("SELECT server FROM delivery").fetchall() == [("ses",), (None,)]
    assert [pen.anybody_sent(server) for server in ("ses", "own", "")] == [True, False, True]

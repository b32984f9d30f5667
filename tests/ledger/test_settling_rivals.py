"""Settling beside a run: each meeting of a proof with a claim, an outcome, a re-send, a reading, a checkpoint."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from campaign.contacts import contact_key
from campaign.errors import LedgerBusyError
from campaign.ledger.interface import SettlingLedger
from campaign.ledger.opening import open_for_settling
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger.sql.tally import counted, tally
from campaign.ledger.sqlite.checkpoints import Checkpoints
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import Place
from campaign.model import Status
from tests.ledgers import BUSY, attempt, commit, deliveries, enrolled, journal, outcome, people, rows
from tests.proofs import COMPLAINT, UNSUBSCRIBED, bounce, moved, proof, words
from tests.stores import open_run, taken

WISH = "unsubscribed 2023-11-14"


@pytest.fixture
def run(store: Place) -> Iterator[SqlRunLedger]:
    """A run that holds the ledger of four people."""
    with open_run(store) as ledger:
        people(ledger, 4)
        yield ledger
        assert tally(ledger.database) == counted(ledger.database)


@pytest.fixture
def pen(run: SqlRunLedger) -> Iterator[Any]:
    with closing(journal(run.place)) as opened:
        yield opened


@pytest.fixture
def settling(run: SqlRunLedger) -> Iterator[SettlingLedger]:
    with open_for_settling(run.place, "x") as ledger:
        yield ledger


def test_a_claim_that_comes_second_is_lost_and_its_outcome_with_it(
    run: SqlRunLedger, pen: Any, settling: SettlingLedger
) -> None:
    """Also where many are: the others of the round are claimed all the same."""
    assert list(taken(run)) == [f"p{number}@people.example" for number in range(1, 5)]
    settling.weigh([proof(1), bounce(2), proof(3, UNSUBSCRIBED, arrived=False)])
    for number in range(1, 5):
        pen.claim(attempt(number))
    pen.settle(outcome(1, Status.REJECTED, BUSY))
    assert commit(pen) == ([4], [1, 2, 3])
    for number in (1, 2, 3):
        pen.mark_failed(number)
        pen.mark_invalid(number, "no")
        pen.doubt(number, "no")
        pen.take_back(number)
    commit(pen)
    assert words(settling)[:3] == ["sent", "bounced", "suppressed"]
    assert list(taken(run)) == []


def test_a_row_that_is_being_sent_is_left_to_the_run(run: SqlRunLedger, pen: Any, settling: SettlingLedger) -> None:
    for number in (1, 2):
        pen.claim(attempt(number))
    commit(pen)
    weighed = settling.weigh([proof(1), bounce(2), bounce(3)])
    assert [(one.being_sent, one.news, one.after) for one in weighed] == [
        (True, False, "pending"), (True, False, "pending"), (False, True, "bounced")
    ]  # fmt: skip
    pen.settle(outcome(1))
    pen.settle(outcome(2))
    commit(pen)
    assert deliveries(run.place)[2][0] == "sent"
    assert moved(settling.weigh([proof(1), bounce(2), bounce(3)])) == [("sent", "bounced")]


def test_who_wants_no_more_while_a_run_is_sending_to_them_gets_no_second_try(
    run: SqlRunLedger, pen: Any, settling: SettlingLedger
) -> None:
    for number in (1, 2, 3):
        pen.claim(attempt(number))
    commit(pen)
    weighed = settling.weigh([proof(1, UNSUBSCRIBED, arrived=False), proof(2, COMPLAINT)])
    assert [(one.being_sent, one.feedback, one.news) for one in weighed] == [(True, True, True)] * 2
    for number in (1, 2, 3):
        pen.settle(outcome(number, Status.PENDING, BUSY))  # to be tried again
    commit(pen)
    assert run.count_due() == 2
    pen.claim(attempt(1))
    pen.claim(attempt(3))
    assert commit(pen) == ([3], [1])
    assert deliveries(run.place)[1][::4] == ("suppressed", WISH)
    assert moved(settling.weigh([proof(2, COMPLAINT)])) == [("pending", "sent")]


def test_the_start_of_a_run_finds_out_who_wants_no_more(run: SqlRunLedger, pen: Any) -> None:
    pen.claim(attempt(1))
    commit(pen)
    with open_for_settling(run.place, "x") as settling:
        settling.weigh([proof(1, UNSUBSCRIBED, arrived=False)])
    pen.release(1)
    commit(pen)
    assert deliveries(run.place)[1][0] == "pending"
    assert run.recover() == 0
    assert deliveries(run.place)[1][::4] == ("suppressed", WISH)


def test_a_run_that_begins_between_the_look_and_the_writing_finds_the_word_that_was_proved(store: Place) -> None:
    with open_run(store) as ledger:
        people(ledger, 2)
        with closing(journal(store)) as pen:
            pen.claim(attempt(1))
            pen.claim(attempt(2))
            commit(pen)
    with open_for_settling(store, "x") as settling:
        assert moved(settling.weigh([proof(1)])) == [("in_doubt", "sent")]
        with open_run(store) as ledger:
            assert settling.weigh([bounce(2)])[0].being_sent, "a run has it now, that has not looked at it yet"
            assert ledger.recover() == 1
            assert moved(settling.weigh([bounce(2)])) == [("in_doubt", "bounced")]
            assert [word for word, *_ in deliveries(store).values()] == ["sent", "bounced"]


def test_looking_whether_a_run_goes_on_keeps_none_out(store: Place) -> None:
    with open_run(store) as ledger, closing(journal(store)) as pen:
        people(ledger, 1)
        pen.claim(attempt(1))
        commit(pen)
    with open_for_settling(store, "x") as settling:
        assert not settling.weigh([proof(1)])[0].being_sent
        with (
            open_run(store),
            pytest.raises(LedgerBusyError, match=f"process {os.getpid()}"),
        ):
            open_run(store)


@pytest.mark.parametrize("word", [Status.BOUNCED, Status.IN_DOUBT])
def test_a_row_that_is_sent_again_begins_anew_and_keeps_what_was_proved(
    run: SqlRunLedger, pen: Any, settling: SettlingLedger, word: Status
) -> None:
    pen.claim(attempt(1))
    pen.settle(outcome(1, Status.IN_DOUBT, None))
    commit(pen)
    if word is Status.BOUNCED:
        settling.weigh([bounce(1)])
    assert run.reopen([Status.FAILED], chosen_only=False) == 0
    assert run.reopen([word], chosen_only=False) == 1
    assert not settling.reader.has_later_words(), "what is shown of it is gone, what is on record is not"
    pen.claim(attempt(1))
    pen.settle(outcome(1))
    commit(pen)
    known = [bounce(1), bounce(1, name="another of before"), bounce(1, None, name="who knows when")]
    assert not any(one.news for one in settling.weigh(known))
    late = 2**32
    assert moved(settling.weigh([bounce(1, late, name="since")])) == [("sent", "bounced")]
    assert len(run.database.execute("SELECT * FROM evidence").fetchall()) == 1 + (word is Status.BOUNCED)


def test_acceptance_of_before_settles_a_row_in_doubt_and_none_that_came_back(
    run: SqlRunLedger, pen: Any, settling: SettlingLedger
) -> None:
    for number in (1, 2):
        pen.claim(attempt(number))
        pen.settle(outcome(number, Status.IN_DOUBT, None))
    commit(pen)
    settling.weigh([bounce(2)])
    assert run.reopen([Status.BOUNCED, Status.IN_DOUBT], chosen_only=False) == 2
    assert moved(settling.weigh([proof(1), proof(2)])) == [("pending", "sent")]
    assert list(taken(run)) == [f"p{number}@people.example" for number in (2, 3, 4)], "nobody twice, nobody lost"


@pytest.mark.parametrize("chosen_only", [False, True])
def test_who_wants_no_more_is_never_sent_to_again(
    run: SqlRunLedger, pen: Any, settling: SettlingLedger, chosen_only: bool
) -> None:
    for number, word in enumerate([Status.FAILED, Status.REJECTED, Status.IN_DOUBT, Status.FAILED], 1):
        pen.claim(attempt(number))
        pen.settle(outcome(number, word, BUSY))
    commit(pen)
    settling.weigh([proof(number, UNSUBSCRIBED, arrived=False) for number in (1, 2, 3)])
    run.database.execute("UPDATE entry SET chosen = TRUE")
    everything = [word for word in Status if word is not Status.SENT]
    assert run.count_due(everything, chosen_only=chosen_only) == 1
    assert run.reopen(everything, chosen_only=chosen_only) == 1
    run.revert([1, 2, 3])
    pen.take_back(2)
    for number in range(1, 5):
        pen.claim(attempt(number))
    assert commit(pen) == ([4], [1, 2, 3])
    assert [word for word, *_ in deliveries(run.place).values()] == ["suppressed", "suppressed", "in_doubt", "sending"]


def test_a_corrected_address_does_not_help_who_wants_no_more_nor_leads_to_them(
    run: SqlRunLedger, pen: Any, settling: SettlingLedger
) -> None:
    for number in (1, 2):
        pen.claim(attempt(number))
        pen.settle(outcome(number, Status.FAILED, BUSY))
    commit(pen)
    settling.weigh([proof(number, UNSUBSCRIBED, arrived=False) for number in (1, 3)])
    enrolled(run, rows("p1@people.example", "p2@people.example"))
    given = [("new@people.example", "failed", "<1>"), ("p3@people.example", "failed", "<2>")]
    corrected = [
        one.__class__(number=one.number, line=one.line, cells=cells, email=cells[0], fault=None)
        for one, cells in zip(rows(*(address for address, _, _ in given)), given, strict=True)
    ]
    run.correct(
        ["email", "status", "message_id"], corrected, email_column="email", ignored=["status", "message_id"],
        key=contact_key, owners={"<1>": "p1@people.example", "<2>": "p2@people.example"}, renamed={}, where="r.csv",
    )  # fmt: skip
    run.reopen([Status.FAILED], chosen_only=True)
    assert [(one.email, one.status) for one in settling.reader.result_rows()] == [
        ("p1@people.example", "failed"), ("p3@people.example", "suppressed")
    ]  # fmt: skip
    assert list(taken(run, chosen_only=True)) == []


def test_a_bounce_can_be_corrected_to_an_address_that_is_right(
    run: SqlRunLedger, pen: Any, settling: SettlingLedger
) -> None:
    settling.weigh([bounce(1)])
    new = rows("new@people.example")[0]
    cells = ("new@people.example", "bounced", "<1>")
    run.correct(
        ["email", "status", "message_id"], [new.__class__(number=1, line=2, cells=cells, email=cells[0], fault=None)],
        email_column="email", ignored=["status", "message_id"], key=contact_key,
        owners={"<1>": "p1@people.example"}, renamed={}, where="r.csv",
    )  # fmt: skip
    assert list(taken(run, chosen_only=True)) == ["new@people.example"]


def test_a_checkpoint_takes_what_was_proved_into_the_file(tmp_path: Path) -> None:
    with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as run, open_for_settling(run.path, "x") as settling:
        people(run, 4)
        settling.weigh([bounce(1)])
        Checkpoints(run.database, run.path, limit=0).make_room()
        settling.weigh([bounce(2)])
        run.checkpoint()
        with closing(connect(run.path, immutable=True)) as file:
            assert [word for (word,) in file.execute("SELECT status FROM delivery")] == ["bounced", "bounced"]


def test_what_is_left_when_the_run_ends_first_and_when_it_ends_last(store: Place) -> None:
    ledger = open_run(store)
    people(ledger, 2)
    with open_for_settling(store, "x") as settling:
        settling.weigh([bounce(1)])
        ledger.close()
        assert moved(settling.weigh([bounce(2, name="b", moment=None)])) == [("pending", "bounced")]
    for _ in range(2):
        with open_run(store) as ledger:
            assert [word for word, *_ in deliveries(store).values()] == ["bounced", "bounced"]
            assert tally(ledger.database) == counted(ledger.database)

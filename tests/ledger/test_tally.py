"""The kept numbers of rows: the same as the counted ones after whatever may happen to a ledger."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from campaign.contacts import contact_key
from campaign.ledger.sql import queries
from campaign.ledger.sql.newest import newest
from campaign.ledger.sql.reversal import revert, revert_all
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger.sql.tally import counted, tally
from campaign.ledger.sql.words import RESULT_ROWS, WORD
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import Place
from campaign.model import Outcome, Row, Status
from tests.ledgers import (
    BUSY,
    OK,
    as_of_version_3,
    attempt,
    commit,
    enrolled,
    journal,
    listed,
    outcome,
    people,
    rows,
    settle,
)
from tests.stores import open_run

ROOT = Path(__file__).parents[2]
KILLED = """
import sys
from pathlib import Path
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests import ledgers
ledger = SqliteRunLedger.open(Path(sys.argv[1]), "x")
numbers = ledgers.people(ledger, 300)
pen = ledgers.journal(ledger.path)
print("go", flush=True)
while True:
    for number in numbers:
        pen.settle(ledgers.outcome(number, Status.PENDING)) if number > 3 else None
        pen.claim(ledgers.attempt(number))
        if number % 7 == 0:
            ledgers.commit(pen)
"""


@pytest.fixture
def ledger(store: Place) -> Iterator[SqlRunLedger]:
    with open_run(store) as ledger:
        yield ledger


def agrees(ledger: SqlRunLedger) -> bool:
    """Whether what is kept is what there is, by the count and by the rows themselves."""
    kept = tally(ledger.database)
    assert kept == counted(ledger.database)
    (highest,) = ledger.database.execute("SELECT coalesce(max(id), 0) FROM contact").fetchone()
    assert newest(ledger.database) == highest
    by_row = Counter(word for (word,) in ledger.database.execute(f"SELECT {WORD} {RESULT_ROWS}"))
    assert +Counter(queries.counts(ledger.database)) == by_row
    sent = ledger.database.execute("SELECT count(*) FROM delivery WHERE status = 'sent'").fetchone()[0]
    return bool(queries.deliveries(ledger.database)[Status.SENT] == sent)


def test_a_new_ledger_has_nobody(ledger: SqlRunLedger) -> None:
    assert agrees(ledger) and not tally(ledger.database)


def test_reading_and_reading_again(ledger: SqlRunLedger) -> None:
    """Faults, duplicates, the suppressed, people who have gone and come back, and who was mailed all the same."""
    enrolled(ledger, rows("a@x.example", None, "b@x.example", "A@x.example"), suppressed=["b@x.example"])
    assert agrees(ledger)
    settle(ledger, {"a@x.example": Status.SENT})
    enrolled(ledger, rows("c@x.example", "d@x.example"))
    assert agrees(ledger) and tally(ledger.database)["gone", "sent"] == 1
    settle(ledger, {"c@x.example": Status.FAILED, "d@x.example": Status.IN_DOUBT})
    enrolled(ledger, rows("d@x.example", "c@x.example", "a@x.example"), suppressed=["c@x.example", "a@x.example"])
    assert agrees(ledger) and tally(ledger.database)["suppressed", "sent"] == 1
    enrolled(ledger, [])
    assert agrees(ledger)


def test_reading_in_parts_while_others_send(ledger: SqlRunLedger) -> None:
    """Also where somebody was mailed before, and comes back."""
    enrolled(ledger, rows("a@x.example"))
    settle(ledger, {"a@x.example": Status.SENT})
    enrolled(ledger, [])
    everybody = rows(*(f"p{number}@x.example" for number in range(9_000)), None, "a@x.example", "p1@x.example")

    def growing() -> Iterator[list[Row]]:
        for start in range(0, len(everybody), 1_000):
            yield everybody[start : start + 1_000]
            if start >= 3_000:
                settle(ledger, {f"p{start - 2_500}@x.example": Status.REJECTED})

    ledger.enrol(("email",), growing(), listed("p3@x.example"), contact_key, in_parts=True)
    assert agrees(ledger)
    assert tally(ledger.database)["due", "sent"] == 1 and not tally(ledger.database)["gone", "sent"]


def test_whatever_a_journal_writes(ledger: SqlRunLedger) -> None:
    one, two, three, four, five, six, seven = people(ledger, 7)
    pen, rival = journal(ledger.place), journal(ledger.place)
    with closing(pen), closing(rival):
        for number in (one, two, three, four):
            pen.claim(attempt(number))
        commit(pen)
        assert agrees(ledger) and queries.being_sent(ledger.database) == 4
        rival.claim(attempt(four))
        rival.claim(attempt(five))
        rival.settle(outcome(four))
        rival.settle(outcome(five, Status.REJECTED, BUSY))
        assert commit(rival) == ([five], [four])
        assert agrees(ledger)
        pen.settle(outcome(one))
        pen.settle(outcome(two, Status.PENDING, BUSY))
        pen.release(three)
        pen.mark_invalid(six, "no name")
        pen.mark_invalid(one, "too late")
        pen.claim(attempt(seven))
        pen.settle(outcome(seven, Status.IN_DOUBT, None))
        commit(pen)
        assert agrees(ledger)
        pen.mark_failed(two)
        pen.doubt(three, "two replies")
        pen.mark_failed(seven)
        commit(pen)
        assert agrees(ledger)
    assert +Counter(queries.counts(ledger.database)) == Counter(
        sent=1, failed=1, in_doubt=2, pending=1, rejected=1, invalid=1
    )


def test_what_is_taken_back_reopened_or_recovered(ledger: SqlRunLedger) -> None:
    numbers = people(ledger, 6)
    given = [Status.REJECTED, Status.FAILED, Status.REJECTED, Status.IN_DOUBT, Status.SENT]
    settle(ledger, {f"p{number}@people.example": status for number, status in enumerate(given, 1)})
    revert(ledger.database, [*numbers[:2], 999])
    assert agrees(ledger)
    assert revert_all(ledger.database, numbers[2:3], 1) is False
    with closing(journal(ledger.place)) as pen:
        pen.claim(attempt(numbers[5]))
        commit(pen)
    assert ledger.recover() == 1
    assert agrees(ledger)
    ledger.database.execute("UPDATE entry SET chosen = TRUE WHERE row = 4")
    assert ledger.reopen((Status.IN_DOUBT, Status.REJECTED), chosen_only=True) == 1
    assert agrees(ledger)
    enrolled(ledger, rows("p1@people.example"))
    assert ledger.reopen((Status.IN_DOUBT, Status.REJECTED), chosen_only=False) == 2
    assert agrees(ledger)
    ledger.reopen((Status.SENT, Status.PENDING), chosen_only=False)
    assert agrees(ledger) and not queries.deliveries(ledger.database)[Status.SENT]


def test_at_random(ledger: SqlRunLedger) -> None:
    """A long life: readings, claims and outcomes as they come."""
    chance = random.Random(7)
    for _ in range(25):
        known = [chance.choice([None, *(f"p{number}@x.example" for number in range(12))]) for _ in range(15)]
        quiet = [f"p{chance.randrange(12)}@x.example" for _ in range(3)]
        enrolled(ledger, rows(*known), suppressed=quiet)
        assert agrees(ledger)
        due = "SELECT contact FROM entry WHERE status IS NULL"
        numbers = [number for (number,) in ledger.database.execute(due)]
        with closing(journal(ledger.place)) as pen:
            for number in numbers:
                _at_random(pen, number, chance)
                if chance.random() < 0.3:
                    commit(pen)
        assert agrees(ledger)
        if chance.random() < 0.5:
            ledger.recover()
        if chance.random() < 0.3:
            ledger.reopen((Status.FAILED, Status.INVALID), chosen_only=False)
        assert agrees(ledger)


def _at_random(pen: Any, number: int, chance: random.Random) -> None:
    if chance.random() < 0.2:
        pen.mark_invalid(number, "no")
        return
    pen.claim(attempt(number))
    if chance.random() < 0.8:
        status = chance.choice([Status.SENT, Status.FAILED, Status.REJECTED, Status.IN_DOUBT, Status.PENDING])
        pen.settle(Outcome(contact=number, status=status, reply=OK))


@pytest.mark.parametrize("number", range(3))
def test_after_a_kill_at_any_moment(tmp_path: Path, number: int) -> None:
    path = tmp_path / "x.ledger"
    command = [sys.executable, "-c", KILLED, str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    with closing(connect(path, readonly=True)) as looking:
        seen = 0
        while seen < 20 * (number + 1):
            seen = queries.being_sent(looking)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with reading_ledger(path, "x") as database:
        assert tally(database) == counted(database)
    with SqliteRunLedger.open(path, "x") as ledger:
        assert ledger.recover() and agrees(ledger)


def test_a_ledger_of_an_earlier_version_is_counted_once(tmp_path: Path) -> None:
    """By whoever only looks, each time; for good once a run has opened it."""
    path = tmp_path / "x.ledger"
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 5)
        settle(ledger, {"p1@people.example": Status.SENT, "p2@people.example": Status.FAILED})
    with closing(connect(path)) as database:
        as_of_version_3(database)
        database.execute("DROP TABLE tally")
        database.execute("DROP INDEX entry_by_status")
        database.execute("PRAGMA user_version = 2")
    with reading_ledger(path, "x") as database:
        assert +Counter(queries.counts(database)) == Counter(sent=1, failed=1, pending=3)
        assert queries.deliveries(database)[Status.SENT] == 1
    with SqliteRunLedger.open(path, "x") as ledger:
        assert agrees(ledger) and tally(ledger.database)["due", "failed"] == 1

"""A campaign's long life, at random: claims, outcomes, kills, re-sends, readings, erasures, and proofs amid all of it.

After every step: no word has moved back, the kept numbers are what there is, nobody who wants no more is due, and the
same proofs once more are no news.
"""

import contextlib
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from campaign.evidence import EvidenceKind
from campaign.ledger.opening import open_for_settling, open_for_settling_copy
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger.sql.tally import counted, tally
from campaign.ledger_place import DatabasePlace, Place
from campaign.model import Status
from tests.ledgers import BUSY, attempt, commit, enrolled, journal, outcome, rows
from tests.proofs import moved, proof
from tests.stores import NAME, drop, open_run

PEOPLE = 5
NUMBERS = st.integers(1, PEOPLE)
PROOFS = st.lists(
    st.tuples(
        NUMBERS, st.sampled_from(EvidenceKind), st.sampled_from([None, 1, 2**32]), st.integers(1, 3), st.booleans()
    ),
    min_size=1,
    max_size=4,
)
OUTCOMES = [Status.SENT, Status.PENDING, Status.FAILED, Status.REJECTED, Status.IN_DOUBT]
RANK = {Status.SENT.value: 1, Status.BOUNCED.value: 2}


class Life(RuleBasedStateMachine):
    """One run after another; whoever settles has the ledger open all the time."""

    def __init__(self) -> None:
        super().__init__()
        self._opened = ExitStack()
        self.path = self.new_place()
        self.run: SqlRunLedger = open_run(self.path)
        self._enrol(PEOPLE, ())
        self.pen = journal(self.path)
        self.claimed: set[int] = set()
        self.reopened: set[int] = set()
        self.settling = self._opened.enter_context(open_for_settling(self.path, "x"))
        self.known: dict[int, str] = {}

    def new_place(self) -> Place:
        """Where this life's ledger is going to be."""
        return Path(self._opened.enter_context(tempfile.TemporaryDirectory())) / "x.ledger"

    def teardown(self) -> None:
        with contextlib.suppress(Exception):
            self.pen.close()
            self.run.close()
        self._opened.close()

    @rule(numbers=st.sets(NUMBERS, min_size=1))
    def claim(self, numbers: set[int]) -> None:
        """Whoever is due, or only was when the worker took them."""
        before = self._words()
        due = {number for (number,) in self.run.database.execute("SELECT contact FROM entry WHERE status IS NULL")}
        for number in numbers.intersection(due) - self.claimed:
            self.pen.claim(attempt(number))
        durable, lost = commit(self.pen)
        assert all(before.get(number, "pending") == "pending" for number in durable)
        assert all(before.get(number, "pending") != "pending" or self._feedback(number) for number in lost)
        self.claimed.update(durable)

    @rule(number=NUMBERS, word=st.sampled_from(OUTCOMES))
    def outcome(self, number: int, word: Status) -> None:
        """What became of a claim is what stands there, whatever was proved meanwhile."""
        if number in self.claimed:
            self.claimed.discard(number)
            self.pen.settle(outcome(number, word, BUSY))
            commit(self.pen)
            assert self._words()[number] == word

    @rule(given=PROOFS)
    def prove(self, given: list[tuple[int, EvidenceKind, int | None, int, bool]]) -> None:
        """A copy of the ledger says the same, and the second time nothing is news."""
        proofs = [
            proof(number, kind, moment, name=f"{kind}-{moment}-{name}", arrived=arrived or kind != "unsubscribed")
            for number, kind, moment, name, arrived in given
        ]
        with open_for_settling_copy(self.path, "x") as copy:
            expected = copy.weigh(proofs)
        weighed = self.settling.weigh(proofs)
        assert weighed == expected
        assert {one.proof.contact for one in weighed if one.being_sent} <= self.claimed
        assert not moved(self.settling.weigh(proofs))

    @rule()
    def kill(self) -> None:
        """The run is gone, with claims that have no outcome; another one begins."""
        self.pen.close()
        self.run.close()
        self.claimed.clear()
        self.run = open_run(self.path)
        self.run.recover()
        self.pen = journal(self.path)

    @rule(words=st.sets(st.sampled_from([*OUTCOMES[1:], Status.BOUNCED])), chosen=st.booleans())
    def resend(self, words: set[Status], chosen: bool) -> None:
        """At the start of a run: nobody is being sent then."""
        self.kill()
        before = self._words()
        self.run.database.execute("UPDATE entry SET chosen = (row % 2 = 1)")
        self.run.reopen(sorted(words), chosen_only=chosen)
        for number, word in self._words().items():
            if word != before[number]:
                assert before[number] in words and word == "pending" and not self._feedback(number)
                self.known.pop(number, None)

    @rule(count=st.integers(0, PEOPLE), listed=st.sets(NUMBERS))
    def read(self, count: int, listed: set[int]) -> None:
        """Somebody leaves the file, or comes back; or is on a list: at the start of a run."""
        self.kill()
        self._enrol(count, listed)

    @invariant()
    def no_word_moves_back(self) -> None:
        for number, word in self._words().items():
            assert RANK.get(word, 0) >= RANK.get(self.known.get(number, ""), 0), (number, self.known, word)
            self.known[number] = word

    @invariant()
    def the_numbers_are_what_there_is(self) -> None:
        assert tally(self.run.database) == counted(self.run.database)
        shown = [row.status for row in self.settling.reader.result_rows()]
        counts = self.settling.reader.counts()
        assert {word: shown.count(word) for word in Status} == counts

    def _enrol(self, count: int, listed: object) -> None:
        quiet = [f"p{number}@x.example" for number in listed]  # type: ignore[attr-defined]
        enrolled(self.run, rows(*(f"p{number}@x.example" for number in range(1, count + 1))), suppressed=quiet)

    def _words(self) -> dict[int, str]:
        return dict(self.run.database.execute("SELECT contact, status FROM delivery"))

    def _feedback(self, number: int) -> bool:
        sql = "SELECT 1 FROM later_word WHERE contact = ? AND feedback IS NOT NULL"
        return self.run.database.execute(sql, (number,)).fetchone() is not None


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=4, stateful_step_count=10, deadline=None)


@pytest.mark.postgres
def test_lives_in_a_database(ledgers_database: str) -> None:
    class DatabaseLife(Life):
        def new_place(self) -> Place:
            place = DatabasePlace(url=ledgers_database, campaign=NAME)
            self._opened.callback(drop, place)
            return place

    run_state_machine_as_test(DatabaseLife, settings=settings(max_examples=2, stateful_step_count=6, deadline=None))


@pytest.mark.siege
def test_longer_lives() -> None:
    run_state_machine_as_test(Life, settings=settings(max_examples=150, stateful_step_count=40, deadline=None))

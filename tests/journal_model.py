"""A model of the journal: all that a dispatcher may do, in any order, in any rounds, with two journals."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from campaign.ledger.interface import Journal
from campaign.model import Status
from tests.ledgers import attempt, commit, outcome


class Courier(RuleBasedStateMachine):
    """All that a dispatcher may do with four rows and two journals, in any order, in any rounds; against a model."""

    def open(self) -> list[Journal]:
        """Give two journals of a new run."""
        raise NotImplementedError

    def close(self) -> dict[int, tuple[str, int]]:
        """End the run, whose journals are closed. Gives the words and attempts of contacts with a delivery."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.pens = self.open()
        self.ours: list[set[int]] = [set(), set()]  # claimed, and not settled
        self.waiting: list[set[int]] = [set(), set()]  # put off, and not given up
        self.claimable = set(range(1, 5))
        self.expected: dict[int, tuple[str, int]] = {}

    def _pick(self, data: st.DataObject, rows: set[int]) -> int:
        return int(data.draw(st.sampled_from(sorted(rows))))

    @precondition(lambda self: self.claimable)
    @rule(data=st.data(), who=st.integers(0, 1))
    def claim(self, data: st.DataObject, who: int) -> None:
        contact = self._pick(data, self.claimable)
        if any(pen.holds(contact) for pen in self.pens):
            return
        if any(contact in waiting for waiting in self.waiting) and contact not in self.waiting[who]:
            return
        self.claimable.discard(contact)
        self.waiting[who].discard(contact)
        self.pens[who].claim(attempt(contact))
        self.ours[who].add(contact)
        self.expected[contact] = ("sending", self.expected.get(contact, ("", 0))[1])

    @precondition(lambda self: self.ours[0] | self.ours[1])
    @rule(data=st.data(), status=st.sampled_from([Status.SENT, Status.REJECTED, Status.PENDING]))
    def settle(self, data: st.DataObject, status: Status) -> None:
        contact = self._pick(data, self.ours[0] | self.ours[1])
        who = int(contact in self.ours[1])
        self.pens[who].settle(outcome(contact, status))
        self.ours[who].discard(contact)
        self.expected[contact] = (status.value, self.expected[contact][1] + 1)
        if status is Status.PENDING:
            self.claimable.add(contact)
            self.waiting[who].add(contact)

    @precondition(lambda self: self.ours[0] | self.ours[1])
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        contact = self._pick(data, self.ours[0] | self.ours[1])
        who = int(contact in self.ours[1])
        self.pens[who].release(contact)
        self.ours[who].discard(contact)
        self.claimable.add(contact)
        self.waiting[who].add(contact)
        self.expected[contact] = ("pending", self.expected[contact][1])

    @precondition(lambda self: self.waiting[0] | self.waiting[1])
    @rule(data=st.data(), condemned=st.booleans())
    def mark_failed(self, data: st.DataObject, condemned: bool) -> None:
        contact = self._pick(data, self.waiting[0] | self.waiting[1])
        who = int(contact in self.waiting[1])
        if condemned:
            if self.pens[who].holds(contact):
                return
            self.pens[who].mark_invalid(contact, "no name")
        else:
            if not self.expected[contact][1]:
                return  # never tried: stays pending
            self.pens[who].mark_failed(contact)
        self.waiting[who].discard(contact)
        self.claimable.discard(contact)
        self.expected[contact] = ("invalid" if condemned else "failed", self.expected[contact][1])

    @rule(who=st.integers(0, 1))
    def commit(self, who: int) -> None:
        assert commit(self.pens[who])[1] == []

    def teardown(self) -> None:
        if not hasattr(self, "pens"):
            return
        for pen in self.pens:
            pen.close()
        found = self.close()
        not_sent = {number: one for number, one in self.expected.items() if one == ("pending", 0)}
        assert {**not_sent, **found} == {**not_sent, **self.expected}

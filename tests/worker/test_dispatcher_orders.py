"""The dispatcher in every order of events, with a journal that can be killed at any moment.

What is held against it: a body leaves only while the ledger, whatever of it a crash would leave, has the row claimed; a
row with a final word never goes again; and each row ends with exactly one word, the same in the ledger and the counts.
"""

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.model import Attempt, Outcome, Phase, Reply, Status
from tests.dispatchers import Notebook, Office, due, reply, session

OK = reply(250, "2.0.0")
BEFORE_THE_BODY = {
    "greylisted": (Phase.RCPT, reply(451, "4.7.1", "Greylisted")),
    "refused": (Phase.RCPT, reply(550, "5.1.1", "No such user")),
    "slow down": (Phase.RCPT, reply(451, "4.7.0", "Slow down")),
    "session full": (Phase.MAIL, reply(421, None, "Enough for one session")),
}
AFTER_IT = {"ok": OK, "later": reply(451, "4.3.0", "Not now"), "no": reply(554, "5.6.0", "No")}
ROWS = 4


class Model(Notebook):
    """The journal's promises as its docstrings give them: rounds that are written, and durable only later."""

    def __init__(self) -> None:
        super().__init__()
        self.claims: dict[int, Attempt] = {}
        self.early: list[tuple[int, str]] = []
        self.late: list[tuple[int, str]] = []
        self.condemned: list[tuple[int, str]] = []
        self.round: list[Attempt] | None = None
        self.written = dict.fromkeys(range(1, ROWS + 1), "pending")
        self.durable = dict(self.written)

    def holds(self, contact: int) -> bool:
        return contact in self.claims

    def claim(self, attempt: Attempt) -> None:
        assert attempt.contact not in self.claims
        self.claims[attempt.contact] = attempt

    def settle(self, outcome: Outcome) -> None:
        entry = (outcome.contact, str(outcome.status.value))
        (self.late if outcome.contact in self.claims else self.early).append(entry)

    def release(self, contact: int) -> None:
        if self.claims.pop(contact, None) is None:
            self.early.append((contact, "pending"))

    def mark_failed(self, contact: int) -> None:
        self.condemned.append((contact, "failed"))

    def write(self) -> None:
        for contact, status in self.early:
            assert self.written[contact] == "sending", "an outcome without a claim"
            self.written[contact] = status
        for contact in self.claims:
            assert self.written[contact] == "pending", "a claim on a row that is not free"
            self.written[contact] = "sending"
        for contact, status in self.late:
            assert self.written[contact] == "sending"
            self.written[contact] = status
        for contact, status in self.condemned:
            assert self.written[contact] == "pending"
            self.written[contact] = status
        self.round = list(self.claims.values())
        for box in (self.early, self.claims, self.late, self.condemned):
            box.clear()

    def end_round(self) -> list[Attempt]:
        found, self.round = self.round or [], None
        self.durable = dict(self.written)
        return found

    def after_a_crash(self, contact: int) -> set[str]:
        """What a crash now could leave of the row."""
        return {self.durable[contact], self.written[contact]}


EVENTS = st.sampled_from(
    ["take", "leave", "commit", "collect", "later"] * 4 + ["drop", "drop body", "silence", *BEFORE_THE_BODY, *AFTER_IT]
)


class _Play:
    def __init__(self, here: Office, ledger: Model) -> None:
        self.here, self.ledger = here, ledger
        self.upcoming: list[Attempt] = []
        self.gone: list[Attempt] = []
        self.final: set[int] = set()
        self.bodies: Counter[int] = Counter()
        """Bodies of which nobody can say that they were not taken."""

    def do(self, event: str, index: int) -> None:
        dispatcher = self.here.dispatcher
        match event:
            case "take":
                attempt = dispatcher.next_attempt(self.here.session)
                if attempt is not None:
                    assert attempt.contact not in self.final, "a row with a final word goes again"
                    self.upcoming.append(attempt)
            case "commit":
                if self.ledger.round is None:
                    self.ledger.write()
            case "collect":
                if self.ledger.round is not None:
                    dispatcher.claims_durable(self.ledger.end_round())
            case "later":
                self.here.now += 100.0
            case "leave" if self.upcoming:
                attempt = self.upcoming[index % len(self.upcoming)]
                if dispatcher.may_send_body(attempt):
                    assert self.ledger.after_a_crash(attempt.contact) == {"sending"}
                    self.upcoming.remove(attempt)
                    self.gone.append(attempt)
            case "drop" if self.upcoming:
                dispatcher.not_sent(self.pick(self.upcoming, index), "the server hung up")
            case "drop body" if self.gone:
                dispatcher.not_sent(self.pick(self.gone, index), "the server hung up")
            case "silence" if self.gone:
                attempt = self.pick(self.gone, index)
                dispatcher.outcome_unknown(attempt, "the server hung up")
                self.final.add(attempt.contact)
                self.bodies[attempt.contact] += 1
            case str() if event in AFTER_IT and self.gone:
                self.answer(self.pick(self.gone, index), Phase.BODY, AFTER_IT[event], final=event != "later")
            case str() if event in BEFORE_THE_BODY and self.upcoming:
                phase, words = BEFORE_THE_BODY[event]
                self.answer(self.pick(self.upcoming, index), phase, words, final=event == "refused")

    def pick(self, attempts: list[Attempt], index: int) -> Attempt:
        return attempts.pop(index % len(attempts))

    def answer(self, attempt: Attempt, phase: Phase, words: Reply, *, final: bool) -> None:
        self.here.dispatcher.reply_received(attempt, phase, words, served=True)
        if final:
            self.final.add(attempt.contact)
        if words is OK:
            self.bodies[attempt.contact] += 1

    def finish(self) -> None:
        for _ in range(500):
            for event in ("take", "commit", "collect", "leave", "ok", "later"):
                self.do(event, 0)
            if self.here.rows.done and not self.upcoming and not self.gone:
                break
        self.do("commit", 0)
        self.do("collect", 0)


@settings(max_examples=150)
@given(events=st.lists(st.tuples(EVENTS, st.integers(0, 3)), min_size=60, max_size=120))
def test_no_body_leaves_unclaimed_and_every_row_has_one_last_word(events: list[tuple[str, int]]) -> None:
    ledger = Model()
    with tempfile.TemporaryDirectory() as folder, session() as line:
        rows = [due(number) for number in range(1, ROWS + 1)]
        here = Office(Path(folder), line, rows, journal=ledger, stop_after=10_000)
        play = _Play(here, ledger)
        for event, index in events:
            play.do(event, index)
        play.finish()
    assert here.breaker.reason is None
    assert here.rows.done
    assert not play.upcoming and not play.gone
    words = Counter(ledger.durable.values())
    assert words.keys() <= {Status.SENT, Status.REJECTED, Status.FAILED, Status.IN_DOUBT}
    assert words == here.dispatcher.settled
    assert all(count == 1 for count in play.bodies.values())
    assert {number for number, word in ledger.durable.items() if word in ("sent", "in_doubt")} == set(play.bodies)


def test_the_model_would_see_a_body_that_left_unclaimed() -> None:
    """What the test above rests upon: a claim that has not been collected is not on the disk, or may not be."""
    ledger = Model()
    with tempfile.TemporaryDirectory() as folder, session() as line:
        here = Office(Path(folder), line, [due(1)], journal=ledger)
        here.take()
        assert ledger.after_a_crash(1) == {"pending"}
        ledger.write()
        assert ledger.after_a_crash(1) == {"pending", "sending"}
        ledger.end_round()
        assert ledger.after_a_crash(1) == {"sending"}

"""What a settling of a campaign by later evidence has come to: a `Settlement`, counted as the evidence passes.

In: each piece of evidence, and what came of the proofs among it (`Weighed`). Out: numbers and the first few places;
memory stays flat however much there is. Raises nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from campaign.evidence import EvidenceKind, Unread, Weighed
from campaign.model import Status

_KEPT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Rows whose word was moved from one to another by one kind of evidence."""

    before: Status
    after: Status
    source: str
    """The kind of evidence: "Postfix log"."""
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Complaints, or wishes to get no more, that were put on record."""

    kind: EvidenceKind
    source: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """The suppression list that was added to."""

    path: Path
    added: int
    """People; in a dry run, those that would be."""
    is_named: bool = True
    """Whether `contacts.suppress` names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What evidence has moved; in a dry run, what it would move."""

    campaign: str
    dry_run: bool
    files: int
    """That were read: mails of a Maildir, too, each for itself."""
    moves: tuple[Move, ...]
    feedback: tuple[Feedback, ...]
    unchanged: Mapping[str, int]
    """Pieces of evidence about contacts of this campaign that changed nothing, by source: known already, or no proof of
    another word.
    """
    unmatched: Mapping[str, int]
    """Pieces of evidence about no contact of this campaign, by source; logs tell of none."""
    earlier: Mapping[str, int]
    """Pieces of evidence from before this campaign, by source: of an earlier one of its name."""
    being_sent: int
    """Pieces of evidence about rows that a run is sending just now."""
    unread: tuple[Unread, ...]
    """The first few that could not be read."""
    unread_total: int
    counts: Mapping[Status, int]
    """Rows of the contacts file by status, afterwards."""
    running: int | None
    """The process whose run goes on; None where none does."""
    running_on: str = ""
    """Its host; empty: this machine."""
    results_path: Path
    """Where the results CSV is, or will be."""
    results: Path | None = None
    """The results CSV that was written anew; None where there is none, or a run goes on that will write it."""
    kept: Path | None = None
    """Where what stood there before is kept, if somebody had changed it."""
    suppressed: Suppressed | None = None
    mails: int = 0
    """That were looked at in the mailbox."""
    hints: tuple[Unread, ...] = ()
    """The first few that prove nothing, and may tell a person something: bounces that follow no standard."""
    hints_total: int = 0

    @property
    def moved(self) -> int:
        """How many rows have another word than before."""
        return sum(move.rows for move in self.moves)

    @property
    def exit_code(self) -> int:
        """1 where something could not be read."""
        return int(self.unread_total > 0)


@dataclass(slots=True)
class Counting:
    """A settlement on its way."""

    files: int = 0
    mails: int = 0
    moves: Counter[tuple[Status, Status, str]] = field(default_factory=Counter)
    feedback: Counter[tuple[EvidenceKind, str]] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    earlier: Counter[str] = field(default_factory=Counter)
    being_sent: int = 0
    unread: list[Unread] = field(default_factory=list)
    unread_total: int = 0
    hints: list[Unread] = field(default_factory=list)
    hints_total: int = 0
    _taken: dict[int, tuple[Status, str]] = field(default_factory=dict)
    """Rows that were moved to `sent`, with their word before, and by what: they may still bounce. They are few."""

    def tell(self, unread: Unread) -> None:
        """Hear of something that could not be read, or of a hint."""
        if unread.is_hint:
            self.hints_total += 1
            if len(self.hints) < _KEPT:
                self.hints.append(unread)
            return
        self.unread_total += 1
        if len(self.unread) < _KEPT:
            self.unread.append(unread)

    def add(self, one: Weighed) -> None:
        """Hear what came of a proof."""
        evidence = one.proof.evidence
        if one.feedback:  # also while it is being sent
            self.feedback[evidence.kind, evidence.source] += 1
        if one.being_sent:
            self.being_sent += 1
        elif one.before != one.after:
            self._count_move(one.proof.contact, one.before, one.after, evidence.source)
        elif not one.feedback:
            self.unchanged[evidence.source] += 1

    def _count_move(self, contact: int, before: Status, after: Status, source: str) -> None:
        """Count a row once, from its first word to its last: it may be taken by one line, and bounce by the next."""
        if first := self._taken.pop(contact, None):
            self.moves[first[0], before, first[1]] -= 1
            before = first[0]
        self.moves[before, after, source] += 1
        if after is Status.SENT:
            self._taken[contact] = (before, source)

    def settlement(
        self,
        *,
        campaign: str,
        dry_run: bool,
        counts: Mapping[Status, int],
        running: int | None,
        running_on: str = "",
        results_path: Path,
        results: Path | None,
        kept: Path | None,
        suppressed: Suppressed | None,
    ) -> Settlement:
        """Give what it has come to."""
        order = list(Status)
        moves = sorted(self.moves.items(), key=lambda one: (order.index(one[0][0]), order.index(one[0][1]), one[0][2]))
        return Settlement(
            campaign=campaign,
            dry_run=dry_run,
            files=self.files,
            mails=self.mails,
            moves=tuple(
                Move(before=before, after=after, source=source, rows=rows)
                for (before, after, source), rows in moves
                if rows
            ),
            feedback=tuple(
                Feedback(kind=kind, source=source, rows=rows) for (kind, source), rows in sorted(self.feedback.items())
            ),
            unchanged=dict(self.unchanged),
            unmatched=dict(self.unmatched),
            earlier=dict(self.earlier),
            being_sent=self.being_sent,
            unread=tuple(self.unread),
            unread_total=self.unread_total,
            hints=tuple(self.hints),
            hints_total=self.hints_total,
            counts=counts,
            running=running,
            running_on=running_on,
            results_path=results_path,
            results=results,
            kept=kept,
            suppressed=suppressed,
        )

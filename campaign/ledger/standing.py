"""How a word stands after a proof: the rule alone, without a database.

    pending, failed, rejected, invalid, in_doubt, suppressed  ─▶  sent  ─▶  bounced

A word goes this way and never back, whatever comes in whatever order; only `resend` begins anew. Acceptance, delivery
and whatever comes back from whoever got the message prove `sent`; a permanent failure proves `bounced`. Somebody who is
found by their address alone has feedback and no more: pending, they are suppressed. After `resend`, a bounce from
before proves nothing any more; and where it was a bounced row, neither does acceptance from before: it is that of the
copy that came back. What has no time may be of before.

Takes and gives words as the table `delivery` has them. Raises nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from campaign.evidence import Evidence, EvidenceKind, Proof
from campaign.model import Status

_FEEDBACK = {EvidenceKind.COMPLAINT: "complaint", EvidenceKind.UNSUBSCRIBED: "unsubscribed"}


@dataclass(slots=True)
class Standing:
    """What is on record of a contact."""

    word: str = Status.PENDING
    """`sending`: claimed, without an outcome."""
    being_sent: bool = False
    """Whether a run is at it, so that its word is that run's."""
    feedback: str | None = None
    reopened_at: int | None = None
    came_back_at: int | None = None

    def word_after(self, proof: Proof, *, on_record: bool) -> str:
        """Give the word that stands after the proof. `on_record`: the very same has moved it before."""
        evidence = proof.evidence
        if self.being_sent:
            return self.word
        if evidence.kind is EvidenceKind.BOUNCED:
            counts = not on_record and not _is_before(evidence, self.reopened_at)
            return Status.BOUNCED if counts else self.word
        if self.word in (Status.SENT, Status.BOUNCED):
            return self.word
        if evidence.kind in _FEEDBACK:
            if proof.arrived:
                return Status.SENT
            return Status.SUPPRESSED if self.word == Status.PENDING else self.word
        return self.word if _is_before(evidence, self.came_back_at) else Status.SENT

    def feedback_after(self, evidence: Evidence, *, now: int) -> str | None:
        """Give what stands on record of what came back: a complaint goes before the wish to get no more, and the first
        of each stands.
        """
        kind = _FEEDBACK.get(evidence.kind)
        if kind is None or (self.feedback is not None and (kind != "complaint" or self.feedback.startswith(kind))):
            return self.feedback
        moment = now if evidence.moment is None else min(evidence.moment, now)
        return f"{kind} {datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def _is_before(evidence: Evidence, reopened: int | None) -> bool:
    moment = evidence.of_copy_from
    return reopened is not None and (moment is None or moment < reopened)

"""Proofs for tests, as a mail log or a provider would give them."""

from campaign.evidence import Evidence, EvidenceKind, Proof, Weighed
from campaign.ledger.interface import SettlingLedger

ACCEPTED, DELIVERED, BOUNCED, COMPLAINT, UNSUBSCRIBED = EvidenceKind
PLACE = "mail.log:7, queue id 4F2"


def proof(
    contact: int,
    kind: EvidenceKind = ACCEPTED,
    moment: int | None = 1_700_000_100,
    *,
    name: str = "relay/4F2",
    place: str = PLACE,
    arrived: bool = True,
    code: int | None = None,
    enhanced: str = "",
    detail: str = "",
) -> Proof:
    """A proof about this contact. `name`: the evidence's id."""
    evidence = Evidence(
        kind, moment, name, "Postfix log", place, code=code, enhanced=enhanced, detail=detail, recipient="you@x.example"
    )
    return Proof(contact, evidence, arrived)


def bounce(contact: int, moment: int | None = 1_700_000_100, *, name: str = "relay/4F2") -> Proof:
    """The recipient's server does not know them."""
    return proof(contact, BOUNCED, moment, name=name, code=550, enhanced="5.1.1", detail="no such user")


def moved(weighed: list[Weighed]) -> list[tuple[str, str]]:
    """(before, after) of those that are news."""
    return [(one.before.value, one.after.value) for one in weighed if one.news]


def words(ledger: SettlingLedger) -> list[str]:
    """The status of every row, in order."""
    return [row.status for row in ledger.reader.result_rows()]

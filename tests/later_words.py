"""What comes after "sent", for tests: a campaign's ledger weighs what is shown of its people."""

import time

from campaign.evidence import Evidence, EvidenceKind, Proof
from campaign.ledger.opening import open_for_settling
from tests.campaigns import SmallCampaign

PLACE = "mail.log:7, queue id 4F2"


def settle(campaign: SmallCampaign, *shown: tuple[str, EvidenceKind]) -> None:
    """Have it weigh this of the people with these local parts, as it would come from a log just now."""
    with open_for_settling(campaign.ledger, campaign.name) as ledger:
        numbers = {address.partition("@")[0]: number for some in ledger.people() for number, address, _ in some}
        ledger.weigh([Proof(numbers[name], _evidence(name, kind)) for name, kind in shown])


def _evidence(name: str, kind: EvidenceKind) -> Evidence:
    return Evidence(
        kind=kind, moment=int(time.time()), id=f"{name} {time.time_ns()}", source="Postfix log", place=PLACE, code=550,
        enhanced="5.1.1", detail="No such user",
    )  # fmt: skip

"""How fast this machine makes and sends messages, whatever the server takes: by making some.

In: a message factory, and contacts whose messages stand for all. Out: CPU seconds for a message. Raises nothing.

Making is measured. What sending one takes besides (the dialogue, the ledger) is the same for every campaign, so it is
told by the one step that is, too: minting a link. Limits: a machine that is busy just now seems slower than it is.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import cycle

from campaign.errors import CampaignError
from campaign.model import Contact
from campaign.worker.message_factory import MessageFactory

_LOOK = 0.2
"""Seconds of making messages."""
_SENDING = 4.5
"""Sending and the ledger ÷ minting, in CPU time, as `campaign send --profile` tells it on the machine of the guide's
page on speed, with few connections.
"""


def cpu_seconds(factory: MessageFactory, contacts: Sequence[Contact]) -> float | None:
    """Give the CPU seconds that a message takes, all in all; None where none can be made."""
    spent: dict[str, float] = {}

    def note(stage: str, seconds: float) -> None:
        spent[stage] = spent.get(stage, 0.0) + seconds

    made, until, now = 0, time.perf_counter() + _LOOK, datetime.now(UTC)
    try:
        for contact in contacts[:1]:  # the first message compiles what the others share
            factory.make(contact, now)
        for contact in cycle(contacts):
            factory.make_timed(contact, now, note)
            made += 1
            if time.perf_counter() >= until:
                break
    except CampaignError:
        return None
    return (sum(spent.values()) + _SENDING * spent["mint"]) / made if made else None

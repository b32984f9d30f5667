"""`campaign resend`: once more to what was not sent, with fresh links.

Raises UsageError before the first message; after it, the exit code tells.
"""

from campaign.commands.run_campaign import run_campaign
from campaign.commands.run_order import RunOrder
from campaign.model import Status
from campaign.run.plan import Resend


def resend_campaign(order: RunOrder) -> int:
    """Send again to what was not sent, and to the statuses that `include` names. Gives the exit code."""
    include = [Status(word.value) for word in order.include or ()]
    return run_campaign(order, Resend(include=include, source=order.source))

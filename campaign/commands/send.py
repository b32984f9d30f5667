"""`campaign send`: everybody who has not been mailed yet; with `--dry-run`, to a folder; with
`--test-to`, a few messages to whoever tries it out.

Raises UsageError before the first message; after it, the exit code tells.
"""

from campaign.commands.preview import preview_campaign
from campaign.commands.run_campaign import run_campaign
from campaign.commands.run_order import RunOrder
from campaign.run.contacts_process import ContactsProcess


def send_campaign(order: RunOrder, reader: ContactsProcess | None = None) -> int:
    """Send to everybody who has not been mailed; with `dry_run`, to a folder. Gives the exit code. `reader`: a process
    to read the contacts file, begun before this module was imported.
    """
    if order.dry_run:
        return preview_campaign(
            order.campaign,
            folder=order.folder,
            limit=order.limit,
            yes=order.yes,
            overrides=order.overrides(),
            json=order.json,
            allow_empty=order.allow_empty,
        )
    if order.test_to:
        from campaign.commands.trial_send import send_trial  # no run need wait for it

        return send_trial(order)
    return run_campaign(order, None, reader)

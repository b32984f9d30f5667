"""From settings to when mail may go: the window, its hours and days, each contact's own clock.

Takes settings and moments; gives a `Schedule`. Raises WindowError, also where none of the hours fall into the window.
"""

from datetime import UTC, datetime
from types import EllipsisType

from campaign.contact_clocks import ContactClocks
from campaign.errors import WindowError
from campaign.hours import EVERY_DAY
from campaign.ledger.interface import LedgerReader
from campaign.run.pending_words import pending_words
from campaign.schedule import Schedule
from campaign.settings import Settings
from campaign.window import SendWindow


def schedule(
    settings: Settings,
    *,
    now: datetime,
    first_opened: datetime | None = None,
    opens: datetime | EllipsisType | None = ...,
) -> Schedule:
    """Give what the settings say of when mail may go, as `SendWindow.resolve` does. `opens`: in place of theirs."""
    given = settings.window
    begins = given.opens if isinstance(opens, EllipsisType) else opens
    window = SendWindow.resolve(
        opens=begins,
        closes=given.closes,
        lasts=given.lasts,
        timezone=given.timezone,
        now=now,
        first_opened=first_opened,
    )
    hours, days = given.hours, EVERY_DAY if given.days is None else frozenset(given.days)
    column = settings.contacts.timezone_column
    made = Schedule.within(window, hours=hours, days=days)
    if column is None and made.next_opening(window.opens) is None and not window.is_over(now):
        raise WindowError(
            f"none of its hours ({made.describe_hours()}) fall into the window, which {window.describe(window.opens)}",
            where="window.hours, window.days",
            fix="let the window be open for longer, or set other hours or days",
        )
    if column is None:
        return made
    return ContactClocks.around(
        window, column=column, opens=begins, closes=given.closes, lasts=given.lasts, hours=hours, days=days
    )


def schedule_now(settings: Settings, ledger: LedgerReader) -> Schedule | None:
    """Give it as the settings have it now, for a campaign with this ledger; None where the window has not opened, or
    can't be told.
    """
    first = ledger.opened()
    if first is None and settings.window.opens is None and settings.window.hours is None:
        return None
    try:
        return schedule(settings, now=datetime.now(UTC), first_opened=first)
    except WindowError:
        return None


def explain_pending(settings: Settings, ledger: LedgerReader) -> None:
    """Have the rows of an open ledger say what they wait for."""
    window = schedule_now(settings, ledger)
    ledger.explain_pending(None if window is None else pending_words(window, ledger.columns(), datetime.now(UTC)))

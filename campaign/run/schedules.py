"""From settings to when mail may go: the window, its hours and days, each contact's own clock.

Takes settings and moments; gives a `Schedule`. Raises WindowError, also where none of the hours fall into the window.
"""

from datetime import UTC, datetime
from types import EllipsisType

from campaign.contact_clocks import ContactClocks
from campaign.errors import WindowError
from campaign.hours import EVERY_DAY
from campaign.ledger.interface import LedgerReader
from campaign.run.pending_words import day_words, pending_words
from campaign.schedule import Schedule
from campaign.settings import Settings
from campaign.window import SendWindow


def schedule(
    settings: Settings,
    *,
    now: datetime,
    first_opened: datetime | None = None,
    opens: datetime | EllipsisType | None = ...,
    sandbox: bool = False,
) -> Schedule:
    """Give what the settings say of when mail may go, as `SendWindow.resolve` does. `opens`: in place of theirs.
    `sandbox`: the window alone, for a rehearsal need not wait for office hours.
    """
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
    if column is not None:
        made = ContactClocks.around(
            window, column=column, opens=begins, closes=given.closes, lasts=given.lasts, hours=hours, days=days
        )
    if not window.is_over(now):
        _require_hours(made, window)
    return made.at_any_hour() if sandbox else made


def _require_hours(made: Schedule, window: SendWindow) -> None:
    """Raise WindowError where the window never opens, on nobody's clock."""
    clocks = [made.of("")]
    if made.zone_column:
        clocks += (made.of(f"Etc/GMT{offset:+}") for offset in range(-14, 13))
    if all(clock.next_opening(clock.opens) is None for clock in clocks):
        raise WindowError(
            f"none of its hours ({clocks[0].describe_hours()}) fall into the window ({window.describe(window.opens)})",
            where="window.hours, window.days",
            fix="let the window be open for longer, or set other hours or days",
        )


def schedule_now(settings: Settings, ledger: LedgerReader, *, sandbox: bool = False) -> Schedule | None:
    """Give it as the settings have it now, for a campaign with this ledger; None where the window has not opened, or
    can't be told.
    """
    first = ledger.opened()
    if first is None and settings.window.opens is None and (sandbox or settings.window.hours is None):
        return None
    try:
        return schedule(settings, now=datetime.now(UTC), first_opened=first, sandbox=sandbox)
    except WindowError:
        return None


def explain_pending(settings: Settings, ledger: LedgerReader, *, sandbox: bool = False) -> None:
    """Have the rows of an open ledger say what they wait for."""
    window, now = schedule_now(settings, ledger, sandbox=sandbox), datetime.now(UTC)
    if window is None:
        ledger.explain_pending(None)
        return
    # A ledger of the sandbox has no counted days, and so none of them is full.
    daily = day_words(settings.window.daily_limit or (), ledger.begun_by_day(""), window.zone, now)
    ledger.explain_pending(pending_words(window, ledger.columns(), now, daily=daily))

"""Whether a run goes on with what earlier runs of the same name began, and what a person should know of them.

A campaign may go on with the same files, with a template that was mended, or with contacts that have come since: all
this needs nobody's leave, so that cron's next run goes on by itself. Other templates *and* other contacts look like a
new campaign under an old name, in which everybody who was mailed before would be missed: that wants a yes.

Takes the ledger and the digest of the templates; gives words. Raises SettingsError, LedgerError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from campaign.errors import SettingsError
from campaign.ledger.interface import ContactsLedger, RunLedger
from campaign.ledger.values import EarlierRuns
from campaign.model import Status
from campaign.run.plan import RunPlan
from campaign.run.progress import RunObserver
from campaign.settings import Settings
from campaign.window import find_zone, say_day

_LONG_AGO = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """What is to be said of earlier runs before this one begins."""

    words: str
    wants_yes: bool


def continuation(
    ledger: ContactsLedger, template: str, *, zone: tzinfo, now: datetime, asked: bool
) -> Continuation | None:
    """Give what is to be said of earlier runs; None where none mailed anybody, and where this one plainly goes on,
    unless somebody is `asked` anyway. `template`: the templates' digest; `now`: aware.
    """
    last = ledger.last_run()
    if last is None:
        return None
    other_template = last.templates != template
    other_contacts = not ledger.knew_all(last)
    long_ago = now - datetime.fromtimestamp(last.mailed_at, UTC) > _LONG_AGO
    if not (asked or other_template or other_contacts or long_ago):
        return None
    return Continuation(
        words=_words(ledger.earlier_runs(last), zone, other_template=other_template),
        wants_yes=other_template and other_contacts,
    )


def goes_on_with(ledger: ContactsLedger, template: str, *, now: datetime) -> bool:
    """Whether a run goes on with one that was cut off not long ago, with the same `template`s: nobody need be told."""
    last = ledger.last_run()
    if last is None:
        return True
    return last.templates == template and now - datetime.fromtimestamp(last.mailed_at, UTC) <= _LONG_AGO


def tell_of_earlier_runs(
    plan: RunPlan, ledger: ContactsLedger, template: str, *, observer: RunObserver, total: int
) -> None:
    """Say what earlier runs of this name have done, before this one mails `total` contacts. Raises SettingsError where
    that wants a yes, and nobody is there to say it.
    """
    now, zone = datetime.now(UTC), find_zone(plan.settings.window.timezone)
    before = continuation(ledger, template, zone=zone, now=now, asked=bool(total) and observer.asks)
    if before is None:
        return
    if total and before.wants_yes and not observer.can_confirm:
        raise wants_a_yes(before, plan.settings)
    observer.notice(before.words)


def tell_who_is_left_alone(
    ledger: ContactsLedger, again: Sequence[Status], *, chosen_only: bool, observer: RunObserver
) -> None:
    """Say how many rows do not go `again`, though rows with their statuses do: their contacts want no more."""
    left = ledger.count_left_alone(again, chosen_only=chosen_only)
    if left:
        rows = "1 row is" if left == 1 else f"{left:,} rows are"
        observer.notice(f"{rows} left alone: who made a complaint, or asked for no more, is not sent to again")


def wants_a_yes(before: Continuation, settings: Settings) -> SettingsError:
    """Give what is raised where nobody is there to say yes."""
    return SettingsError(
        f"other templates and other contacts under a name that was used before: {before.words}",
        where=f"{settings.path}, name",
        fix="give a new campaign a new name, and everybody is mailed; or say --yes, to mail only who was not",
    )


def _words(earlier: EarlierRuns, zone: tzinfo, *, other_template: bool) -> str:
    days = [say_day(datetime.fromtimestamp(moment, UTC), zone) for moment in (earlier.first_at, earlier.last_at)]
    when = f"on {days[0]}" if days[0] == days[1] else f"from {days[0]} to {days[1]}"
    were = "was" if earlier.mailed == 1 else "were"
    words = f"{earlier.mailed:,} of {earlier.contacts:,} {were} mailed {when}"
    if not earlier.mailed:
        words = f"none of the {earlier.contacts:,} contacts was mailed before under this name"
    words += f"; {earlier.new:,} {'is' if earlier.new == 1 else 'are'} new"
    if earlier.elsewhere:
        were = "was" if earlier.elsewhere == 1 else "were"
        words += f"; {earlier.elsewhere:,} who {were} mailed {'' if earlier.mailed else when + ' '}"
        words = words.rstrip() + f" {'is' if earlier.elsewhere == 1 else 'are'} not in the contacts file now"
    if other_template:
        words += "; the templates have changed since"
    return words


def recover(ledger: RunLedger, observer: RunObserver) -> None:
    """Call claims without an outcome what they are, where nobody is at work who could still have the reply to come."""
    doubtful = ledger.recover()
    if doubtful:
        what = "a message may have" if doubtful == 1 else f"{doubtful:,} messages may have"
        observer.notice(f"{what} left when a run was cut off, and no reply is on record: in_doubt")

"""What can be known, and is decided, before a run opens its ledger."""

import math
import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path

from campaign.contacts import ContactsFile, open_contacts, remembered
from campaign.durations import brief_duration
from campaign.errors import ContactsError, LedgerError, SettingsError, TemplateError
from campaign.ledger.location import files_beside, ledger_exists, refuse_what_was_moved
from campaign.ledger.opening import note_at_a_glance, open_for_reading
from campaign.ledger_place import Place
from campaign.results import our_columns, refuse_foreign, result_names
from campaign.run.loading_notes import REMEMBERED
from campaign.run.plan import RunPlan
from campaign.settings import ContactsSettings, SmtpSettings
from campaign.window import SendWindow
from campaign.worker.message_factory import MessageFactory

_SMALL = 2_000
"""Contacts up to which one process is quicker than starting more."""
_LONG_LIFE = timedelta(days=7)
_SLOW = 200.0
"""Messages a second up to which one process is plenty."""


def open_contacts_of(
    settings: ContactsSettings, *, allow_empty: bool = False, ledger: Place | None = None
) -> ContactsFile:
    """Open the contacts file of a campaign; the `ledger` may remember it. Raises ContactsError, also for one without
    rows, unless that is allowed.
    """
    note = None if ledger is None else note_at_a_glance(ledger, REMEMBERED)
    if note is not None:
        known = remembered(note, settings.file, email_column=settings.email_column, encoding=settings.encoding)
        if known is not None:
            return known
    contacts = open_contacts(
        settings.file, email_column=settings.email_column, encoding=settings.encoding, allow_empty=allow_empty
    )
    if contacts.is_empty and not allow_empty:
        raise ContactsError(
            "the contacts file has no rows",
            where=str(settings.file),
            fix="see whether it was exported whole; where nobody to mail is no mistake: campaign send --allow-empty",
        )
    return contacts


def odd_about(contacts: ContactsFile, *, servers: bool = False) -> Iterator[str]:
    """Say what an operator would want to know of the contacts file as a whole. `servers`: there are several."""
    if contacts.sample:
        cells = "; ".join(map(str, contacts.sample))
        yield (
            f"{contacts.path.name} is not UTF-8; read as {contacts.encoding}, it says: {cells}. If that reads wrong, "
            "set contacts.encoding (such as cp1250, mac_roman, shift_jis)"
        )
    names = result_names(contacts.columns, servers=servers)
    renamed = [
        f"{name!r} is {names[index]!r} there"
        for index, name in enumerate(contacts.columns)
        if names[index] not in (None, name)
    ]
    if renamed:
        yield f"the results have columns of these names themselves, so the contacts file's {', '.join(renamed)}"


def long_lives(window: SendWindow, now: datetime, grace: timedelta) -> str:
    """Say that links work for long, where that is more than a week; otherwise nothing. `now` is aware."""
    begins = max(now, window.opens)
    lives = window.link_expiry(begins, grace) - begins
    if lives <= _LONG_LIFE:
        return ""
    return (
        f"links live {brief_duration(lives)}, and whoever has one is signed in by it until then; a window that closes "
        "sooner, or a shorter link.grace, makes it less"
    )


def guard_what_an_earlier_run_left(plan: RunPlan) -> None:
    """Raise LedgerError for results without their ledger: whoever is in them may have been mailed, and we would not
    know. Raise ResultsError where no results can be written.
    """
    refuse_foreign(plan.results)
    if plan.begin_afresh is not None:
        return  # it sees for itself what it may take away
    if plan.results.exists() and not ledger_exists(plan.ledger, plan.settings.name):
        raise results_without_ledger(plan.results, plan.ledger)


def results_without_ledger(results: Path, ledger: Place) -> LedgerError:
    """Give the error for results that are there while their ledger is not. Raises it where it was brought away."""
    refuse_what_was_moved(ledger)
    left = [path.name for path in (results, *files_beside(ledger)) if path.exists()]
    found = "put the ledger back, or say in ledger.path where it is"
    if not isinstance(ledger, Path):
        found = "see whether ledger.url names the database that has it"
    return LedgerError(
        "there are results of an earlier run, but its ledger is gone, so who was mailed is not known",
        where=str(ledger),
        fix=f"{found}; to mail everybody from the beginning, move {' and '.join(left)} away",
    )


def require_sound_templates(factory: MessageFactory, plan: RunPlan, columns: Sequence[str]) -> None:
    """Raise TemplateError for what the templates name and no row can have: a column that is neither in the contacts
    file (`columns`) nor in corrected results, those given now or those that an earlier run took over. Raise
    SettingsError for such a `contacts.timezone_column`.
    """
    try:
        factory.verify(columns)
        require_zone_column(plan.settings.contacts, columns)
    except (TemplateError, SettingsError):
        corrected = list(_corrected_columns(plan, columns))
        if not corrected:
            raise
    else:
        return
    factory.verify([*columns, *corrected])
    require_zone_column(plan.settings.contacts, [*columns, *corrected])


def require_zone_column(settings: ContactsSettings, columns: Sequence[str]) -> None:
    """Raise SettingsError where `contacts.timezone_column` is none of these."""
    wanted = settings.timezone_column
    if wanted is None or wanted in columns:
        return
    folded = {column.casefold(): column for column in columns}
    near = [folded[name] for name in get_close_matches(wanted.casefold(), folded, n=1, cutoff=0.6)]
    raise SettingsError(
        f"the contacts file has no column {wanted!r}",
        where="contacts.timezone_column",
        fix=f"did you mean {near[0]!r}?" if near else f"name one of its columns: {', '.join(columns)}",
    )


def _corrected_columns(plan: RunPlan, columns: Sequence[str]) -> Iterator[str]:
    found: list[str] = []
    if plan.resend is not None and plan.resend.source is not None:
        email_column = plan.settings.contacts.email_column
        found += open_contacts(plan.resend.source, email_column=email_column).columns
    if plan.begin_afresh is None and ledger_exists(plan.ledger, plan.settings.name):
        with open_for_reading(plan.ledger, plan.settings.name) as ledger:
            found += ledger.columns()
    return (name for name in dict.fromkeys(found) if name not in columns and name not in our_columns())


def processes_for(plan: RunPlan, contacts: int) -> int:
    """How many processes are worth starting for about so many contacts; none where a cluster has the workers."""
    if plan.cluster is not None:
        return 0
    contacts = contacts if plan.limit is None else min(contacts, plan.limit)
    return processes_of(plan.settings.servers, contacts, asked=plan.processes)


def processes_of(servers: Sequence[SmtpSettings], contacts: int, *, asked: int | None) -> int:
    """How many they are, by the servers; `asked`: as many as somebody wants, if somebody does."""
    most = min(server.connections for server in servers)  # each process has one to each server, at least
    if asked is not None:
        return min(asked, most)
    if contacts < _SMALL or sum(server.rate or math.inf for server in servers) <= _SLOW:
        return 1
    return min(os.cpu_count() or 1, most)


def require_folder(folder: Path) -> None:
    """Raise SettingsError where no results could be written into the folder."""
    if not folder.is_dir():
        raise SettingsError(
            "there is no such folder for the results", where=str(folder), fix="make it, or name another"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(
            "the results can't be written there",
            where=str(folder),
            fix="get the right to write there, or name a file elsewhere with --output",
        )

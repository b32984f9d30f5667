"""People's data, taken out of all that a campaign has written by itself: ledger, results, previews, the sandbox's mail.

Settings and people go in; an `ErasureSummary` comes out. The ledger comes first, in one transaction; whatever else is
made from it, or is found by whom it calls erased. So what a kill cuts off is finished by the same command, run again.
Raises LedgerError (LedgerBusyError while a run goes on), ResultsError.

Limits: files elsewhere (other previews, reports under another name, copies) are for whoever has made them to see to;
`leftovers` finds some.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from campaign.contacts import contact_key, parse_address
from campaign.errors import LedgerError
from campaign.ledger.interface import ErasureLedger
from campaign.ledger.location import ledger_exists, locate
from campaign.ledger.opening import open_for_erasure
from campaign.ledger.values import ErasedPeople
from campaign.preview import remove_people
from campaign.results import Written, refuse_foreign, write_results
from campaign.run.dry_run import PREVIEW_NOTE
from campaign.run.leftovers import files_naming
from campaign.run.status_now import message_ids
from campaign.settings import Settings, output_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFolder:
    """A folder of messages that the campaign has written."""

    path: Path
    note: str = PREVIEW_NOTE
    """What stands over its index."""
    forget: Callable[[Path, Callable[[str], bool]], None] = lambda _folder, _gone: None
    """Takes people out of whatever else the folder holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureOrder:
    """Whose data is to go, and from where."""

    emails: tuple[str, ...] = ()
    """As somebody has typed them."""
    older_than: timedelta | None = None
    """Since the last word on a person; None: nobody by age."""
    sandbox: bool = False
    """From the sandbox's ledger and results."""
    output: Path | None = None
    folders: tuple[MessageFolder, ...] = ()
    dry_run: bool = False

    def __post_init__(self) -> None:
        """Refuse an age that lies ahead: it would take everybody. Raises ValueError."""
        if self.older_than is not None and self.older_than < timedelta(0):
            raise ValueError(f"older_than is {self.older_than}; it must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureSummary:
    """What went, or in a dry run would go."""

    found: ErasedPeople
    declined: bool = False
    messages: int = 0
    """Rows of previews and of what the sandbox got."""
    results: Path | None = None
    """The results that were written anew."""
    kept: Path | None = None
    """A results file that somebody had changed: people's data is still in it."""


def has_ledger(settings: Settings, *, output: Path | None, sandbox: bool) -> bool:
    """Whether a run has left anything to take out of. Raises LedgerError where several ledgers might count."""
    _, ledger, earlier = output_paths(settings, output, sandbox)
    return ledger_exists(locate(ledger, earlier, settings.name), settings.name, empty=True)


def erase_from_run(
    settings: Settings, order: ErasureOrder, *, now: datetime, agreed: Callable[[ErasedPeople], bool] = lambda _: True
) -> ErasureSummary:
    """Take them out of the ledger of a run and of what was made from it. `now`: aware; `agreed` hears what would go,
    and where it says no, nothing changes.
    """
    results, place, earlier = output_paths(settings, order.output, order.sandbox)
    ledger_path = locate(place, earlier, settings.name)
    if not ledger_exists(ledger_path, settings.name, empty=True):
        fix = "take them out of the contacts file; `campaign preview` writes its folder anew without them"
        raise LedgerError("there is no ledger yet: nothing was ever sent", where=str(ledger_path), fix=fix)
    identities = {identity_of(email): email for email in order.emails}
    before = None if order.older_than is None else int((now - order.older_than).timestamp())
    with open_for_erasure(ledger_path, settings.name) as ledger:
        try:
            with ledger.erase(identities, before=before, day=f"{now.date()}") as found:
                if order.dry_run or not agreed(found):
                    raise _DeclinedError
        except _DeclinedError:
            return ErasureSummary(found=_as_typed(found, identities), declined=not order.dry_run)
        messages = 0
        gone = partial(_is_gone, ledger)
        for folder in order.folders:
            messages += remove_people(folder.path, gone, campaign=settings.name, note=folder.note)
            folder.forget(folder.path, gone)
        written, kept = None, None
        if ledger.unfinished:
            if results.exists():
                written, kept = results, _write_results(settings, ledger, results)
            ledger.scrub()
            ledger.finished()
    return ErasureSummary(found=_as_typed(found, identities), messages=messages, results=written, kept=kept)


def still_named(settings: Settings, emails: Collection[str], *, output: Path | None) -> list[Path]:
    """Give the files of the campaign's folders in which one of these addresses still stands: contacts and suppression
    lists, copies, what others have put there.
    """
    results, _, _ = output_paths(settings, output, False)
    read = [settings.contacts.file, *settings.contacts.suppress]
    folders = {settings.folder, results.parent, *(path.parent for path in read)}
    return files_naming({identity_of(email) for email in emails}, folders)


def identity_of(email: str) -> str:
    """Give what the campaign knows somebody by; of what is no address, what a cell would say."""
    try:
        return contact_key(parse_address(email))
    except ValueError:
        return email.strip().lower()


class _DeclinedError(Exception):
    """Somebody has said no: nothing of it is done."""


def _is_gone(ledger: ErasureLedger, email: str) -> bool:
    return ledger.was_erased(identity_of(email))


def _write_results(settings: Settings, ledger: ErasureLedger, results: Path) -> Path | None:
    """Write them anew; gives where a file that somebody had changed is kept."""
    reader, safe = ledger.reader, settings.results.spreadsheet_safe
    refuse_foreign(results)
    return write_results(
        results,
        reader.columns(),
        reader.result_rows(),
        message_ids(settings, reader),
        written=Written(digests=reader.written_digests(), remember=partial(reader.remember_written, guarded=safe)),
        safe=safe,
        servers=len(settings.servers) > 1,
        later=reader.has_later_words(),
    )


def _as_typed(found: ErasedPeople, identities: dict[str, str]) -> ErasedPeople:
    def typed(some: Collection[str]) -> tuple[str, ...]:
        return tuple(identities[one] for one in some)

    return replace(found, already=typed(found.already), unknown=typed(found.unknown))

"""A run without a server: everybody's message made and none sent, for the preview and the check.

The roster is kept in a ledger of its own that is thrown away, so no dry run can make a run believe that somebody was
mailed, and none leaves anything behind, however it ends. Raises UsageError for what no row is to blame for: before the
first row, unless only a row shows it.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from campaign.content import misspelt_columns
from campaign.dkim import SigningKey
from campaign.errors import EmptyCellError, InvalidContactError
from campaign.ledger.interface import ContactsLedger
from campaign.ledger.opening import open_for_dry_run
from campaign.ledger_place import Place
from campaign.links import throwaway_secret
from campaign.model import Contact, Content, Message, Status
from campaign.preview import PreviewWriter, has_invisible, visible_cell
from campaign.run.contacts_loading import fill
from campaign.run.continuation import continuation
from campaign.run.dry_run_findings import Before, DryRun, DryRunRow
from campaign.run.plan import message_plan, open_window
from campaign.run.preconditions import open_contacts_of, require_zone_column
from campaign.run.schedules import schedule
from campaign.run.servers import read_signing_keys
from campaign.schedule import Schedule
from campaign.settings import Settings
from campaign.window import SendWindow
from campaign.worker.message_factory import MessageFactory
from campaign.worker.message_size import smallest_size

_NO_QUEUE = ("", "")
PREVIEW_NOTE = (
    "A dry run: nothing was sent. The links in these messages are signed with a throw-away key and sign nobody in."
)
"""What stands over a preview."""


def dry_run_rows(
    settings: Settings,
    *,
    limit: int | None = None,
    reading: Callable[[int], None],
    agreed: Callable[[int], bool] = lambda _: True,
    allow_empty: bool = False,
    seen: DryRun | None = None,
    ledger: Place | None = None,
    signing_keys: Sequence[SigningKey] = (),
) -> Iterator[DryRunRow]:
    """Make the message of every row (of the first `limit` ones), in order; their links sign nobody in. `agreed` hears
    how many messages it will be; where it says no, none is made. What reading the files has shown stands in `seen`
    before the first row; and, with the `ledger` of earlier runs, what these have left. Without `signing_keys`, messages
    are not signed.
    """
    contacts = open_contacts_of(settings.contacts, allow_empty=allow_empty)
    window = dry_run_window(settings)
    factory = MessageFactory(message_plan(settings, throwaway_secret(), window, signing_keys))
    if not contacts.is_empty:  # it may not even have a header to hold the templates against
        factory.verify(contacts.columns)
        require_zone_column(settings.contacts, contacts.columns)
    now = datetime.now(window.zone)
    with contextlib.closing(open_for_dry_run(settings.name, earlier=ledger)) as trial:
        lists, mended = fill(trial, contacts, settings.contacts.suppress, reading)
        if seen is not None:
            seen.lists, seen.mended, seen.constants = lists, mended, factory.templates.constants
            seen.misspelt = misspelt_columns(factory.templates.columns, contacts.columns)
            seen.before = None if ledger is None else _before(trial, factory.digest(), window)
        if not agreed(sum(row.status is Status.PENDING for row in islice(trial.rows(), limit))):
            return
        for row in islice(trial.rows(), limit):
            address = row.contact.email or visible_cell(row.contact.columns[contacts.email_column])
            if row.status is not Status.PENDING:
                yield DryRunRow(row=row, status=row.status, detail=row.detail, made=None, address=address)
                continue
            try:
                made = factory.make(row.contact, now)
            except InvalidContactError as error:
                # Whoever shows a row names it.
                where = error.where.removeprefix(f"row {row.contact.number}").removeprefix(", ")
                detail = f"{error.what} ({where})" if where else error.what
                empty = _empty_cells(factory, row.contact, error, now)
                yield DryRunRow(row=row, status=Status.INVALID, detail=detail, made=None, address=address, empty=empty)
            else:
                leads_to = None if factory.redirect is None else factory.redirect(row.contact)
                yield DryRunRow(
                    row=row, status=Status.PENDING, detail="", made=made, address=address, redirect_to=leads_to
                )


def _before(ledger: ContactsLedger, template: str, window: SendWindow) -> Before:
    """Say what earlier runs have left, by a copy of their ledger into which the contacts file has been read."""
    return Before(
        counts=ledger.reader.counts(),
        due=ledger.count_due(),
        continuation=continuation(ledger, template, zone=window.zone, now=datetime.now(UTC), asked=False),
    )


def _empty_cells(
    factory: MessageFactory, contact: Contact, error: InvalidContactError, now: datetime
) -> dict[str, str]:
    """Find all the empty cells that a row fails by: each is filled in, and the row tried again.
    Gives what to do about each.
    """
    found: dict[str, str] = {}
    while isinstance(error, EmptyCellError) and error.column not in found:
        found[error.column] = error.fix
        filled = contact._replace(columns={**contact.columns, **dict.fromkeys(found, "x")})
        try:
            factory.make(filled, now)
        except InvalidContactError as another:
            error = another
        else:
            break
    return found


def preview(
    settings: Settings,
    folder: Path,
    *,
    limit: int | None,
    reading: Callable[[int], None],
    agreed: Callable[[int], bool] = lambda _: True,
    writing: Callable[[int], None] = lambda _: None,
    allow_empty: bool = False,
) -> DryRun:
    """Write everybody's message into `folder`, with a gallery, as it would be sent but for the link: signed, where
    there is a [dkim]. `writing` hears how many are written. Where `agreed`, which hears how many it would be, says no,
    nothing is touched. Raises UsageError.
    """
    seen = DryRun()

    def answered(messages: int) -> bool:
        seen.declined = not agreed(messages)
        return not seen.declined

    rows = dry_run_rows(
        settings,
        limit=limit,
        reading=reading,
        agreed=answered,
        allow_empty=allow_empty,
        seen=seen,
        signing_keys=read_signing_keys(settings),
    )
    begun = list(islice(rows, 1))  # by now the file is read, and the question answered
    if seen.declined:
        return seen
    with PreviewWriter(folder, campaign=settings.name, note=PREVIEW_NOTE) as writer:
        for one in chain(begun, rows):
            seen.count(one)
            writing(seen.counts[Status.PENDING])
            link, content, message = one.made or (None, None, None)
            writer.add(
                number=one.row.contact.number,
                line=one.row.line,
                cells=_cells(one) if one.status is Status.INVALID else (),
                email=one.address,
                status="ready" if one.made else one.status,
                detail=one.detail,
                message=message.data if message else None,
                subject=content.subject if content else "",
                text="".join(content.text) if content else "",
                html="".join(content.html) if content else "",
                expires_at=link.expires_at if link else None,
            )
    return seen


def _cells(one: DryRunRow) -> list[tuple[str, str, bool]]:
    """The cells of a row that can't be mailed; those to look at are the address, if it is none, the invisible, and the
    empty ones that it fails by.
    """
    named = one.row.contact.columns
    return [
        (
            column,
            cell,
            column in one.empty
            or has_invisible(cell)
            or (not one.row.contact.email and visible_cell(cell) == one.address),
        )
        for column, cell in named.items()
    ]


def check(
    settings: Settings,
    *,
    reading: Callable[[int], None],
    ledger: Place | None = None,
    look: Callable[[int, Content, frozenset[str]], None] = lambda *_: None,
) -> DryRun:
    """Make everybody's message, and keep none. They are not signed, which would take longer than all the rest. Their
    links have a throw-away secret: they are as long as with the real one, and whatever is quoted of a message signs
    nobody in. `ledger`: that of earlier runs, which is left as it is. `look` gets each message's row and content, and
    what of the content is the same in every message. Raises UsageError.
    """
    seen = DryRun()
    holding = bool(settings.limits or settings.contacts.timezone_column)
    for one in dry_run_rows(settings, reading=reading, seen=seen, ledger=ledger):
        seen.count(one)
        if one.made is not None:
            if holding and (queue := _queue(one, settings)) != _NO_QUEUE:
                seen.queues[queue] += 1
            seen.look_at_links(one)
            look(one.row.contact.number, one.made[1], seen.constants)
    return seen


def _queue(one: DryRunRow, settings: Settings) -> tuple[str, str]:
    """What may hold a row back: its time zone, and its recipient's domain."""
    column, domain = settings.contacts.timezone_column, one.address.rpartition("@")[2].lower()
    zone = "" if column is None else one.row.contact.columns.get(column, "").strip()
    return zone, domain if domain in settings.limits else ""


def sample_messages(settings: Settings, contacts: Sequence[Contact]) -> list[Message]:
    """Make the messages of a few contacts to be shown to others: their links sign nobody in."""
    factory = MessageFactory(message_plan(settings, throwaway_secret(), open_window()))
    return [factory.make(contact, datetime.now(UTC))[2] for contact in contacts]


def size_with_little(settings: Settings, contact: Contact) -> int | None:
    """Give the bytes of a contact's message with next to nothing in its cells."""
    factory = MessageFactory(message_plan(settings, throwaway_secret(), open_window()))
    return smallest_size(lambda one: factory.size_without_own_files(one, datetime.now(UTC)), contact)


def dry_run_window(settings: Settings) -> Schedule:
    """Give the window as it would be if the run began now; one that is over, as it was. Raises WindowError."""
    return schedule(settings, now=datetime.now(UTC))

"""A run without a server: everybody's message made and none sent, for the preview and the check.

The roster is kept in a ledger of its own that is thrown away, so no rehearsal can make a run believe that somebody was
mailed, and none leaves anything behind, however it ends. Raises UsageError for what no row is to blame for: before the
first row, unless only a row shows it.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from urllib.parse import urlsplit

from campaign.contacts import open_contacts
from campaign.errors import EmptyCellError, InvalidContactError
from campaign.ledger.roster import Enrolled, enrolled
from campaign.ledger.schema import temporary
from campaign.links import throwaway_secret
from campaign.model import Contact, Content, LoginLink, Message, Status
from campaign.pipeline.assembly import Assembly
from campaign.pipeline.message_size import smallest_size
from campaign.pipeline.plan import letter_plan, open_window
from campaign.pipeline.reading import fill
from campaign.preview import PreviewWriter, has_invisible, visible
from campaign.settings import Settings
from campaign.window import SendWindow

_NOTE = "A dry run: nothing was sent. The links in these messages are signed with a throw-away key and sign nobody in."
_SHOWN = 5
"""Rows that are named where many fail alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A row, and its message where there is one."""

    row: Enrolled
    status: Status
    detail: str
    made: tuple[LoginLink, Content, Message] | None
    address: str
    """The one to mail; where there is none, what stands in its place in the file, to be seen."""
    redirect_to: str | None = None
    """Where its link leads."""
    empty: Mapping[str, str] = field(default_factory=dict)
    """The empty cells that keep it from being mailed, by column: what to do about each."""


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal has shown."""

    counts: Counter[Status] = field(default_factory=Counter)
    faults: list[Rehearsed] = field(default_factory=list)
    """The first rows that can't be mailed for other reasons than empty cells."""
    empty: Counter[str] = field(default_factory=Counter)
    """Rows that an empty cell keeps from being mailed, by column."""
    ways_out: dict[str, str] = field(default_factory=dict)
    """What to do about them, by column."""
    empty_rows: dict[str, list[int]] = field(default_factory=dict)
    """The first of these rows, by column."""
    with_empty: int = 0
    """How many such rows there are, whatever their columns."""
    sizes: Counter[int] = field(default_factory=Counter)
    """Messages by their bytes."""
    least: int = 0
    smallest: Contact | None = None
    """Whose message is the smallest."""
    smtputf8: int = 0
    """Messages that need a server with SMTPUTF8."""
    declined: bool = False
    """There would have been too many."""
    linkless: Counter[str] = field(default_factory=Counter)
    """Messages without their link: in the `text`, in the `html`, in all that they have (`message`)."""
    redirect_hosts: Counter[str] = field(default_factory=Counter)
    """Messages by the host that their link leads to after signing in."""

    @property
    def largest(self) -> int:
        """Bytes of the largest message."""
        return max(self.sizes, default=0)

    def fault_lines(self) -> Iterator[str]:
        """Say why rows can't be mailed: empty cells by column, everything else row by row, for the first ones."""
        for column, count in self.empty.most_common():
            numbers = ", ".join(map(str, self.empty_rows[column])) + (", …" if count > _SHOWN else "")
            rows = f"1 row ({numbers})" if count == 1 else f"{count:,} rows ({numbers})"
            yield f"{column} is empty in {rows}: {self.ways_out[column]}"
        for fault in self.faults:
            cell = "" if fault.row.contact.email or "missing" in fault.detail else f": {fault.address}"
            yield f"row {fault.row.contact.number}: {fault.detail}{cell}"
        more = self.counts[Status.INVALID] - self.with_empty - len(self.faults)
        if more > 0:
            yield f"and {more:,} more"


def rehearse(
    settings: Settings,
    *,
    limit: int | None = None,
    secret: str | None = None,
    reading: Callable[[int], None],
    agreed: Callable[[int], bool] = lambda _: True,
) -> Iterator[Rehearsed]:
    """Make the message of every row (of the first `limit` ones), in order. Without `secret`, one is thrown away.
    `agreed` hears how many messages it will be; where it says no, none is made.
    """
    contacts = open_contacts(settings.contacts.file, email_column=settings.contacts.email_column)
    window = rehearsal_window(settings)
    assembly = Assembly(letter_plan(settings, secret or throwaway_secret(), window))
    assembly.verify(contacts.columns)
    now = datetime.now(window.zone)
    with contextlib.closing(temporary(settings.name)) as database:
        fill(database, contacts, settings.contacts.suppress, reading)
        if not agreed(sum(row.status is Status.PENDING for row in islice(enrolled(database), limit))):
            return
        for row in islice(enrolled(database), limit):
            address = row.contact.email or visible(row.contact.columns[contacts.email_column])
            if row.status is not Status.PENDING:
                yield Rehearsed(row=row, status=row.status, detail=row.detail, made=None, address=address)
                continue
            try:
                made = assembly.assemble(row.contact, now)
            except InvalidContactError as error:
                detail = f"{error.what} ({error.where})" if error.where else error.what
                empty = _empty_cells(assembly, row.contact, error, now)
                yield Rehearsed(row=row, status=Status.INVALID, detail=detail, made=None, address=address, empty=empty)
            else:
                leads_to = None if assembly.redirect is None else assembly.redirect(row.contact)
                yield Rehearsed(
                    row=row, status=Status.PENDING, detail="", made=made, address=address, redirect_to=leads_to
                )


def _empty_cells(assembly: Assembly, contact: Contact, error: InvalidContactError, now: datetime) -> dict[str, str]:
    """Find all the empty cells that a row fails by: each is filled in, and the row tried again.
    Gives what to do about each.
    """
    found: dict[str, str] = {}
    while isinstance(error, EmptyCellError) and error.column not in found:
        found[error.column] = error.fix
        filled = replace(contact, columns={**contact.columns, **dict.fromkeys(found, "x")})
        try:
            assembly.assemble(filled, now)
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
) -> Rehearsal:
    """Write everybody's message into `folder`, with a gallery; `writing` hears how many are written. Where
    `agreed`, which hears how many it would be, says no, nothing is touched. Raises UsageError.
    """
    seen = Rehearsal()

    def answered(messages: int) -> bool:
        seen.declined = not agreed(messages)
        return not seen.declined

    rows = rehearse(settings, limit=limit, reading=reading, agreed=answered)
    begun = list(islice(rows, 1))  # by now the file is read, and the question answered
    if seen.declined:
        return seen
    with PreviewWriter(folder, campaign=settings.name, note=_NOTE) as writer:
        for one in chain(begun, rows):
            _count(seen, one)
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


def _cells(one: Rehearsed) -> list[tuple[str, str, bool]]:
    """The cells of a row that can't be mailed; those to look at are the address, if it is none, and the invisible."""
    named = one.row.contact.columns
    return [
        (column, cell, has_invisible(cell) or (not one.row.contact.email and visible(cell) == one.address))
        for column, cell in named.items()
    ]


def check(settings: Settings, *, secret: str, reading: Callable[[int], None]) -> Rehearsal:
    """Make everybody's message with the real secret, and keep none. Raises UsageError."""
    seen = Rehearsal()
    for one in rehearse(settings, secret=secret, reading=reading):
        _count(seen, one)
        if one.made is not None:
            _look_at_links(seen, one)
    return seen


def size_with_little(settings: Settings, secret: str, contact: Contact) -> int | None:
    """Give the bytes of a contact's message with next to nothing in its cells."""
    assembly = Assembly(letter_plan(settings, secret, open_window()))
    return smallest_size(lambda one: len(assembly.assemble(one, datetime.now(UTC))[2].data), contact)


def rehearsal_window(settings: Settings) -> SendWindow:
    """Give the window as it would be if the run began now; one that is over, as it was. Raises WindowError."""
    given = settings.window
    return SendWindow.resolve(
        opens=given.opens, closes=given.closes, lasts=given.lasts, timezone=given.timezone, now=datetime.now(UTC)
    )


def _count(seen: Rehearsal, one: Rehearsed) -> None:
    seen.counts[one.status] += 1
    if one.made is not None:
        message = one.made[2]
        size = len(message.data)
        if seen.smallest is None or size < seen.least:
            seen.smallest, seen.least = one.row.contact, size
        seen.sizes[size] += 1
        seen.smtputf8 += message.envelope.smtputf8
    elif one.empty:
        seen.with_empty += 1
        seen.ways_out |= one.empty
        for column in one.empty:
            seen.empty[column] += 1
            if seen.empty[column] <= _SHOWN:
                seen.empty_rows.setdefault(column, []).append(one.row.contact.number)
    elif one.status is Status.INVALID and len(seen.faults) < 20:
        seen.faults.append(one)


def _look_at_links(seen: Rehearsal, one: Rehearsed) -> None:
    assert one.made is not None
    link, content, _ = one.made
    token = link.url.rpartition("=")[2]
    bodies = {name: "".join(body) for name, body in (("text", content.text), ("html", content.html)) if body}
    without = [name for name, body in bodies.items() if token not in body]
    seen.linkless.update(["message"] if len(without) == len(bodies) else without)
    if one.redirect_to is not None:
        seen.redirect_hosts[(urlsplit(one.redirect_to).hostname or "").lower()] += 1

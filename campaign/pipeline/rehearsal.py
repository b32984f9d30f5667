"""A run without a server: everybody's message made and none sent, for the preview and the check.

The roster is kept in a ledger of its own that is thrown away, so no rehearsal can make a run believe that somebody was
mailed, and none leaves anything behind, however it ends. Raises UsageError for what no row is to blame for.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from campaign.contacts import open_contacts
from campaign.errors import InvalidContactError
from campaign.ledger.roster import Enrolled, enrolled
from campaign.ledger.schema import temporary
from campaign.links import throwaway_secret
from campaign.model import Content, LoginLink, Message, Status
from campaign.pipeline.assembly import Assembly
from campaign.pipeline.plan import letter_plan
from campaign.pipeline.reading import fill
from campaign.preview import PreviewWriter, has_invisible, visible
from campaign.settings import Settings
from campaign.window import SendWindow

_NOTE = "A dry run: nothing was sent. The links in these messages are signed with a throw-away key and sign nobody in."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A row, and its message where there is one."""

    row: Enrolled
    status: Status
    detail: str
    made: tuple[LoginLink, Content, Message] | None
    address: str
    """The one to mail; where there is none, what stands in its place in the file, to be seen."""


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal has shown."""

    counts: Counter[Status] = field(default_factory=Counter)
    faults: list[Rehearsed] = field(default_factory=list)
    """The first rows that can't be mailed."""
    largest: int = 0
    """Bytes of the largest message."""
    smtputf8: int = 0
    """Messages that need a server with SMTPUTF8."""
    declined: bool = False
    """There would have been too many."""


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
                yield Rehearsed(row=row, status=Status.INVALID, detail=detail, made=None, address=address)
            else:
                yield Rehearsed(row=row, status=Status.PENDING, detail="", made=made, address=address)


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
    return seen


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
        seen.largest = max(seen.largest, len(message.data))
        seen.smtputf8 += message.envelope.smtputf8
    elif one.status is Status.INVALID and len(seen.faults) < 20:
        seen.faults.append(one)

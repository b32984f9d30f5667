"""A run without a server: everybody's message made and none sent, for the preview and the check.

The roster is kept in a ledger of its own that is thrown away, so no rehearsal can make a run believe that somebody was
mailed. Raises UsageError for what no row is to blame for.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from campaign.contacts import ListReport, Mend
from campaign.errors import InvalidContactError
from campaign.ledger.roster import Enrolled, enrolled
from campaign.ledger.store import Ledger
from campaign.links import throwaway_secret
from campaign.model import Content, LoginLink, Message, Status
from campaign.pipeline.assembly import Assembly
from campaign.pipeline.beforehand import open_contacts_of
from campaign.pipeline.enrolment import Reading
from campaign.pipeline.plan import letter_plan
from campaign.pipeline.reading_notes import addresses_mended, lists_read
from campaign.preview import PreviewWriter
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
    lists: list[ListReport] = field(default_factory=list)
    """What the suppression lists held."""
    mended: Counter[Mend] = field(default_factory=Counter)
    """Addresses of the contacts file, by what was mended in them."""


def rehearse(
    settings: Settings,
    *,
    limit: int | None = None,
    secret: str | None = None,
    reading: Callable[[int], None],
    allow_empty: bool = False,
    seen: Rehearsal | None = None,
) -> Iterator[Rehearsed]:
    """Make the message of every row (of the first `limit` ones), in order. Without `secret`, one is thrown away. What
    reading the files has shown stands in `seen` before the first row.
    """
    contacts = open_contacts_of(settings.contacts, allow_empty=allow_empty)
    window = rehearsal_window(settings)
    assembly = Assembly(letter_plan(settings, secret or throwaway_secret(), window))
    now = datetime.now(window.zone)
    with (
        tempfile.TemporaryDirectory(prefix="campaign-") as folder,
        Ledger.open(Path(folder) / "rehearsal.ledger", settings.name) as ledger,
    ):
        Reading(ledger, contacts, settings.contacts.suppress, reading, strict=False).read()
        if seen is not None:
            seen.lists, seen.mended = lists_read(ledger), addresses_mended(ledger)
        for row in islice(enrolled(ledger.database), limit):
            if row.status is not Status.PENDING:
                yield Rehearsed(row=row, status=row.status, detail=row.detail, made=None)
                continue
            try:
                made = assembly.assemble(row.contact, now)
            except InvalidContactError as error:
                detail = f"{error.what} ({error.where})" if error.where else error.what
                yield Rehearsed(row=row, status=Status.INVALID, detail=detail, made=None)
            else:
                yield Rehearsed(row=row, status=Status.PENDING, detail="", made=made)


def preview(
    settings: Settings, folder: Path, *, limit: int | None, reading: Callable[[int], None], allow_empty: bool = False
) -> Rehearsal:
    """Write everybody's message into `folder`, with a gallery. Raises UsageError."""
    seen = Rehearsal()
    with PreviewWriter(folder, campaign=settings.name, note=_NOTE) as writer:
        for one in rehearse(settings, limit=limit, reading=reading, allow_empty=allow_empty, seen=seen):
            _count(seen, one)
            link, content, message = one.made or (None, None, None)
            writer.add(
                number=one.row.contact.number,
                email=one.row.contact.email,
                status="ready" if one.made else one.status,
                detail=one.detail,
                message=message.data if message else None,
                subject=content.subject if content else "",
                text="".join(content.text) if content else "",
                html="".join(content.html) if content else "",
                expires_at=link.expires_at if link else None,
            )
    return seen


def check(settings: Settings, *, secret: str, reading: Callable[[int], None]) -> Rehearsal:
    """Make everybody's message with the real secret, and keep none. Raises UsageError."""
    seen = Rehearsal()
    for one in rehearse(settings, secret=secret, reading=reading, seen=seen):
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

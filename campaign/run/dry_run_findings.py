"""What a dry run shows: row by row, and all of it together, in numbers and in words. Raises nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from campaign.contacts import ListReport, Mend
from campaign.ledger.values import EnrolledRow
from campaign.model import Contact, Content, LoginLink, Message, Status
from campaign.run.continuation import Continuation

GMAIL_SHOWS = 102 * 1024
"""Bytes of HTML. Google says no number: 102 kB is what senders count with (github.com/hteumeuleu/email-bugs, issue 41),
and about 105 what one has measured (spamresource.com, 12 January 2022). They disagree on whether it is counted decoded.
It is here, so HTML that goes as base64 or quoted-printable may be cut off somewhat earlier.
"""
_SHOWN = 5
"""Rows that are named where many fail alike."""
_KEPT = 20
"""Rows that are told of one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunRow:
    """A row, and its message where there is one."""

    row: EnrolledRow
    status: Status
    detail: str
    made: tuple[LoginLink, Content, Message] | None
    address: str
    """The one to mail; where there is none, what stands in its place in the file, to be seen."""
    redirect_to: str | None = None
    """Where its link leads."""
    empty: Mapping[str, str] = field(default_factory=dict)
    """The empty cells that keep it from being mailed, by column: what to do about each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What earlier runs have left of the contacts file as it is now."""

    counts: Mapping[Status, int]
    """Its rows, by what became of them."""
    due: int
    """Contacts that a run would take now."""
    continuation: Continuation | None
    """What a run would say of it; None: nothing."""


@dataclass(slots=True, kw_only=True)
class DryRun:
    """What a dry run has shown."""

    counts: Counter[Status] = field(default_factory=Counter)
    faults: list[DryRunRow] = field(default_factory=list)
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
    first: Contact | None = None
    """Who is the first with a message."""
    most: int = 0
    biggest: Contact | None = None
    """Whose message is the largest."""
    html_largest: int = 0
    """Bytes of the largest HTML body, decoded: as a mail program has it."""
    clipped: int = 0
    """Messages with so much HTML that Gmail cuts off its end."""
    smtputf8: int = 0
    """Messages that need a server with SMTPUTF8."""
    lists: list[ListReport] = field(default_factory=list)
    """What the suppression lists held."""
    mended: Counter[Mend] = field(default_factory=Counter)
    """Addresses of the contacts file, by what was corrected in them."""
    before: Before | None = None
    """None where nothing is known of earlier runs."""
    constants: frozenset[str] = frozenset()
    """The pieces of the templates that are the same in every message."""
    misspelt: list[tuple[str, str]] = field(default_factory=list)
    """Columns that the templates ask for and the file has not, each with the one that was probably meant."""
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

    @property
    def samples(self) -> dict[int, Contact]:
        """A few contacts whose messages differ, by row: the first one's, the smallest, the largest."""
        return {one.number: one for one in (self.first, self.smallest, self.biggest) if one is not None}

    def clipped_words(self) -> str:
        """Say how many messages Gmail would cut short; nothing where there are none."""
        if not self.clipped:
            return ""
        ready = self.counts[Status.PENDING]
        which = "every message" if self.clipped == ready else f"{self.clipped:,} of {ready:,} messages"
        return (
            f"the HTML of {which} is over {GMAIL_SHOWS // 1024} kB ({self.html_largest:,} bytes at most): Gmail shows "
            "about so much and cuts off the rest, the unsubscribe link with it if that stands at the end"
        )

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

    def count(self, one: DryRunRow) -> None:
        """Take a row into account."""
        self.counts[one.status] += 1
        if one.made is not None:
            _, content, message = one.made
            size = len(message.data)
            if self.smallest is None or size < self.least:
                self.smallest, self.least = one.row.contact, size
            if self.biggest is None or size > self.most:
                self.biggest, self.most = one.row.contact, size
            self.first = self.first or one.row.contact
            html = sum(len(chunk) if chunk.isascii() else len(chunk.encode()) for chunk in content.html)
            self.html_largest = max(self.html_largest, html)
            self.clipped += html > GMAIL_SHOWS
            self.sizes[size] += 1
            self.smtputf8 += message.envelope.smtputf8
        elif one.empty:
            self.with_empty += 1
            self.ways_out |= one.empty
            for column in one.empty:
                self.empty[column] += 1
                if self.empty[column] <= _SHOWN:
                    self.empty_rows.setdefault(column, []).append(one.row.contact.number)
        elif one.status is Status.INVALID and len(self.faults) < _KEPT:
            self.faults.append(one)

    def look_at_links(self, one: DryRunRow) -> None:
        """Take into account whether a message has its link, and where that leads."""
        assert one.made is not None
        link, content, _ = one.made
        token = link.url.rpartition("=")[2]
        bodies = {name: "".join(body) for name, body in (("text", content.text), ("html", content.html)) if body}
        without = [name for name, body in bodies.items() if token not in body]
        self.linkless.update(["message"] if len(without) == len(bodies) else without)
        if one.redirect_to is not None:
            self.redirect_hosts[(urlsplit(one.redirect_to).hostname or "").lower()] += 1

"""What a dry run shows: row by row, and all of it together, in numbers and in words. Raises nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from campaign.contacts import ListReport, Mend
from campaign.ledger.values import EnrolledRow
from campaign.model import Content, LoginLink, Message, Status
from campaign.run.continuation import Continuation
from campaign.run.message_sizes import MessageSizes

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
    sizes: MessageSizes = field(default_factory=MessageSizes)
    """How large the messages are."""
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
    queues: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Messages that something may hold back, by the name of their time zone and the domain of recipients that has
    limits; "" for none.
    """
    declined: bool = False
    """There would have been too many."""
    linkless: Counter[str] = field(default_factory=Counter)
    """Messages without their link: in the `text`, in the `html`, in all that they have (`message`)."""
    redirect_hosts: Counter[str] = field(default_factory=Counter)
    """Messages by the host that their link leads to after signing in."""

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
            self.sizes.count(one.row.contact, content, message)
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

"""One reading of the contacts file and the suppression lists, into the ledger's roster.

Raises ContactsError where a file can't be read as a whole; a fault of one row stands in that row.
"""

import contextlib
import gc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from campaign.contacts import ContactsFile, ListReport, Mend, Suppression, SuppressionLists, contact_key
from campaign.ledger.interface import ContactsLedger
from campaign.ledger.opening import open_for_enrolment
from campaign.ledger_place import Place
from campaign.model import Row
from campaign.run.loading_notes import list_facts, mended_facts, refuse_unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOrder:
    """What to read, and into which ledger."""

    ledger: Place
    contacts: ContactsFile
    suppress: tuple[Path, ...]
    digest: str
    """What tells, another time, whether the files were read as they are."""
    in_parts: bool
    """Whether others take rows from the roster while it grows."""
    strict: bool = True
    """Whether a line of a suppression list that can't be used is an error."""


def load_into(order: LoadOrder, heard: Callable[[int], None]) -> None:
    """Read the files into the ledger's roster. Raises ContactsError, LedgerError."""
    with contextlib.closing(open_for_enrolment(order.ledger)) as ledger:
        _, mended = fill(
            ledger,
            order.contacts,
            order.suppress,
            heard,
            in_parts=order.in_parts,
            strict=order.strict,
            digest=order.digest,
        )
        ledger.enrolled(order.digest, mended_facts(mended))


def fill(
    ledger: ContactsLedger,
    contacts: ContactsFile,
    suppress: tuple[Path, ...],
    heard: Callable[[int], None],
    *,
    in_parts: bool = False,
    strict: bool = False,
    digest: str = "",
) -> tuple[list[ListReport], Counter[Mend]]:
    """Read the files into the roster of an open ledger. Gives what the suppression lists held, and what was corrected
    in how many addresses. `strict`: a line of a list that can't be used is an error. `digest`: of the files, by
    which what was broken off goes on. Raises ContactsError, LedgerError.
    """
    mended: Counter[Mend] = Counter()
    chunks = contacts.rows(mended=mended)
    gc.freeze()  # pandas and all the rest stay: the collector need not look at them for every few hundred rows
    lists = SuppressionLists(suppress, email_column=contacts.email_column, lenient=not strict)

    def suppressed() -> Iterator[Suppression]:
        yield from lists.entries()
        if strict:
            refuse_unusable(lists.reports)

    def told() -> Iterator[list[Row]]:
        count = 0
        for chunk in chunks:
            yield chunk
            count += len(chunk)
            heard(count)

    ledger.enrol(
        contacts.columns,
        told(),
        suppressed(),
        contact_key,
        in_parts=in_parts,
        remember=lambda: list_facts(lists.reports),
        digest=digest,
    )
    return list(lists.reports), mended

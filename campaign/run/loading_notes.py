"""What reading the contacts file and the suppression lists has shown, kept in the ledger for every run that goes on.

`ReadingNotes` come from whoever reads (it may be another process) by way of the ledger's facts; the words come out for
a run's start and for the check. Raises ContactsError where a real send must not begin.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from campaign.contacts import ContactsFile, ListReport, Mend, to_remember
from campaign.errors import ContactsError
from campaign.ledger.interface import RunLedger

REMEMBERED = "contacts_file"
"""The fact of what opening the contacts file has shown."""
_LISTS, _MENDED = "suppression", "mended"


def list_facts(reports: Sequence[ListReport]) -> Iterator[tuple[str, str]]:
    """Give the facts to put on record once the lists have been read."""
    yield _LISTS, json.dumps([asdict(report) for report in reports])


def contacts_facts(contacts: ContactsFile) -> Iterator[tuple[str, str]]:
    """Give the fact by which the file need not be read through to be known again."""
    note = to_remember(contacts)
    if note is not None:
        yield REMEMBERED, note


def mended_facts(mended: Mapping[Mend, int]) -> Iterator[tuple[str, str]]:
    """Give the facts to put on record once the contacts file has been read."""
    yield _MENDED, json.dumps({mend.name: count for mend, count in mended.items()})


def lists_read(ledger: RunLedger) -> list[ListReport]:
    """Give what the lists held when they were last read. Raises LedgerError."""
    return [
        ListReport(**{**report, "first": tuple((line, why) for line, why in report["first"])})
        for report in json.loads(ledger.note(_LISTS) or "[]")
    ]


def addresses_mended(ledger: RunLedger) -> Counter[Mend]:
    """Give what was mended in how many addresses of the contacts file as last read. Raises LedgerError."""
    return Counter({Mend[name]: count for name, count in json.loads(ledger.note(_MENDED) or "{}").items()})


def refuse_unusable(reports: Sequence[ListReport]) -> None:
    """Raise ContactsError where a list has a line that can't be used: whoever was meant by it would be mailed."""
    bad = [report for report in reports if report.unusable]
    if not bad:
        return
    count = sum(report.unusable for report in bad)
    lines = "line of the suppression lists" if count == 1 else "lines of the suppression lists"
    raise ContactsError(
        f"{count:,} {lines} can't be used, so somebody might be mailed who must not be",
        where="; ".join(f"{report.name}, {unusable_lines(report)}" for report in bad),
        fix="correct the lines, or take them out; to send all the same, set contacts.suppress_lenient = true",
    )


def what_lists_held(ledger: RunLedger, *, strict: bool) -> list[str]:
    """Say of each list what it held. If `strict`, raises ContactsError for a line that can't be used: whoever read the
    lists may not have been.
    """
    reports = lists_read(ledger)
    if strict:
        refuse_unusable(reports)
    return [f"suppression list {in_words(report)}" for report in reports]


def in_words(report: ListReport) -> str:
    """Say what a list held."""
    entries = "1 entry" if report.entries == 1 else f"{report.entries:,} entries"
    words = f"{report.name}: {entries} read"
    if report.domains:
        words += f", {report.domains:,} of them {'a whole domain' if report.domains == 1 else 'whole domains'}"
    if report.mended:
        words += f"; {report.mended:,} corrected (invisible characters and the like)"
    if report.unusable:
        lines = "line" if report.unusable == 1 else "lines"
        words += f"; {report.unusable:,} {lines} can't be used: {unusable_lines(report)}"
    return words


def unusable_lines(report: ListReport) -> str:
    """Name the first lines of a list that can't be used."""
    named = "; ".join(f"line {line} ({why})" for line, why in report.first)
    left = report.unusable - len(report.first)
    return f"{named}; and {left:,} more" if left else named

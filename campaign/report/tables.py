"""The report's tables: statuses, reasons, and the rows that need a person. On a narrow screen, a row is a card."""

import re
from collections.abc import Sequence
from datetime import datetime

from campaign.model import Status
from campaign.pages import shown
from campaign.report.data import MAX_PEOPLE, Person, Reason, ReportData
from campaign.report.words import NEEDS_A_PERSON, ORDER, WORDS
from campaign.visible import visible_lines

# A link's token, or any parameter that carries one: a spam filter's reply may quote the message it refused.
_LINK = re.compile(r"https?://\S*?/sso\?\S+|\beyJ[\w-]{6,}(?:\.[\w-]*)*|\btoken=[^\s&]+")
_LONGEST = 400


def statuses(report: ReportData) -> str:
    """How many rows have which status."""
    rows = "".join(
        f'<tr role="row"><th scope="row" role="rowheader">{named(status)}</th>'
        f'<td class="n" role="cell">{count:,}</td>'
        f'<td class="n soft" role="cell">{_percent(count, report.total)}</td>'
        f'<td class="soft wide" role="cell">{text(WORDS[status].meaning)}</td></tr>'
        for status in ORDER
        if (count := report.counts.get(status, 0)) or status is Status.SENT
    )
    heads = _head("Status") + _head("Rows", "n") + _head("Share", "n") + _head("Meaning")
    return _table("statuses", heads, rows)


def reasons(found: Sequence[Reason], *, picture: str = "") -> str:
    """Why messages were not accepted; every row that was not is in one of the lines. `picture` stands above them."""
    if not found:
        return ""
    rows = "".join(
        f'<tr role="row"><td class="n" role="cell">{reason.count:,}</td>'
        f'<th scope="row" role="rowheader">{named(reason.status)}</th>'
        f'<td class="wide" role="cell">{f"<b>{text(reason.code)}</b> " if reason.code else ""}'
        f"<bdi>{text(_cut(reason.detail))}</bdi>{_example(reason.example)}</td></tr>"
        for reason in found
    )
    heads = _head("Rows", "n") + _head("Status") + _head("Reason")
    table = _table("reasons", heads, rows)
    return f'<section aria-labelledby="reasons"><h2 id="reasons">Why not</h2>{picture}{table}</section>'


def people(report: ReportData) -> str:
    """The first rows that somebody has to look at, and where the others are."""
    if not report.people:
        return ""
    named_here = report.people[:MAX_PEOPLE]
    total = max(len(report.people), sum(report.counts.get(status, 0) for status in NEEDS_A_PERSON))
    more = ""
    if total > len(named_here):
        command = f" To write it anew:</p><pre>{text(report.all_rows)}</pre>" if report.all_rows else "</p>"
        words = f"These are the first {len(named_here):,} of {total:,}. The results CSV has all of them."
        more = f'<p class="soft">{words}{command}'
    heads = _head("Row", "n") + _head("E-mail") + _head("Status") + _head("Reason")
    rows = "".join(map(_person, named_here))
    return (
        '<section aria-labelledby="people"><h2 id="people">Rows that need a person</h2>'
        f"{more}{_table('people', heads, rows)}</section>"
    )


def named(status: Status) -> str:
    """A status with its colour."""
    return f'<span class="swatch" style="background:var(--{status})"></span>{name(status)}'


def name(status: Status) -> str:
    """A status as it is written for people."""
    return status.value.replace("_", " ")


def moment_words(moment: datetime) -> str:
    """A moment, in its own zone."""
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M %Z}"


def text(words: str) -> str:
    """Text as HTML, without sign-in links."""
    return shown(visible_lines(_LINK.sub("[link removed]", words)))


def text_of(words: str) -> str:
    """Text of others as a person can see it, without sign-in links; not yet HTML."""
    return visible_lines(_cut(words))


def _person(person: Person) -> str:
    line = f'<span class="line">line {person.line:,}</span>' if person.line else ""
    message_id = f'<span class="id">Message-ID {text(person.message_id)}</span>' if person.message_id else ""
    return (
        f'<tr role="row"><td class="n" role="cell"><span class="label">Row </span>{person.number:,}{line}</td>'
        f'<td role="cell"><bdi>{text(person.email)}</bdi></td>'
        f'<td class="short" role="cell">{named(person.status)}</td>'
        f'<td class="wide" role="cell"><bdi>{text(_cut(person.reason))}</bdi>{message_id}</td></tr>'
    )


def _example(words: str) -> str:
    if not words:
        return ""
    return f'<span class="example">for example: <bdi>{text(_cut(words))}</bdi></span>'


def _cut(words: str) -> str:
    """A length that one reads; the links go first, so that none is cut in two and not recognised."""
    cleaned = _LINK.sub("[link removed]", words)
    return cleaned if len(cleaned) <= _LONGEST else cleaned[:_LONGEST] + "…"


def _head(words: str, kind: str = "") -> str:
    return f'<th scope="col" role="columnheader"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{words}</th>'


def _table(kind: str, heads: str, rows: str) -> str:
    """With its roles spelled out: a table that is laid out as cards is none to a screen reader any more."""
    return (
        f'<table class="cards {kind}" role="table"><thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _percent(count: int, total: int) -> str:
    """One decimal; what is not all never reads as 100.0 %, what is not nothing never as 0.0 %."""
    share = 100 * count / total if total else 0.0
    if 0 < count < total:
        share = min(max(share, 0.1), 99.9)
    return f"{share:.1f}&nbsp;%"

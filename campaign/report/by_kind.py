"""The pictures by kind: refusals by code, recipient domains, tries and how long one waited for the next.

Takes the report's numbers, gives figures as HTML; an empty string where there is nothing to draw. Raises nothing.
"""

from collections.abc import Mapping, Sequence

from campaign.model import Status
from campaign.report.data import ReportData
from campaign.report.figure import figure, present, status_legend
from campaign.report.over_time import took
from campaign.report.plot import Plot, Series, lying_bars, stacked_bars, whole_scale
from campaign.report.tables import name, text_of

_MOST_CODES = 12
_LONGEST_WIDE, _LONGEST_NARROW = 34, 15
"""Letters of a domain's name below which it is not cut."""
_TOO_LARGE = 3
"""Times as many rows as the largest domain has: more of them would leave the others no room."""
Counts = Mapping[Status, int]


def refusals(report: ReportData) -> str:
    """How many rows the server refused with which code."""
    found = report.pictures.refusals
    if not found:
        return ""
    heading = "Refusals by reply code"
    words = "Rows that are not sent, by the code of the server's last reply, or of the bounce."
    if not any(one.counts.get(Status.BOUNCED) for one in found):
        words = words.replace(", or of the bounce", "")
    if len(found) > _MOST_CODES:
        words += f" The {_MOST_CODES} commonest of {len(found)} are drawn."
    rows = [(text_of(one.code), one.counts) for one in found]
    said = "what it says most often", [text_of(one.detail) for one in found]
    return _lying(heading, words, rows[:_MOST_CODES], rows, first="Code", last=said)


def domains(report: ReportData) -> str:
    """The recipient domains with the most rows."""
    found, others = report.pictures.domains, report.pictures.other_domains
    if not found:
        return ""
    rows: list[tuple[str, Counts]] = [(text_of(one.domain) or "no address", one.counts) for one in found]
    drawn = list(rows)
    words = "Rows of the contacts file, by the domain of their address."
    if others is not None:
        if others.domains is None:
            named = "all other domains"
        else:
            named = f"{others.domains:,} other domain{'' if others.domains == 1 else 's'}"
        rows.append((named, others.counts))
        total = sum(others.counts.values())
        if total > _TOO_LARGE * max(sum(one.counts.values()) for one in found):
            words += f" Not drawn, since they would dwarf the rest: {named}, with {total:,} rows."
        else:
            drawn = list(rows)
    return section("domains", "Where to", _lying("Recipient domains", words, drawn, rows, first="Domain"))


def retries(report: ReportData) -> str:
    """Who needed more than one try, and how long the next one was waited for."""
    return section("retries", "Tries", _tries(report) + _waits(report))


def _tries(report: ReportData) -> str:
    found = report.pictures.tries
    more = [one for one in found if one.tries > 1]
    if not more:
        return ""
    once = sum(sum(one.counts.values()) for one in found if one.tries == 1)
    several = sum(sum(one.counts.values()) for one in more)
    statuses = present([one.counts for one in more])
    heading = "Rows that took more than one try"
    words = f"{several:,} {'row' if several == 1 else 'rows'}, by the tries that they took; {once:,} took one."
    plot = Plot(
        title=heading,
        description=f"{words} The table below has all of them.",
        series=_stacks(statuses, [(f"{one.tries} tries", one.counts) for one in more]),
        labels=lambda narrow: [f"{one.tries}" if narrow else f"{one.tries} tries" for one in more],
        ticks=whole_scale(max(sum(one.counts.values()) for one in more)),
    )
    told = present([one.counts for one in found])
    rows = [[f"{one.tries}", *(f"{one.counts.get(status, 0):,}" for status in told)] for one in found]
    heads = ["Tries", *map(name, told)]
    drawing = stacked_bars(plot)
    return figure(heading, words, legend=status_legend(statuses), drawing=drawing, heads=heads, rows=rows)


def _waits(report: ReportData) -> str:
    found = list(report.pictures.waits)
    while found and not found[-1].count:
        found.pop()
    total = sum(one.count for one in found)
    if not total:
        return ""
    labels = ["longer" if one.up_to is None else f"up to {took(one.up_to).replace('.0 ', ' ')}" for one in found]
    heading = "How long rows waited for their next try"
    times = "Once" if total == 1 else f"{total:,} times"
    words = f"{times}, a row was refused for the time being, and put off until a later try."
    rows = [(label, one.count) for label, one in zip(labels, found, strict=True)]
    return lying_counts(heading, words, rows, style="is-accepted", heads=("Waited", "times"))


def lying_counts(
    heading: str, words: str, rows: Sequence[tuple[str, int]], *, style: str, heads: tuple[str, str]
) -> str:
    """Draw one number for each name, one below the other."""
    labels = [label for label, _ in rows]
    plot = Plot(
        title=heading,
        description=f"{words} The table below has all of them.",
        series=[
            Series(
                style=style,
                values=[count for _, count in rows],
                said=[f"{label}: {count:,}" for label, count in rows],
            )
        ],
        labels=lambda narrow: labels,
        ticks=whole_scale(max(count for _, count in rows)),
    )
    cells = [[label, f"{count:,}"] for label, count in rows]
    return figure(heading, words, drawing=lying_bars(plot), heads=heads, rows=cells)


def _lying(
    heading: str,
    words: str,
    drawn: Sequence[tuple[str, Counts]],
    rows: Sequence[tuple[str, Counts]],
    *,
    first: str,
    last: tuple[str, Sequence[str]] | None = None,
) -> str:
    statuses = present([counts for _, counts in rows])
    plot = Plot(
        title=heading,
        description=f"{words} The table below has all of them.",
        series=_stacks(statuses, drawn),
        labels=lambda narrow: [_cut(label, _LONGEST_NARROW if narrow else _LONGEST_WIDE) for label, _ in drawn],
        ticks=whole_scale(max(sum(counts.values()) for _, counts in drawn)),
    )
    cells = [[label, *(f"{counts.get(status, 0):,}" for status in statuses)] for label, counts in rows]
    heads = [first, *map(name, statuses)]
    if last is not None:
        heads.append(last[0])
        for row, more in zip(cells, last[1], strict=True):
            row.append(more)
    return figure(
        heading,
        words,
        legend=status_legend(statuses),
        drawing=lying_bars(plot),
        heads=heads,
        rows=cells,
        ends_in_words=last is not None,
    )


def _stacks(statuses: Sequence[Status], rows: Sequence[tuple[str, Counts]]) -> list[Series]:
    return [
        Series(
            style=f"is-{status}",
            values=[counts.get(status, 0) for _, counts in rows],
            said=[f"{label}: {counts.get(status, 0):,} {name(status)}" for label, counts in rows],
        )
        for status in statuses
    ]


def section(anchor: str, heading: str, inside: str) -> str:
    """A section of the page; an empty string where nothing is inside."""
    if not inside:
        return ""
    return f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{heading}</h2>{inside}</section>'


def _cut(label: str, longest: int) -> str:
    return label if len(label) <= longest else label[: longest - 1] + "…"

"""The pictures over time: what became of the rows, how fast, and how long the server took.

Takes the report's numbers, gives figures as HTML; an empty string where there is nothing to draw. Raises nothing.
"""

import math
from collections.abc import Callable, Sequence

from campaign.model import Status
from campaign.report.data import Bar, ReportData, TimeToAccept
from campaign.report.figure import figure, present, status_legend
from campaign.report.plot import Plot, Series, lines, lying_bars, scale, stacked_bars, whole_scale
from campaign.report.tables import name
from campaign.report.time_axis import bar_labels, bar_name, moment_said, span_said
from campaign.report.words import accepted

_LABELS_WIDE, _LABELS_NARROW = 9, 4


def pictures_over_time(report: ReportData) -> str:
    """Give all of them."""
    if not report.pictures.bars:
        return ""
    return _outcomes(report) + _rate(report) + _time_to_accept(report)


def took(seconds: float) -> str:
    """Say a short length of time."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.2g} ms" if seconds < 0.01 else f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _outcomes(report: ReportData) -> str:
    bars = report.pictures.bars
    statuses = present([bar.counts for bar in bars])
    if not statuses:
        return ""
    heading = "What became of the rows, over time"
    words = f"Rows per {bar_name(report.pictures.bar_seconds)}, by the time of their last word, {_span(bars)}."
    if Status.BOUNCED in statuses:
        words += " Those that bounced stand where they were accepted."
    most = max(sum(bar.counts.values()) for bar in bars)
    plot = Plot(
        title=heading,
        description=f"{words} At most {most:,} in one bar; the table below has all of them.",
        series=[
            Series(
                style=f"is-{status}",
                values=[bar.counts.get(status, 0) for bar in bars],
                said=[f"{moment_said(bar.begins)}: {bar.counts.get(status, 0):,} {name(status)}" for bar in bars],
            )
            for status in statuses
        ],
        labels=_labels(report),
        ticks=whole_scale(most),
    )
    rows = [[_row_name(bar), *(f"{bar.counts.get(status, 0):,}" for status in statuses)] for bar in bars if bar.counts]
    heads = ["From", *map(name, statuses)]
    drawing = stacked_bars(plot)
    return figure(heading, words, legend=status_legend(statuses), drawing=drawing, heads=heads, rows=rows)


def _rate(report: ReportData) -> str:
    bars, width = report.pictures.bars, report.pictures.bar_seconds
    per_second = [accepted(bar.counts) / width for bar in bars]
    if not any(per_second) or len(bars) < 2:  # of one stretch, the average is said
        return ""
    rates, allowed = [bar.rate for bar in bars], [bar.allowed for bar in bars]
    heading = "How fast, and what limited it"
    words = [f"Messages accepted per second, averaged over {bar_name(width, one='a ')}."]
    lines_of: list[tuple[str, str, Sequence[float | None]]] = [("is-accepted", "accepted", [*per_second])]
    if any(rates):
        lines_of.append(("is-rate", "your rate", rates))
    else:
        words.append("No rate was set.")
    if any(allowed):
        lines_of.append(("is-allowed", "what throttling left", allowed))
        words.append("Where the server asked to slow down, the lowest rate of the time.")
    top = max(value for _, _, values in lines_of for value in values if value is not None)
    said = " ".join(words)
    plot = Plot(
        title=heading,
        description=f"{said} At most {_per_second(max(per_second))} a second; the table below has all of them.",
        series=[
            Series(
                style=style,
                values=values,
                said=[
                    f"{moment_said(bar.begins)}: {_per_second(value)} a second, {named}"
                    for bar, value in zip(bars, values, strict=True)
                ],
            )
            for style, named, values in lines_of
        ],
        labels=_labels(report),
        ticks=scale(top),
    )
    rows = [
        [_row_name(bar), *(_per_second(values[place]) for _, _, values in lines_of)]
        for place, bar in enumerate(bars)
        if bar.counts or bar.time_to_accept
    ]
    legend = [(style, named) for style, named, _ in lines_of]
    heads = ["From", *(named for _, named in legend)]
    return figure(heading, said, legend=legend, drawing=lines(plot), heads=heads, rows=rows)


def _time_to_accept(report: ReportData) -> str:
    pictures = report.pictures
    whole = pictures.time_to_accept
    if whole is None:
        return ""
    bars = pictures.bars
    heading = "How long the server took to accept a message"
    taken = accepted(report.counts)
    words = [
        "From when a message begins to leave until the server accepts it.",
        f"Half of the messages took no longer than about {took(whole.median)}, 95 of 100 no longer than "
        f"{took(whole.p95)}, 99 of 100 no longer than {took(whole.p99)}.",
    ]
    if whole.messages != taken:
        words.append(
            f"Measured for {whole.messages:,} messages, while {taken:,} rows are sent"
            f"{' or came back' if report.counts.get(Status.BOUNCED, 0) else ''}: a run that is killed loses the "
            "last seconds of what it measured, and earlier versions of this program measured nothing"
            f"{'; nor is there a measure for what was in doubt' if report.afterwards.recorded_at else ''}."
        )
    shares = ("median", "p95", "p99")
    times = {share: [_of(bar, share) for bar in bars] for share in shares}
    found = [value for values in times.values() for value in values if value is not None]
    said = " ".join(words)
    plot = Plot(
        title=heading,
        description=f"{said} The table below has all of them.",
        series=[
            Series(
                style=f"is-{share}",
                values=[None if value is None else math.log10(value) for value in values],
                said=[
                    "" if value is None else f"{moment_said(bar.begins)}: {_NAMES[share]} {took(value)}"
                    for bar, value in zip(bars, values, strict=True)
                ],
            )
            for share, values in times.items()
        ],
        labels=_labels(report),
        ticks=_time_scale(min(found), max(found)),
    )
    rows = [
        [_row_name(bar), f"{bar.time_to_accept.messages:,}", *(took(values[place] or 0) for values in times.values())]
        for place, bar in enumerate(bars)
        if bar.time_to_accept is not None
    ]
    legend = [(f"is-{share}", _NAMES[share]) for share in shares]
    heads = ["From", "messages", *(named for _, named in legend)]
    if len(rows) < 2:  # no line goes through one point
        return figure(heading, said, drawing=_at_once(plot, whole), heads=heads, rows=rows)
    return figure(heading, said, legend=legend, drawing=lines(plot), heads=heads, rows=rows)


def _at_once(plot: Plot, whole: TimeToAccept) -> str:
    """Draw a bar for each share of the messages."""
    found = {_NAMES[share]: float(getattr(whole, share)) for share in _NAMES}
    told = [f"{named}: {took(seconds)}" for named, seconds in found.items()]
    return lying_bars(
        Plot(
            title=plot.title,
            description=plot.description,
            series=[Series(style="is-accepted", values=list(found.values()), said=told)],
            labels=lambda narrow: [named.replace("percentile", "%") if narrow else named for named in found],
            ticks=scale(whole.p99, took),
        )
    )


_NAMES = {"median": "median", "p95": "95th percentile", "p99": "99th percentile"}


def _of(bar: Bar, share: str) -> float | None:
    return None if bar.time_to_accept is None else float(getattr(bar.time_to_accept, share))


def _time_scale(least: float, most: float) -> list[tuple[float, str]]:
    """Ticks of a logarithmic scale that has room for both: whole decades, or parts of one."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    high = max(high, low + 1)
    factors = (1,) if high - low > 2 else (1, 3)
    ticks = [
        (decade + math.log10(factor), took(10.0**decade * factor)) for decade in range(low, high) for factor in factors
    ]
    return [*ticks, (float(high), took(10.0**high))]


def _per_second(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 or not value else f"{value:.2g}"


def _labels(report: ReportData) -> Callable[[bool], list[str]]:
    begins, width = [bar.begins for bar in report.pictures.bars], report.pictures.bar_seconds
    return lambda narrow: bar_labels(begins, width, _LABELS_NARROW if narrow else _LABELS_WIDE)


def _span(bars: Sequence[Bar]) -> str:
    return span_said(bars[0].begins, bars[-1].begins)


def _row_name(bar: Bar) -> str:
    return moment_said(bar.begins)

"""The report as HTML: one function for each section, an empty string where a section has nothing to say."""

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape
from string import Template

from campaign.model import Status
from campaign.pages import asset, shown
from campaign.report.data import MAX_PEOPLE, Reason, ReportData
from campaign.report.words import NEEDS_A_PERSON, ORDER, WORDS, headline

_MAX_BARS = 120
# A link's token, or any parameter that carries one: a spam filter's reply may quote the message it refused.
_LINK = re.compile(r"https?://\S*?/sso\?\S+|\beyJ[\w-]{6,}\.[\w-]+\.[\w-]*|\btoken=[^\s&]+")


def report_html(report: ReportData) -> str:
    """Build the whole page."""
    answer, rest = headline(report.counts, report.total)
    return Template(asset("report.html")).substitute(
        css=asset("report.css"),
        campaign=_shown(report.campaign),
        headline=_shown(answer),
        rest=_shown(rest),
        note=f'<p class="note">{_shown(report.note)}</p>' if report.note else "",
        bar=_bar(report),
        statuses=_statuses(report),
        facts=_facts(report),
        rate=_rate(report.per_minute),
        reasons=_reasons(report.reasons),
        people=_people(report),
        commands=_next_steps(report),
        generated=_moment(report.generated_at),
    )


def _bar(report: ReportData) -> str:
    present = [(status, report.counts.get(status, 0)) for status in ORDER if report.counts.get(status, 0)]
    spoken = ", ".join(f"{count:,} {_name(status)}" for status, count in present) or "no rows"
    parts = "".join(f'<span style="flex:{count};background:var(--{status})"></span>' for status, count in present)
    return f'<div class="bar" role="img" aria-label="{spoken}">{parts}</div>'


def _statuses(report: ReportData) -> str:
    rows = "".join(
        f'<tr><th scope="row"><span class="swatch" style="background:var(--{status})"></span>{_name(status)}</th>'
        f'<td class="n">{count:,}</td><td class="n soft">{_percent(count, report.total)}</td>'
        f'<td class="soft meaning">{_shown(WORDS[status].meaning)}</td></tr>'
        for status in ORDER
        if (count := report.counts.get(status, 0)) or status is Status.SENT
    )
    return (
        '<table><thead><tr><th scope="col">Status</th><th scope="col" class="n">Rows</th>'
        f'<th scope="col" class="n">Share</th><th scope="col" class="meaning">Meaning</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _facts(report: ReportData) -> str:
    facts = [("Window", report.window)]
    if report.started_at:
        facts.append(("First message", _moment(report.started_at)))
    if report.finished_at:
        facts.append(("Last outcome", _moment(report.finished_at)))
    if report.started_at and report.finished_at:
        seconds = max(report.finished_at.timestamp() - report.started_at.timestamp(), 0.0)
        facts.append(("Took", _length(seconds)))
        sent = report.counts.get(Status.SENT, 0)
        if sent and seconds >= 1:
            rate, unit = (sent / seconds, "second") if sent >= 10 * seconds else (60 * sent / seconds, "minute")
            facts.append(("On average", f"{rate:,.0f} messages a {unit}"))
    return (
        "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{_shown(text)}</dd></div>" for name, text in facts if text) + "</dl>"
    )


def _rate(per_minute: Sequence[tuple[datetime, int]]) -> str:
    """Bars over time: messages a minute, each bar the mean over its minutes."""
    if not per_minute:
        return ""
    first, last = per_minute[0][0], per_minute[-1][0]
    # By timestamps: the difference of two datetimes of one zone is the wall clock's, wrong by a clock change.
    minutes = int(last.timestamp() - first.timestamp()) // 60 + 1
    width = -(-minutes // _MAX_BARS)  # minutes a bar, rounded up
    bars = [0.0] * -(-minutes // width)
    for moment, count in per_minute:
        bars[int(moment.timestamp() - first.timestamp()) // (60 * width)] += count / width
    top = max(bars) or 1.0
    shapes = "".join(
        f'<rect x="{x + 0.08:.2f}" y="{100 - 100 * bar / top:.2f}" width="0.84" height="{100 * bar / top:.2f}"/>'
        for x, bar in enumerate(bars)
        if bar
    )
    each = "minute" if width == 1 else f"minute (each bar: the mean of {width} minutes)"
    caption = f"Messages accepted per {each}; the highest bar is {top:,.0f}."
    slots = max(len(bars), 12)  # a run of one minute is a bar, not a wall
    return (
        f'<figure><figcaption>{caption}</figcaption><svg class="rate" viewBox="0 0 {slots} 100" '
        f'preserveAspectRatio="none" role="img" aria-label="{caption}">{shapes}</svg>'
        f'<div class="axis"><span>{_moment(first)}</span><span>{_moment(last) if minutes > 1 else ""}</span></div>'
        "</figure>"
    )


def _reasons(reasons: Sequence[Reason]) -> str:
    if not reasons:
        return ""
    ranked = sorted(reasons, key=lambda reason: (ORDER.index(reason.status), -reason.count))
    rows = "".join(
        f'<tr><td class="n">{reason.count:,}</td><th scope="row">{_status(reason.status)}</th>'
        f"<td>{f'<b>{_shown(reason.code)}</b> ' if reason.code else ''}<bdi>{_shown(reason.detail)}</bdi></td></tr>"
        for reason in ranked
    )
    return (
        '<section aria-labelledby="reasons"><h2 id="reasons">Why not</h2><table><thead><tr>'
        '<th scope="col" class="n">Rows</th><th scope="col">Status</th><th scope="col">Reason</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def _people(report: ReportData) -> str:
    if not report.people:
        return ""
    named = report.people[:MAX_PEOPLE]
    rows = "".join(
        f'<tr><td class="n">{person.number}</td><td class="long"><bdi>{_shown(person.email)}</bdi></td>'
        f'<td class="short">{_status(person.status)}</td><td><bdi>{_shown(person.reason)}</bdi></td>'
        f'<td class="soft small long">{_shown(person.message_id)}</td></tr>'
        for person in named
    )
    total = max(len(report.people), sum(report.counts.get(status, 0) for status in NEEDS_A_PERSON))
    more = f'<p class="soft">The first {len(named):,} of {total:,}; the results CSV has them all.</p>'
    return (
        '<section aria-labelledby="people"><h2 id="people">Rows that need a person</h2>'
        f"{more if total > len(named) else ''}"
        '<div class="scroll" role="region" aria-labelledby="people" tabindex="0">'
        '<table class="people"><thead><tr><th scope="col" class="n">Row</th>'
        '<th scope="col">E-mail</th><th scope="col">Status</th><th scope="col">Reason</th>'
        f'<th scope="col">Message-ID</th></tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _next_steps(report: ReportData) -> str:
    steps = "".join(
        f"<li><strong>{_status(status)}</strong> {_shown(WORDS[status].next_step)}</li>"
        for status in ORDER
        if report.counts.get(status, 0) and WORDS[status].next_step
    )
    commands = "".join(f"<h3>{_shown(what)}</h3><pre>{_shown(command)}</pre>" for what, command in report.commands)
    if not steps and not commands:
        return ""
    return (
        f'<section aria-labelledby="next"><h2 id="next">What to do next</h2><ul class="todo">{steps}</ul>'
        f"{commands}</section>"
    )


def _status(status: Status) -> str:
    return f'<span class="swatch" style="background:var(--{status})"></span>{_name(status)}'


def _name(status: Status) -> str:
    return status.value.replace("_", " ")


def _percent(count: int, total: int) -> str:
    """One decimal; what is not all never reads as 100.0 %, what is not nothing never as 0.0 %."""
    share = 100 * count / total if total else 0.0
    if 0 < count < total:
        share = min(max(share, 0.1), 99.9)
    return f"{share:.1f}&nbsp;%"


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _moment(moment: datetime) -> str:
    return escape(f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M %Z}")


def _shown(text: str) -> str:
    """Text as HTML, without sign-in links."""
    return shown(_LINK.sub("[link removed]", text))

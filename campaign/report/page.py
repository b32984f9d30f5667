"""The report as HTML: one function for each section, an empty string where a section has nothing to say."""

from string import Template

from campaign.pages import asset
from campaign.report.afterwards import afterwards
from campaign.report.by_kind import domains, refusals, retries
from campaign.report.data import ReportData
from campaign.report.over_time import pictures_over_time
from campaign.report.tables import moment_words, name, named, people, reasons, statuses, text
from campaign.report.words import ORDER, WORDS, accepted, headline, what_sent_means


def report_html(report: ReportData) -> str:
    """Build the whole page."""
    answer, rest = headline(report.counts, report.total, partial=report.partial)
    return Template(asset("report.html")).substitute(
        css=asset("report.css"),
        campaign=text(report.campaign),
        headline=text(answer),
        rest=text(rest),
        notes="".join(f'<p class="note">{text(note)}</p>' for note in report.notes),
        bar=_bar(report),
        statuses=statuses(report),
        facts=_facts(report),
        over_time=pictures_over_time(report),
        retries=retries(report),
        afterwards=afterwards(report),
        domains=domains(report),
        reasons=reasons(report.reasons, picture=refusals(report)),
        people=people(report),
        commands=_next_steps(report),
        generated=text(moment_words(report.generated_at)),
        what_sent_means=text(what_sent_means(settled=report.afterwards.recorded_at is not None)),
    )


def _bar(report: ReportData) -> str:
    present = [(status, report.counts.get(status, 0)) for status in ORDER if report.counts.get(status, 0)]
    spoken = ", ".join(f"{count:,} {name(status)}" for status, count in present) or "no rows"
    parts = "".join(f'<span style="flex:{count};background:var(--{status})"></span>' for status, count in present)
    return f'<div class="bar" role="img" aria-label="{spoken}">{parts}</div>'


def _facts(report: ReportData) -> str:
    facts = [("Window", report.window)]
    first, last = report.first_accepted, report.last_accepted
    if first:
        facts.append(("First message accepted", moment_words(first)))
    if last:
        facts.append(("Last message accepted", moment_words(last)))
    if first and last:
        # By timestamps: the difference of two datetimes of one zone is the wall clock's, wrong by a clock change.
        seconds = max(last.timestamp() - first.timestamp(), 0.0)
        facts.append(("Between them", _length(seconds)))
        sent = accepted(report.counts)
        if sent and seconds >= 1:
            rate, unit = (sent / seconds, "second") if sent >= 10 * seconds else (60 * sent / seconds, "minute")
            shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
            facts.append(("On average", f"{shown} messages a {unit}"))
    return (
        "<dl>"
        + "".join(f"<div><dt>{term}</dt><dd>{text(words)}</dd></div>" for term, words in facts if words)
        + "</dl>"
    )


def _next_steps(report: ReportData) -> str:
    steps = "".join(
        f"<li><strong>{named(status)}</strong> {text(WORDS[status].next_step)}</li>"
        for status in ORDER
        if report.counts.get(status, 0) and WORDS[status].next_step
    )
    commands = "".join(f"<h3>{text(what)}</h3><pre>{text(command)}</pre>" for what, command in report.commands)
    if not steps and not commands:
        return ""
    return (
        f'<section aria-labelledby="next"><h2 id="next">What to do next</h2><ul class="todo">{steps}</ul>'
        f"{commands}</section>"
    )


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

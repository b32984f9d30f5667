"""What came back after the mail server had accepted the messages: bounces, complaints, people who want no more.

Takes the report's numbers, gives a section as HTML; an empty string where nothing is on record. Raises nothing.
"""

from datetime import datetime

from campaign.model import Status
from campaign.report.by_kind import lying_counts, section
from campaign.report.data import ReportData
from campaign.report.tables import moment_words, text

_WITHIN = {60: "within a minute", 3_600: "within an hour", 86_400: "within a day", None: "later"}


def afterwards(report: ReportData) -> str:
    """Give the section."""
    came_back = report.counts.get(Status.BOUNCED, 0)
    after = report.afterwards
    if not (came_back or after.complaints or after.unsubscribed or after.recorded_at):
        return ""
    sent = report.counts.get(Status.SENT, 0)
    facts = [
        ("Came back", _share(came_back, sent + came_back, "accepted")),
        ("Complaints", _share(after.complaints, sent, "sent")),
        ("Unsubscribed", _share(after.unsubscribed, sent, "sent")),
    ]
    if after.recorded_at is not None:
        facts.append(
            ("Latest evidence", moment_words(datetime.fromtimestamp(after.recorded_at, report.generated_at.tzinfo)))
        )
    told = "".join(f"<div><dt>{term}</dt><dd>{text(words)}</dd></div>" for term, words in facts)
    return section("afterwards", "What came back", f"<dl>{told}</dl>{_how_soon(report)}")


def _share(count: int, whole: int, of: str) -> str:
    """Two decimals, since large providers count complaints by the thousand; what is not nothing never reads so."""
    if not count or not whole:
        return f"{count:,}"
    return f"{count:,}, {min(max(100 * count / whole, 0.01), 100):.2f} % of {whole:,} {of}"


def _how_soon(report: ReportData) -> str:
    found = report.afterwards.came_back_after
    rows = [(words, found.get(limit, 0)) for limit, words in _WITHIN.items()]
    while rows and not rows[-1][1]:
        rows.pop()
    if not rows:
        return ""
    total = sum(count for _, count in rows)
    messages = "The one message" if total == 1 else f"The {total:,} messages"
    return lying_counts(
        "How soon messages came back",
        f"{messages} of which the moment is known, by the time from the mail server's yes until the bounce.",
        rows,
        style=f"is-{Status.BOUNCED}",
        heads=("After it was accepted", "messages"),
    )

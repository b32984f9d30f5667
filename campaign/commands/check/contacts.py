"""The check of the contacts file and of every contact's message: what can be mailed, and what is odd about it."""

from datetime import UTC, datetime, timedelta
from functools import partial

from campaign.commands.check.findings import Findings, counted
from campaign.commands.check.links import link_notes
from campaign.commands.check.setup import Known
from campaign.console import Console
from campaign.durations import brief_duration
from campaign.ending import show_counts
from campaign.model import Status
from campaign.pipeline.beforehand import odd_about, open_contacts_of
from campaign.pipeline.reading_notes import in_words, refuse_unusable
from campaign.pipeline.rehearsal import check as rehearse
from campaign.settings import Settings

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def contacts(settings: Settings, known: Known, found: Findings) -> None:
    """The file, and every contact's message."""
    file = open_contacts_of(settings.contacts)
    delimiter = _DELIMITERS.get(file.delimiter, file.delimiter)
    found.ok("contacts", f"{file.path.name}, {file.encoding}, by {delimiter}: columns {', '.join(file.columns)}")
    for words in odd_about(file):
        found.note(words)
    if known.window is None:  # over, or not understood: the rows can be looked at all the same
        whenever = {"opens": None, "closes": None, "lasts": None, "timezone": known.timezone}
        given = settings.window.model_copy(update=whenever)
        settings = settings.model_copy(update={"window": given})
    with Console(title=settings.name) as console:
        known.seen = seen = rehearse(settings, secret=known.secret, reading=console.reading)
    for report in seen.lists:
        (found.note if report.unusable else partial(found.ok, "suppression"))(in_words(report))
    ready = seen.counts[Status.PENDING]
    found.ok("messages", f"{ready:,} can be mailed, {seen.largest:,} bytes at most")
    show_counts({word: seen.counts[word] for word in Status if word is not Status.PENDING}, found.detail)
    for line in seen.fault_lines():
        found.detail(f"  {line}")
    for mend, count in seen.mended.items():
        found.note(f"{counted(count, 'address', 'addresses')} {mend.value}")
    _advise(settings, known, ready, found)
    link_notes(settings, seen, found)
    if not settings.contacts.suppress_lenient:
        refuse_unusable(seen.lists)


def _advise(settings: Settings, known: Known, ready: int, found: Findings) -> None:
    message, rate, window = settings.message, settings.smtp.rate, known.window
    if message.unsubscribe_url is None:
        found.note(
            "message.unsubscribe_url is not set: large mailbox providers want one-click unsubscribing (RFC 8058)"
        )
    if rate and window is not None and window.closes is not None:
        needed = timedelta(seconds=ready / rate)
        if needed > window.closes - max(window.opens, datetime.now(UTC)):
            found.note(
                f"at smtp.rate {rate:g} a second this takes {brief_duration(needed)}, longer than the window: "
                "the rest will stay pending"
            )

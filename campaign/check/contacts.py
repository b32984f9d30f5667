"""The check of the contacts file and of every contact's message: what can be mailed, and what is odd about it."""

from campaign.check.content import inspection_of, tell_content
from campaign.check.findings import Findings, counted
from campaign.check.links import link_notes
from campaign.check.setup import Known
from campaign.errors import ContactsError
from campaign.model import Status
from campaign.run.continuation import wants_a_yes
from campaign.run.counts import show_counts
from campaign.run.dry_run import check as dry_run_rows
from campaign.run.loading_notes import in_words, refuse_unusable
from campaign.run.preconditions import odd_about, open_contacts_of
from campaign.settings import Settings

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def contacts(settings: Settings, known: Known, found: Findings) -> None:
    """The file, and every contact's message."""
    file = open_contacts_of(settings.contacts)
    delimiter = _DELIMITERS.get(file.delimiter, file.delimiter)
    found.ok("contacts", f"{file.path.name}, {file.encoding}, by {delimiter}: columns {', '.join(file.columns)}")
    for words in odd_about(file, servers=len(settings.servers) > 1):
        found.note(words, rule="contacts_odd")
    if known.window is None:  # over, or not understood: the rows can be looked at all the same
        whenever = dict.fromkeys(("opens", "closes", "lasts", "hours", "days"), None) | {"timezone": known.timezone}
        given = settings.window.model_copy(update=whenever)
        settings = settings.model_copy(update={"window": given})
    inspection = inspection_of(settings)
    reading = found.observer.reading
    known.seen = seen = dry_run_rows(settings, reading=reading, ledger=known.ledger, look=inspection.look)
    for report in seen.lists:
        if report.unusable:
            found.note(in_words(report), rule="suppression_unusable")
        else:
            found.ok("suppression", in_words(report))
    ready = seen.counts[Status.PENDING]
    if ready:
        html = f"; HTML: {seen.sizes.largest_html:,} at most" if seen.sizes.largest_html else ""
        found.ok("messages", f"{ready:,} can be mailed, {seen.sizes.largest:,} bytes at most{html}")
    else:
        fix = "put right what is said of its rows below, or name another file"
        found.fault(ContactsError("nobody can be mailed: there is nothing to send", where=str(file.path), fix=fix))
    show_counts({word: seen.counts[word] for word in Status if word is not Status.PENDING}, found.detail)
    for line in seen.fault_lines():
        found.detail(f"  {line}")
    for name, meant in seen.misspelt:
        found.note(
            f"the templates ask for a column {name!r}, which the file has not: everybody gets what stands for it",
            rule="column_missing",
            where="message.template",
            fix=f"did you mean {meant!r}? Or leave it, if other files have that column",
        )
    for mend, count in seen.mended.items():
        found.note(f"{counted(count, 'address', 'addresses')} {mend.value}", rule="addresses_corrected")
    if words := seen.sizes.clipped_words():
        found.note(
            words,
            rule="html_clipped",
            where="message.template, body.html",
            fix="make the HTML shorter: fewer styles repeated in each element, no images in it, less text",
        )
    if settings.message.unsubscribe_url is None:
        found.note(
            "message.unsubscribe_url is not set: large mailbox providers want one-click unsubscribing (RFC 8058)",
            rule="unsubscribe_missing",
        )
    link_notes(settings, seen, found)
    tell_content(inspection, found)
    if not settings.contacts.suppress_lenient:
        refuse_unusable(seen.lists)


def earlier(settings: Settings, known: Known, found: Findings) -> None:
    """What earlier runs have done for the contacts of this file, and whether a run would go on with it. Raises
    SettingsError where it would not.
    """
    before = known.seen.before
    if before is None:
        return
    sent, rows = before.counts[Status.SENT], sum(before.counts.values())
    found.ok("earlier", f"{sent:,} of {rows:,} sent, and not sent again; {before.due:,} left")
    goes_on = before.continuation
    if goes_on is None:
        return
    if not (before.due and goes_on.wants_yes):
        found.note(goes_on.words, rule="goes_on")
    elif found.observer.can_confirm:
        found.note(f"{goes_on.words}: send asks first, and where nobody can answer, it wants --yes", rule="goes_on")
    else:
        raise wants_a_yes(goes_on, settings)

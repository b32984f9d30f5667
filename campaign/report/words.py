"""The report's words: what each status means, what to do about it, and the answer in a sentence."""

from collections.abc import Mapping
from typing import NamedTuple

from campaign.model import Status

NEEDS_A_PERSON = (Status.BOUNCED, Status.REJECTED, Status.FAILED, Status.IN_DOUBT, Status.INVALID)
LEFT_OUT = (Status.SUPPRESSED, Status.DUPLICATE)
"""On purpose: nobody was to be mailed here."""
ORDER = (Status.SENT, Status.PENDING, *NEEDS_A_PERSON, *LEFT_OUT)


def accepted(counts: Mapping[Status, int]) -> int:
    """How many the mail server accepted, for all that is on record: also what came back since."""
    return counts.get(Status.SENT, 0) + counts.get(Status.BOUNCED, 0)


class Words(NamedTuple):
    """How the report speaks of a status."""

    one: str
    """After a 1: "1 duplicate"."""
    many: str
    """After another number: "9 duplicates"."""
    meaning: str
    next_step: str
    """Empty where there is nothing to do."""


WORDS: Mapping[Status, Words] = {
    Status.SENT: Words("sent", "sent", "The mail server accepted the message.", ""),
    Status.PENDING: Words(
        "still to be sent",
        "still to be sent",
        "Not sent yet: the window closed, or the run was stopped, first.",
        "Send again, or resend with a new window: only these rows go out.",
    ),
    Status.BOUNCED: Words(
        "bounced",
        "bounced",
        "The mail server accepted the message, and it came back: it could not be delivered.",
        "Read the reason. Correct the address with its owner and resend it, or have “campaign settle --suppress” add "
        "it to a suppression list.",
    ),
    Status.REJECTED: Words(
        "rejected",
        "rejected",
        "The mail server refused the message for good.",
        "Read the reason. Correct the address with its owner. Resend rejected rows only if the cause is gone.",
    ),
    Status.FAILED: Words(
        "failed",
        "failed",
        "Refused for the time being, until tries or window ran out.",
        "Resend: the links will be fresh. If they fail again, ask whoever runs the receiving server.",
    ),
    Status.IN_DOUBT: Words(
        "in doubt",
        "in doubt",
        "The message left, and its answer never came: it may have arrived.",
        "Have “campaign settle” read the mail server's logs, the provider's event export, and what came back as "
        "bounces: it finds what proves that a message was taken. That nothing is found proves nothing: resend only "
        "what does no harm twice.",
    ),
    Status.INVALID: Words(
        "invalid",
        "invalid",
        "Can't be mailed as the row stands.",
        "Correct the row in the contacts file, then resend.",
    ),
    Status.SUPPRESSED: Words(
        "on a suppression list", "on a suppression list", "On a suppression list: left out on purpose.", ""
    ),
    Status.DUPLICATE: Words(
        "duplicate", "duplicates", "The same address stands earlier in the file: left out on purpose.", ""
    ),
}


def headline(counts: Mapping[Status, int], total: int, *, partial: bool = False) -> tuple[str, str]:
    """Give the answer in a sentence, and what became of the others in further ones. What is left out on purpose is not
    missed. `partial`: there is more to come, so nothing is called all, or done.
    """
    left_out = sum(counts.get(status, 0) for status in LEFT_OUT)
    sent, wanted = counts.get(Status.SENT, 0), total - left_out
    rest = [*_missing(counts, wanted), *_left_out(counts)]
    if not total:
        if partial:
            return "Nothing was sent so far.", ""
        return "There was nobody to mail.", "The contacts file has no rows."
    if not wanted:
        answer = "Nothing was sent so far." if partial else "There was nobody to mail."
    elif sent == wanted and not partial:
        messages = f"All {sent:,} messages were" if sent > 1 else "The one message was"
        answer = f"{messages} accepted by the mail server."
    else:
        messages = "message" if wanted == 1 else "messages"
        were = "was" if 1 in (sent, wanted) else "were"
        so_far = "So far, " if partial else ""
        back = ""
        if counts.get(Status.BOUNCED, 0):
            back = f", and {'has' if were == 'was' else 'have'} not come back"
        answer = f"{so_far}{sent:,} of {wanted:,} {messages} {were} accepted by the mail server{back}."
    if sent == wanted and not partial:
        rest.append("Nothing is left to do.")
    return answer, " ".join(rest)


def what_sent_means(*, settled: bool) -> str:
    """Say what it does, and what it does not. `settled`: later evidence has changed something."""
    if settled:
        return (
            "“Sent” means that the mail server accepted the message, and that nothing on record shows it came back. "
            "Whether it lies in a spam folder is not known here."
        )
    return (
        "“Sent” means that the mail server accepted the message and is responsible for it. What happened after that "
        "(a bounce, a complaint, a spam folder) is not on record here."
    )


def _missing(counts: Mapping[Status, int], wanted: int) -> list[str]:
    sent, bounced, doubtful = (counts.get(one, 0) for one in (Status.SENT, Status.BOUNCED, Status.IN_DOUBT))
    missing = wanted - sent - bounced - doubtful
    listed = _listed(counts, (Status.PENDING, Status.REJECTED, Status.FAILED, Status.INVALID))
    sentences = (
        [f"{bounced:,} {'was' if bounced == 1 else 'were'} accepted, and came back: bounced."] if bounced else []
    )
    if missing:
        accepted = " accepted" if bounced else ""
        sentences.append(f"{missing:,} {'was' if missing == 1 else 'were'} not{accepted}: {listed}.")
    if doubtful:
        sentences.append(f"{doubtful:,} may have arrived: in doubt.")
    return sentences


def _left_out(counts: Mapping[Status, int]) -> list[str]:
    listed = _listed(counts, LEFT_OUT)
    return [f"Left out on purpose: {listed}."] if listed else []


def _listed(counts: Mapping[Status, int], statuses: tuple[Status, ...]) -> str:
    found = [(counts.get(status, 0), WORDS[status]) for status in statuses]
    return ", ".join(f"{count:,} {words.one if count == 1 else words.many}" for count, words in found if count)

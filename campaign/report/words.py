"""The report's words: what each status means, what to do about it, and the answer in a sentence."""

from collections.abc import Mapping
from typing import NamedTuple

from campaign.model import Status

NEEDS_A_PERSON = (Status.REJECTED, Status.FAILED, Status.IN_DOUBT, Status.INVALID)
ORDER = (Status.SENT, Status.PENDING, *NEEDS_A_PERSON, Status.SUPPRESSED, Status.DUPLICATE)


class Words(NamedTuple):
    """How the report speaks of a status."""

    counted: str
    """After a number: "9 rejected"."""
    meaning: str
    next_step: str
    """Empty where there is nothing to do."""


WORDS: Mapping[Status, Words] = {
    Status.SENT: Words("sent", "The mail server accepted the message.", ""),
    Status.PENDING: Words(
        "still to be sent",
        "Not sent yet: the window closed, or the run was stopped, first.",
        "Send again, or resend with a new window: only these rows go out.",
    ),
    Status.REJECTED: Words(
        "rejected",
        "The mail server refused for good.",
        "Read the reason. Correct the address with its owner; resend rejected rows only if the cause is gone.",
    ),
    Status.FAILED: Words(
        "failed",
        "Refused for the time being, until tries or window ran out.",
        "Resend: the links will be fresh. If they fail again, ask whoever runs the receiving server.",
    ),
    Status.IN_DOUBT: Words(
        "in doubt",
        "The message left, and its answer never came: it may have arrived.",
        "Look for the Message-ID in the mail server's log. Resend only if it is not there, or if twice does no harm.",
    ),
    Status.INVALID: Words(
        "invalid",
        "Can't be mailed as the row stands.",
        "Mend the row in the contacts file, then resend.",
    ),
    Status.SUPPRESSED: Words("on a suppression list", "On a suppression list: left out on purpose.", ""),
    Status.DUPLICATE: Words("duplicate", "The same address stands earlier in the file.", ""),
}


def headline(counts: Mapping[Status, int], total: int) -> tuple[str, str]:
    """Give the answer in a sentence, and what became of the others in a second one."""
    sent = counts.get(Status.SENT, 0)
    if not total:
        return "There was nobody to mail.", "The contacts file has no rows."
    if sent == total:
        return f"Everybody got it: {sent:,} of {total:,}.", "Nobody was left out, nothing is left to do."
    doubtful = counts.get(Status.IN_DOUBT, 0)
    others = [(status, counts.get(status, 0)) for status in ORDER[1:] if counts.get(status, 0)]
    listed = ", ".join(f"{count:,} {WORDS[status].counted}" for status, count in others if status != Status.IN_DOUBT)
    sentences = [f"{total - sent - doubtful:,} did not: {listed}."] if listed else []
    if doubtful:
        sentences.append(f"{doubtful:,} may have got it: in doubt.")
    rest = " ".join(sentences)
    if not any(status in NEEDS_A_PERSON or status is Status.PENDING for status, _ in others):
        rest += " They were left out on purpose, and nothing is left to do."
    return f"{sent:,} of {total:,} got it.", rest

"""Rows by status, in lines: how many, and what the word means."""

from collections.abc import Callable, Mapping

from campaign.evidence import LaterWords
from campaign.model import Status

MEANINGS = {
    Status.PENDING: "not sent yet",
    Status.SENT: "accepted by the SMTP server",
    Status.BOUNCED: "accepted, and came back",
    Status.REJECTED: "refused for good",
    Status.FAILED: "temporary failures until tries or window ran out",
    Status.IN_DOUBT: "left, but the server's reply never came",
    Status.INVALID: "can't be mailed as it stands",
    Status.SUPPRESSED: "on a suppression list",
    Status.DUPLICATE: "the same address stands earlier in the file",
}


def show_counts(counts: Mapping[Status, int], say: Callable[[str], object]) -> None:
    """Say one line for each status that occurs."""
    for status, count in counts.items():
        if count:
            say(f"  {status.value:<10} {count:>9,}  {MEANINGS[status]}")


def show_afterwards(after: LaterWords, say: Callable[[str], object]) -> None:
    """Say what came back from whoever got it, if anything did."""
    complaints = f"{after.complaints:,} complaint{'' if after.complaints == 1 else 's'}"
    if after.complaints or after.unsubscribed:
        say(f"what came back: {complaints}, {after.unsubscribed:,} unsubscribed")

"""The claims of one worker that are not durable yet: until one is, its body may not leave.

By attempt, since an earlier claim of the same contact may still be on its way to the disk when the next is made.
"""

from campaign.ledger.interface import Journal
from campaign.model import Attempt


class Claims:
    """What the journal was asked for, and has not said to be durable."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._latest: dict[int, Attempt] = {}

    def claim(self, attempt: Attempt) -> None:
        """Ask for the row."""
        self._latest[attempt.contact] = attempt
        self._journal.claim(attempt)

    def pending(self, contact: int) -> bool:
        """Whether a claim of the contact is not durable yet."""
        return contact in self._latest

    def forget(self, *attempts: Attempt) -> None:
        """Hear that the attempts' claims are durable, or do not matter any more."""
        latest = self._latest
        for attempt in attempts:
            if latest.get(attempt.contact) is attempt:
                del latest[attempt.contact]

"""Whose turn it is, once the rate has given leave to begin one more. Raises LedgerError."""

from campaign.ledger.interface import Journal
from campaign.model import DueRow
from campaign.worker.row_queue import Rows
from campaign.worker.send_rate import SendRate

_UNWRITTEN = 0.1
"""Seconds for which a row waits whose last outcome is not written yet."""


class Turns:
    """One worker's rows, at the rate of the run."""

    def __init__(self, rows: Rows, send_rate: SendRate, journal: Journal) -> None:
        self._rows = rows
        self._send_rate = send_rate
        self._journal = journal
        self._leave = False
        """There is leave for a message that has not begun."""

    def next(self, now: float) -> DueRow | None:
        """Give the next row that may begin. Leave for one that turned out to be no message is good for the next."""
        while (due := self._rows.next(now)) is not None:
            if self._journal.holds(due.id):
                self._rows.put_off(due, now + _UNWRITTEN)
                continue
            if not self._leave and not self._send_rate.take(now):  # another process was quicker
                self._rows.put_off(due, now)
                return None
            self._leave = True
            return due
        if self._leave:
            self._leave = False
            self._send_rate.give_back(now)
        return None

    def begun(self) -> None:
        """Hear that the row became a message."""
        self._leave = False

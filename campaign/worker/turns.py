"""Whose turn it is, once the rate, and whatever else limits what may begin, has given leave. Raises LedgerError."""

from campaign.ledger.interface import Journal
from campaign.model import DueRow
from campaign.worker.limits import Limits
from campaign.worker.row_queue import Rows
from campaign.worker.send_rate import SendRate

_UNWRITTEN = 0.1
"""Seconds for which a row waits whose last outcome is not written yet."""


class Turns:
    """One worker's rows, at the rate of the run and within its limits, if there are any."""

    def __init__(self, rows: Rows, send_rate: SendRate, journal: Journal, limits: Limits | None = None) -> None:
        self._rows = rows
        self._send_rate = send_rate
        self._journal = journal
        self._limits = limits
        self._leave = False
        """There is leave for a message that has not begun."""

    def next(self, now: float) -> DueRow | None:
        """Give the next row that may begin. Leave for one that turned out to be no message is good for the next."""
        while (due := self._rows.next(now)) is not None:
            if self._journal.holds(due.id):
                self._rows.put_off(due, now + _UNWRITTEN)
                continue
            limits = self._limits
            if not self._leave:  # what one of the two has given stays good where the other gives none yet
                self._leave = (limits is None or limits.take()) and self._send_rate.take(now)
                if not self._leave:  # another process was quicker, or the day's number is reached
                    self._rows.put_off(due, now)
                    return None
            if limits is not None and not limits.admit(due, now):
                self._rows.give_back(due)  # its queue is held from now on
                continue
            return due
        if self._limits is not None:
            self._limits.give_back(now)
        if self._leave:
            self._leave = False
            self._send_rate.give_back(now)
        return None

    def begun(self, due: DueRow) -> None:
        """Hear that the row became a message."""
        self._leave = False
        if self._limits is not None:
            self._limits.begun(due)

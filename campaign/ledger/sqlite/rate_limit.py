"""A rate of the operator's, shared by all processes of a run and remembered by the runs that follow.

One moment in the ledger says when the next message may begin (the generic cell rate algorithm of ITU-T I.371: a token
bucket without a count). Whoever begins one moves it on. So it does not matter which process holds the rows, one that
ends or dies holds nothing back, and a run that goes on right after a kill does not begin with a fresh allowance.

In no second do more messages begin than the rate says (rounded up to whole ones): messages may be late, and may be
made up for, so the moments are laid a few per cent closer together than that would allow. Moments are those of
`time.monotonic`, which the processes of a machine have in common; one from before a restart of the machine is seen to
be senseless, and set right.
There may be several, told apart by name: the campaign's, a server's, a recipient domain's. Raises LedgerError.
"""

from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.sqlite_errors import explained, transaction

_FACT = "next_message"
_LATE = 0.05
"""Seconds by which a process may be late without losing its turn."""
_BLOCK = 0.01
"""Seconds' worth of messages for which leave is taken at a time, where that is more than one: so the ledger is written
a hundred times a second at most.
"""
_KEPT = 0.02
"""Seconds for which such leave is good."""
_SENSELESS = 1.0
"""Seconds too far ahead by which a moment on record is no longer a matter of two processes' clocks."""


class SqliteRateLimit:
    """One process's view of it, over an `eager` connection. `rate`: messages a second; `name`: "" is the campaign's."""

    def __init__(self, database: SqliteConnection, rate: float, *, name: str = "") -> None:
        self.set_rate(rate)
        self._kept = 0
        self._kept_since = 0.0
        self._next = float("-inf")
        """The earliest moment for the next message, as far as this process knows."""
        self._database = database
        self._fact = f"{_FACT} {name}" if name else _FACT

    def set_rate(self, rate: float) -> None:
        """Let so many messages a second begin from now on."""
        self._spacing = (1 + _LATE + _KEPT) / rate
        self._block = max(1, int(_BLOCK / self._spacing))

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking for leave."""
        return 0.0 if self._is_good(now) else max(0.0, self._next - now)

    def take(self, now: float) -> bool:
        """Take leave to begin one message."""
        if not self._is_good(now) and not self._ask(now):
            return False
        self._kept -= 1
        return True

    def give_back(self, now: float) -> None:
        """Give back what was taken and not used, and what is left of it."""
        unused, self._kept = self._kept + 1, 0
        with transaction(self._database):
            self._write(self._read(now) - unused * self._spacing)

    def _is_good(self, now: float) -> bool:
        return self._kept > 0 and now - self._kept_since <= _KEPT

    def _ask(self, now: float) -> bool:
        """Take leave for a few messages, in place of what was not used in time."""
        if not self._kept:
            if now < self._next:
                return False
            with explained(self._database):
                moment = self._recorded(now)
            if now < moment <= self._furthest(now):  # another was quicker: nobody need wait for the lock to learn that
                self._next = moment
                return False
        with transaction(self._database):
            earliest = max(self._read(now) - self._kept * self._spacing, now - _LATE)
            due = int((now - earliest) / self._spacing) + 1 if earliest <= now else 0
            self._kept, self._kept_since = min(due, self._block), now
            self._next = earliest + self._kept * self._spacing
            self._write(self._next)
        return self._kept > 0

    def _recorded(self, now: float) -> float:
        found = self._database.execute("SELECT value FROM facts WHERE name = ?", (self._fact,)).fetchone()
        return now if found is None else float(found[0])

    def _furthest(self, now: float) -> float:
        """How far ahead a moment of this rate, and of the time since this machine was started, can lie."""
        return now + self._spacing + _SENSELESS

    def _read(self, now: float) -> float:
        """The moment for the next message. Within a transaction that writes it."""
        moment = self._recorded(now)
        return moment if moment <= self._furthest(now) else now + self._spacing

    def _write(self, moment: float) -> None:
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (self._fact, repr(moment)))

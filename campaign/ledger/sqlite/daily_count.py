"""How many messages began on a day: counted by all processes of a run, and on by the runs that follow.

A fact for each day and name: how many messages began, and for how many leave was taken. Leave is taken in blocks, so
that the ledger is not written for each message, and a block gets smaller as the day's number comes near: what one
process holds is never much of what the others could use. That a message began is written in the very transaction that
claims its row (`SqliteJournal`, which calls `write`), so that after a kill the two agree: what a killed process has
begun and not claimed never left and is not counted, and the next run drops the leave that it held (`drop_leave`).
Leave that a process held and has no use for is handed back when it closes.

Raises LedgerError. Limits: while a run goes on, leave that a killed process of it held is missing to the others, which
is at most `_BLOCK` messages and a sixteenth of what the day had left.
"""

import contextlib
from collections import Counter
from collections.abc import Mapping
from datetime import date

from campaign.errors import LedgerError
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.sqlite_errors import explained, transaction

_BLOCK = 100
"""Messages for which leave is taken at a time, at most."""
_PART = 16
"""A block is this part of what the day has left, or less."""
_PREFIX = "daily_count"
_ALL = f"{_PREFIX} *"


class SqliteDailyCount:
    """One process's view of the count `name`."""

    def __init__(self, database: SqliteConnection, name: str) -> None:
        self._database = database
        self._name = name
        self._day: date | None = None
        self._kept = 0
        """Leave for messages on `_day` that have not begun."""
        self._begun: Counter[date] = Counter()
        """Messages that the ledger does not know of yet."""
        self._returned: Counter[date] = Counter()
        """Leave given back that it does not know of yet."""

    def reserve(self, day: date, limit: int) -> bool:
        """Have leave for one message on that day, which `begin` uses; False where `limit` messages have leave."""
        return (day == self._day and self._kept > 0) or self._ask(day, limit)

    def begin(self, day: date, limit: int) -> bool:
        """Take leave for one message on that day; False where `limit` messages have leave."""
        if not self.reserve(day, limit):
            return False
        self._kept -= 1
        self._begun[day] += 1
        return True

    @property
    def asking(self) -> bool:
        """The answer is always here."""
        return False

    def has_room(self, day: date, limit: int) -> bool:
        """Whether fewer than `limit` messages have leave on that day."""
        if day == self._day and self._kept:
            return True
        with explained(self._database):
            return self._read(self._database, day)[1] < limit

    def give_back(self, day: date) -> None:
        """Give back the leave of a message that did not leave after all."""
        self._begun[day] -= 1
        if day == self._day:
            self._kept += 1
        else:
            self._returned[day] += 1

    def count(self, day: date) -> int:
        """How many messages began on that day."""
        with explained(self._database):
            return self._read(self._database, day)[0] + self._begun[day]

    def days_before(self, day: date) -> int:
        """On how many days before that one messages began."""
        with explained(self._database):
            return sum(
                one < day.isoformat() and name == self._name and began > 0
                for one, name, began, _ in all_counts(self._database)
            )

    def hand_back(self) -> None:
        """Give the others what is left of a block, where nothing is there to begin."""
        if self._day is None or not self._kept:
            return
        with transaction(self._database):  # what began is not written here: its claims are not either
            began, leave = self._read(self._database, self._day)
            self._write(self._database, self._day, began, leave - self._kept)
        self._kept = 0

    @property
    def changed(self) -> bool:
        """Whether the ledger is to be told something."""
        return any(self._begun.values()) or any(self._returned.values())

    def write(self, database: SqliteConnection) -> None:
        """Tell the ledger, within a transaction of the caller's. Once that is over, `written` is to be called."""
        for day in self._begun.keys() | self._returned.keys():
            began, leave = self._read(database, day)
            self._write(database, day, began + self._begun[day], leave - self._returned[day])

    def written(self) -> None:
        """Hear that it is on record."""
        self._begun.clear()
        self._returned.clear()

    def _ask(self, day: date, limit: int) -> bool:
        """Take leave for a few messages."""
        if day != self._day:
            self.hand_back()
            self._day = day
        with explained(self._database):
            if self._read(self._database, day)[1] >= limit:  # nobody need wait for the lock to learn that
                return False
        with transaction(self._database):
            began, leave = self._read(self._database, day)
            self._kept = min(_BLOCK, max(1, (limit - leave) // _PART)) if leave < limit else 0
            if self._kept:
                self._write(self._database, day, began, leave + self._kept)
        return self._kept > 0

    def _read(self, database: SqliteConnection, day: date) -> tuple[int, int]:
        """How many messages began, and how many have leave."""
        found = database.execute("SELECT value FROM facts WHERE name = ?", (_fact(day, self._name),)).fetchone()
        return (0, 0) if found is None else _numbers(found[0])

    def _write(self, database: SqliteConnection, day: date, began: int, leave: int) -> None:
        database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_fact(day, self._name), f"{began} {leave}"))


class SqliteDailyCounts:
    """All counts of one process, by name."""

    def __init__(self, database: SqliteConnection) -> None:
        self._database = database
        self._counts: dict[str, SqliteDailyCount] = {}
        self._writing: list[SqliteDailyCount] = []

    def of(self, name: str) -> SqliteDailyCount:
        """Give the count of this name."""
        return self._counts.setdefault(name, SqliteDailyCount(self._database, name))

    def write(self, database: SqliteConnection) -> None:
        """Tell the ledger what began, within a transaction of the caller's."""
        self._writing = [count for count in self._counts.values() if count.changed]
        for count in self._writing:
            count.write(database)

    def written(self) -> None:
        """Hear that the transaction is over, and what began is on record."""
        for count in self._writing:
            count.written()
        self._writing = []

    def close(self) -> None:
        """Hand back what is left of all blocks, and tell what was given back since the journal was closed. Raises
        nothing: where it can't be told, more seems to have begun than did, and the next run drops the leave.
        """
        with contextlib.suppress(LedgerError):
            for count in self._counts.values():
                count.hand_back()
            if any(count.changed for count in self._counts.values()):
                with transaction(self._database):
                    self.write(self._database)
                self.written()


def drop_leave(database: SqliteConnection) -> None:
    """Drop leave for messages that never began: the processes that held it are gone. In a transaction."""
    for day, name, began, leave in list(all_counts(database)):
        if leave != began:
            fact = _fact(date.fromisoformat(day), name)
            database.execute("UPDATE facts SET value = ? WHERE name = ?", (f"{began} {began}", fact))


def begun_by_day(database: SqliteConnection, name: str) -> dict[date, int]:
    """Give how many messages began on each day under that name."""
    with explained(database):
        return {date.fromisoformat(day): began for day, one, began, _ in all_counts(database) if one == name}


def keep_days(database: SqliteConnection, days: Mapping[date, int]) -> None:
    """Put on record how many messages began on days that nobody has counted. In a transaction."""
    rows = [(_fact(day, ""), f"{began} {began}") for day, began in days.items()]
    database.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?)", rows)


def all_counts(database: SqliteConnection) -> list[tuple[str, str, int, int]]:
    """Every day and name, with how many messages began, and how many had leave."""
    found = database.execute("SELECT name, value FROM facts WHERE name GLOB ?", (_ALL,)).fetchall()
    return [(*_day_and_name(fact), *_numbers(value)) for fact, value in found]


def _fact(day: date, name: str) -> str:
    return f"{_PREFIX} {day.isoformat()} {name}".rstrip()


def _day_and_name(fact: str) -> tuple[str, str]:
    day, _, name = fact.removeprefix(f"{_PREFIX} ").partition(" ")
    return day, name


def _numbers(value: str) -> tuple[int, int]:
    began, _, leave = value.partition(" ")
    return int(began), int(leave)

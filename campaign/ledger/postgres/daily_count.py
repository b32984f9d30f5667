"""How many messages began on a day, as one worker counts them: with leave that is fetched ahead, in blocks.

The rules are those of SQLite's (`campaign/ledger/sqlite/daily_count.py`): leave is taken in blocks that get smaller as
the day's number comes near, and what began is written in the very transaction that claims its row. Here leave comes in
a thread (`fetch_ahead`): until it is there, `asking` says so. What a worker has begun is in rows of its own, so that
rounds do not wait for each other.

Leave of a worker that is called lost goes to the others at once (`daily_record.free_shares`). It uses none where the
database has not been heard of for a lease; and once it hears, within a second, that it was called lost
(`worker.losses`) it has none any more, and owes for what is begun and not on record. Raises LedgerError.

Limits: in that second it may begin what others have leave for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from campaign.errors import LedgerError
from campaign.ledger.database import PATIENCE
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.daily_record import DailyChange, Wanted, exchange, statements
from campaign.ledger.postgres.fetch_ahead import FetchAhead

_REFRESH = 1.0
"""Seconds after which the others' counts are read again."""
_IDLE = 0.25
"""Seconds after which leave that nobody needs is given back."""
_REFUSED = 0.2
"""Seconds after which to ask again where this worker is called lost."""
_NEVER = float("inf")


class PostgresDailyCount:
    """One worker's view of the count `name`. What loop and thread have in common is touched with `changed` held."""

    def __init__(self, ahead: FetchAhead, name: str, *, lease: float) -> None:
        self.name = name
        self._ahead = ahead
        self._lease = lease
        self._day: date | None = None
        self._kept = 0
        """Leave for messages on `_day` that have not begun; below 0: leave owed for some that have."""
        self._wanted: tuple[date, int] | None = None
        """For which day and limit leave is to be asked for."""
        self._asked: tuple[date, int] | None = None
        """For which it is being asked."""
        self._refused_until = -_NEVER
        self._asking = False
        self._reserved: date | None = None
        """The day for which `reserve` has given leave that is not used: what is begun by it counts, whatever has become
        of this worker's leave since.
        """
        self._idle_since = _NEVER
        self._returning: Counter[date] = Counter()
        """Leave that the thread is to give back."""
        self._begun: Counter[date] = Counter()
        self._returned: Counter[date] = Counter()
        """What no round has carried yet."""
        self._own: Counter[date] = Counter()
        """All that this worker has begun."""
        self.others: dict[date, int] = {}
        self.taken: dict[date, int] = {}
        """What all others have begun, and for how many anybody has leave, as of the last answer."""
        self.heard_at = -_NEVER
        """When the question was sent that was answered last."""

    def reserve(self, day: date, limit: int) -> bool:
        """Have leave for one message on that day, which `begin` uses; False where there is none, or none yet."""
        self._ahead.check()
        with self._ahead.changed:
            self._idle_since = _NEVER
            if day != self._day:
                self._drop_kept()
                self._day = day
            self._asking = False
            sure = self._ahead.clock() < self.heard_at + self._lease
            if self._kept > 0 and sure:
                self._reserved = day
                return True
            self._asking = not sure or self.taken.get(day, 0) < limit
            if self._asking and self._kept <= 0 and (day, limit) not in (self._wanted, self._asked):
                self._wanted = (day, limit)
                self._ahead.notify()
            return False

    def begin(self, day: date, limit: int) -> bool:
        """Take leave for one message on that day; False where there is none, or none yet."""
        if day != self._reserved and not self.reserve(day, limit):
            return False
        with self._ahead.changed:
            self._reserved = None
            self._kept -= 1
            self._begun[day] += 1
            self._own[day] += 1
        return True

    @property
    def asking(self) -> bool:
        """Whether the last `reserve` or `begin` gave no leave only since the answer has not come yet."""
        return self._asking

    def has_room(self, day: date, limit: int) -> bool:
        """Whether fewer than `limit` messages have leave on that day, as far as is known."""
        with self._ahead.changed:
            return (day == self._day and self._kept > 0) or self.taken.get(day, 0) < limit

    def give_back(self, day: date) -> None:
        """Give back the leave of a message that did not leave after all."""
        with self._ahead.changed:
            self._begun[day] -= 1
            self._own[day] -= 1
            if day == self._day:
                self._kept += 1
            else:
                self._returned[day] += 1

    def count(self, day: date) -> int:
        """How many messages began on that day."""
        return self.others.get(day, 0) + self._own[day]

    def days_before(self, day: date) -> int:
        """On how many days before that one messages began."""
        days = {one for one, began in self.others.items() if began > 0} | {one for one, n in self._own.items() if n > 0}
        return sum(one < day for one in days)

    def hand_back(self) -> None:
        """Give the others what is left of a block, unless it is needed after all within a moment."""
        self._reserved = None
        with self._ahead.changed:
            if self._kept > 0 and self._idle_since == _NEVER:
                self._idle_since = self._ahead.clock()
                self._ahead.notify()

    # What a round carries.

    def take_changes(self) -> Iterable[DailyChange]:
        """Give what no round has carried yet."""
        with self._ahead.changed:
            begun, self._begun = self._begun, Counter()
            returned, self._returned = self._returned, Counter()
        for day in begun.keys() | returned.keys():
            if begun[day] or returned[day]:
                yield DailyChange(day, self.name, begun[day], -returned[day])

    def believe(self, leave: Mapping[date, int]) -> None:
        """Have the leave that is on record, no more and no less: it may be owed for some that have begun."""
        if self._day is not None:
            self._kept = leave.get(self._day, 0) - self._own[self._day]
        self._returning.clear()

    # What the thread does, with `changed` held.

    def due(self) -> float:
        """Give the moment at which there is something to ask."""
        if self._wanted is not None or self._returning:
            return self._refused_until
        return min(self._idle_since + _IDLE, self.heard_at + _REFRESH)

    def request(self) -> tuple[Wanted | None, Counter[date]]:
        """Give what is to be asked for, and the leave to give back by day: from here on it counts as given back,
        whatever becomes of the answer.
        """
        if self._ahead.clock() >= self._idle_since + _IDLE:
            self._idle_since = _NEVER
            self._drop_kept()
        returning, self._returning = self._returning, Counter()
        wanted, self._wanted = self._wanted, None
        self._asked = wanted
        return None if wanted is None else Wanted(*wanted, max(0, -self._kept)), returning

    def answer(self, asked: Wanted | None, granted: int | None) -> bool:
        """Take in what was granted; None: this worker is called lost, and has to come back first. Gives whether
        somebody waits for it.
        """
        self._asked = None
        if asked is None:
            return False
        if granted is None:
            self._refused_until = self._ahead.clock() + _REFUSED
            return False
        if asked.day == self._day:
            self._kept += granted
        elif granted:
            self._returning[asked.day] += granted
        return True

    def _drop_kept(self) -> None:
        if self._day is not None and self._kept > 0:
            self._returning[self._day] += self._kept
            self._kept = 0


class PostgresDailyCounts:
    """All counts of one worker, by name: a part of `FetchAhead`."""

    def __init__(self, ahead: FetchAhead, worker: int, *, lease: float) -> None:
        self._ahead = ahead
        self._worker = worker
        self._lease = lease
        self._losses: int | None = None
        """How often this worker was called lost; None: not known yet, or an answer has not come."""
        self._counts: dict[str, PostgresDailyCount] = {}

    def of(self, name: str) -> PostgresDailyCount:
        """Give the count of this name, once it knows of the days before."""
        if name not in self._counts:
            with self._ahead.changed:
                made = self._counts[name] = PostgresDailyCount(self._ahead, name, lease=self._lease)
            if len(self._counts) == 1:
                self._ahead.add(self)
            self._ahead.notify()
            if not self._ahead.wait_for(lambda: made.heard_at > -_NEVER, PATIENCE):
                raise LedgerError(
                    "the database does not answer", where="the day's count", fix="check whether its server runs"
                )
        return self._counts[name]

    def take_changes(self) -> list[DailyChange]:
        """Give what no round has carried yet."""
        return [change for count in self._counts.values() for change in count.take_changes()]

    def due(self) -> float:
        """Give the moment at which there is something to ask."""
        return min(count.due() for count in self._counts.values())

    def ask(self, database: PostgresConnection) -> bool:
        """Ask for leave, give some back, and read what the others have begun."""
        sent = self._ahead.clock()
        with self._ahead.changed:
            counts = dict(self._counts)
            requests = {name: count.request() for name, count in counts.items()}
        losses, self._losses = self._losses, None
        answer = exchange(database, self._worker, requests)
        with self._ahead.changed:
            self._losses = answer.losses
            waited = [count.answer(requests[name][0], answer.granted.get(name)) for name, count in counts.items()]
            for name, count in counts.items():
                count.others, count.taken, count.heard_at = answer.others[name], answer.taken[name], sent
                if losses != answer.losses:
                    count.believe(answer.leave[name])
        return any(waited)

    def leave(self, database: PostgresConnection) -> None:
        """Put on record what no round has carried, and drop the leave that is left."""
        with database.raw.transaction():
            for statement in statements(self._worker, self.take_changes()):
                database.raw.execute(statement.sql, statement.parameters)
            database.raw.execute("UPDATE daily_count SET leave = began WHERE worker = %s", (self._worker,))

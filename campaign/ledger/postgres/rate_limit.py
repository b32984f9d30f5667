"""A rate of the operator's, shared by all workers of a run, wherever they are, and by the runs that follow.

The table `rate` says when the next message may begin, by the database's clock (the generic cell rate algorithm of ITU-T
I.371). A worker that has something to begin fetches slots for the next quarter of a second, ahead of need and only as
many as it is about to use (`fetch_ahead`): each is one message's, from a moment on, for a few hundredths of a second.
So no message waits for the database, and nobody holds much that others could use. What is fetched and not used is
given back where nobody has fetched after it.

In no second do more messages begin than the rate says (rounded up to whole ones): slots are laid a few per cent closer
together than their being late would allow, and what is not known for sure of the database's clock (`database_clock`)
counts as being late. There may be several rates, told apart by name. Raises LedgerError.

Limits: a worker that hears the database's answers later than after a twentieth of a second at best is not sure enough
of its clock for that, and may be late by so much more. Where the database's clock is set forward, slots are lost; where
it is set back by less than a second, nothing begins for as long.
"""

from collections import deque
from typing import Any

from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.database_clock import DatabaseClock
from campaign.ledger.postgres.fetch_ahead import FetchAhead

_LATE = 0.07
"""Seconds for which a slot is good."""
_LEAST_LATE = 0.02
"""The same, where nobody knows the database's clock well enough."""
_AHEAD = 0.25
"""Seconds for which slots are fetched ahead."""
_GAP = 0.05
"""Seconds between two requests, where there was less than was asked for."""
_POLL = 0.02
"""Seconds after which it is worth looking again, while a request is under way."""
_LOOK_AGAIN = 1.0
"""Seconds after which to see whether others have given slots back."""
_LEAST_REQUEST, _LARGEST_REQUEST = 2, 100_000
_SENSELESS = 1.0
"""Seconds too far ahead by which a moment on record is none of this rate's."""
_NEVER = float("inf")

_FETCH = """
UPDATE rate SET (first, given, next) = (
    SELECT f, n, f + n * %(spacing)s FROM (
        SELECT f, greatest(0, least(%(most)s, floor((m + %(ahead)s - f) / %(spacing)s) + 1)) AS n FROM (
            SELECT m, greatest(m, CASE WHEN b > m + %(spacing)s + %(senseless)s THEN m + %(spacing)s ELSE b END) AS f
            FROM (SELECT extract(epoch FROM statement_timestamp())::float8 + %(lead)s AS m,
                         CASE WHEN rate.next = %(end)s THEN %(unused)s ELSE rate.next END AS b) AS now
        ) AS start) AS part)
WHERE name = %(name)s RETURNING first, given, extract(epoch FROM statement_timestamp())::float8
"""
"""`m`: now, and the time that the answer needs; `b`: what is on record; `f`: the first slot; `n`: how many."""


class _Slots:
    """Slots that follow each other, from `first` on, by the database's clock."""

    def __init__(self, first: float, spacing: float, count: int) -> None:
        self.first, self.spacing, self.count = first, spacing, count

    @property
    def end(self) -> float:
        """Where the next one would be: reckoned as the database does, so that it is equal to what that has."""
        return self.first + self.count * self.spacing

    def drop(self, number: int) -> None:
        """Take off the first ones."""
        self.first += number * self.spacing
        self.count -= number


class PostgresRateLimit:
    """One worker's view of it: a part of `FetchAhead`. `rate`: messages a second; `name`: "" is the campaign's."""

    def __init__(self, ahead: FetchAhead, rate: float, *, name: str, database_clock: DatabaseClock) -> None:
        self._ahead = ahead
        self._name = name
        self._clock = database_clock
        self._stock: deque[_Slots] = deque()
        self._taken: tuple[float, float] | None = None
        """The slot that was taken last, and its spacing."""
        self._unused: float | None = None
        """The first slot of those that were not used in time and that no later one of ours follows that was."""
        self._end: float | None = None
        """Where our last slot ends."""
        self._request = _LEAST_REQUEST
        self._used = 0
        self._counted_from = 0.0
        """How many slots were used since a moment."""
        self._use = 0.0
        """How many a second were used in the stretch of time before."""
        self._demanded = False
        self._ask_at = -_NEVER
        self._is_there = False
        self._spacing = 0.0
        self.set_rate(rate)
        ahead.add(self)

    def set_rate(self, rate: float) -> None:
        """Let so many messages a second begin from now on, but for those whose slots have been fetched."""
        before, self._spacing = self._spacing, (1 + _LATE) / rate
        if self._spacing < before:
            with self._ahead.changed:
                self._ask_at = min(self._ask_at, self._ahead.clock() + _GAP)
                self._ahead.notify()

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking for leave."""
        with self._ahead.changed:
            self._drop_late(now)
            if self._stock:
                return max(0.0, self._clock.surely_reached(self._stock[0].first) - now)
            self._demand()
            return max(_POLL, self._ask_at - now)

    def take(self, now: float) -> bool:
        """Take leave to begin one message."""
        self._ahead.check()
        with self._ahead.changed:
            self._drop_late(now)
            if not self._stock:
                self._demand()
                return False
            slots = self._stock[0]
            if now < self._clock.surely_reached(slots.first):
                return False
            self._taken, self._unused = (slots.first, slots.spacing), None
            self._pop(1)
            self._used += 1
            if not self._stock or self._clock.surely_reached(self._stock[-1].end) < now + _AHEAD / 2:
                self._demand()
            return True

    def give_back(self, now: float) -> None:
        """Give back what was taken and not used: it is good for as long as it was."""
        with self._ahead.changed:
            if self._taken is not None:
                self._stock.appendleft(_Slots(*self._taken, 1))
                self._taken = None
                self._used -= 1
                self._drop_late(now)
                self._ahead.notify()

    # What the thread does.

    def due(self) -> float:
        """Give the moment at which there is something to ask: slots, or to give back what nobody uses."""
        if self._demanded:
            return self._ask_at
        if self._unused is not None:
            return -_NEVER
        return self._until(self._stock[-1].end - self._stock[-1].spacing) if self._stock else _NEVER

    def ask(self, database: PostgresConnection) -> bool:
        """Fetch slots, and give back those that were not used in time."""
        raw = database.raw
        if not self._is_there:
            raw.execute("INSERT INTO rate (name, next) VALUES (%s, 0) ON CONFLICT DO NOTHING", (self._name,))
            self._is_there = True
        question = self._question()
        sent = self._ahead.clock()
        row: Any = raw.execute(_FETCH, question).fetchone()
        came = self._ahead.clock()
        assert row is not None
        first, given, moment = row
        with self._ahead.changed:
            self._clock.heard(sent, moment, came)
            if given:
                self._stock.append(_Slots(first, question["spacing"], given))
                self._end, self._unused = self._stock[-1].end, None
            if given < question["most"]:
                after = first + given * question["spacing"]
                self._ask_at = max(came + _GAP, min(came + _LOOK_AGAIN, self._clock.surely_reached(after) - _AHEAD))
            else:
                self._ask_at = came + (_GAP if len(self._stock) > 1 else 0.0)
        return bool(given)

    def leave(self, database: PostgresConnection) -> None:
        """Give back what was not used."""
        self._demanded = False
        if self._stock:
            self._unused = self._stock[-1].first
            self._stock.clear()
        if self._unused is not None:
            database.raw.execute(_FETCH, self._question())

    def _question(self) -> dict[str, Any]:
        with self._ahead.changed:
            now = self._ahead.clock()
            self._drop_late(now)
            wanted = self._how_many(now) if self._demanded else 0
            end, unused = (self._end, self._unused) if self._unused is not None else (None, None)
            self._demanded, self._unused = False, None
            return {
                "name": self._name,
                "spacing": self._spacing,
                "most": wanted,
                "ahead": _AHEAD,
                "lead": min(_LATE, self._clock.unsure),
                "senseless": _SENSELESS,
                "end": end,
                "unused": unused,
            }

    def _how_many(self, now: float) -> int:
        """Say for how many slots to ask: half as many again as are used in the time for which they are fetched; twice
        as many as the last time, where those are used up.
        """
        if now - self._counted_from >= _GAP:
            self._use = self._used / (now - self._counted_from)
            self._used, self._counted_from = 0, now
        wanted = int(1.5 * _AHEAD * self._use) + _LEAST_REQUEST - sum(slots.count for slots in self._stock)
        if not self._stock:
            wanted = max(wanted, 2 * self._request)
        self._request = min(max(_LEAST_REQUEST, wanted), _LARGEST_REQUEST)
        return self._request

    def _demand(self) -> None:
        if not self._demanded:
            self._demanded = True
            self._ahead.notify()

    def _until(self, moment: float) -> float:
        """Give the monotonic moment after which a slot is no good any more."""
        late = self._clock.perhaps_reached(moment) + _LATE
        return max(late, self._clock.surely_reached(moment) + _LEAST_LATE)

    def _drop_late(self, now: float) -> None:
        """Drop the slots that were not used in time."""
        while self._stock and self._until(self._stock[0].first) < now:
            slots = self._stock[0]
            if len(self._stock) == 1 and self._unused is None:
                self._unused = slots.first
            self._pop(min(slots.count, 1 + int((now - self._until(slots.first)) / slots.spacing)))

    def _pop(self, number: int) -> None:
        slots = self._stock[0]
        slots.drop(number)
        if not slots.count:
            self._stock.popleft()

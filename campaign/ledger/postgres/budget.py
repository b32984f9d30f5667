"""One worker's shares of whole numbers that all workers of a run have together (`shares` has the rule).

Twice a second, and as soon as it matters, the worker tells what it holds and wants, and hears its share, of all its
budgets at once (`fetch_ahead`). It holds the greater of what it may use, as far as its loop has heard, and of what it
has in use: so a lowered share counts as free only when the loop has seen it and connections are closed.
What is free is reckoned in the database, within the lock; the target is reckoned from what stood there just before, and
may be a moment late.
A worker that the database has not answered for a whole lease, or that was called lost, has a share of 0.
"""

from typing import Any

from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.fetch_ahead import FetchAhead
from campaign.ledger.postgres.locks import SHARES_LOCK
from campaign.ledger.postgres.shares import Holder, targets

_EVERY, _SOON = 0.5, 0.05
"""Seconds between two exchanges: as a rule, and where somebody waits for it."""
_WISH = 2.0
"""Seconds for which it is believed that so many are wanted."""
_FIRST_ANSWER = 5.0
"""Seconds for which a worker that begins waits for its first share."""
_NEVER = float("inf")
_TELL = """
INSERT INTO budget (name, worker, share, used, wanted)
SELECT name, %(me)s, granted, greatest(held, granted), wanted
FROM unnest(%(names)s::text[], %(targets)s::int[], %(mosts)s::int[], %(held)s::int[], %(wanted)s::int[])
        AS told (name, target, most, held, wanted),
    LATERAL (SELECT greatest(0, least(target, most - coalesce(sum(used), 0)))::int AS granted FROM budget
        WHERE budget.name = told.name AND worker <> %(me)s) AS others
WHERE EXISTS (SELECT 1 FROM worker WHERE number = %(me)s AND state = 'working')
ON CONFLICT (name, worker) DO UPDATE SET share = excluded.share, used = excluded.used, wanted = excluded.wanted
RETURNING name, share
"""
"""A share is its target, or what nobody else holds, whichever is less."""


class PostgresBudget:
    """One worker's share of `most`."""

    def __init__(self, ahead: FetchAhead, name: str, most: int, *, lease: float) -> None:
        self.name, self.most = name, most
        self._ahead = ahead
        self._lease = lease
        self._share = self._seen = self._heeded = 0
        """The share; as the loop has read it last; as it has acted on."""
        self._used = 0
        self._wanted, self._wanted_at = most, ahead.clock()
        self.told = Holder(0, 0)
        self.heard_at = -_NEVER
        """When the question was sent whose answer the share rests on."""

    @property
    def share(self) -> int:
        """How many this worker may have just now."""
        held = self._share if self._ahead.clock() < self.heard_at + self._lease else 0
        self._seen = held
        return held

    def want(self, number: int) -> None:
        """Say how many it could use. Holds for two seconds; after that it is what it has in use."""
        number = min(number, self.most)
        self._wanted_at = self._ahead.clock()
        if number != self._wanted:
            self._wanted = number
            if self._is_pressing():
                self._ahead.notify()

    def use(self, number: int) -> None:
        """Say how many it has in use, having acted on the share that it has read last."""
        if number == self._used and self._seen == self._heeded:
            return
        self._used, self._heeded = number, self._seen
        if self._is_pressing():
            self._ahead.notify()

    # What the thread does.

    def holder(self) -> Holder:
        """Give what is to be told."""
        fresh = self._ahead.clock() < self._wanted_at + _WISH
        wanted = self._wanted if fresh else self._used  # what is open and idle is kept only while nobody else wants it
        return Holder(max(self._share, self._heeded, self._used), wanted)

    def due(self, last: float) -> float:
        """Give the moment at which there is something to tell, where the last time was `last`."""
        return last + (_SOON if self._is_pressing() else _EVERY)

    def heard(self, share: int, told: Holder, moment: float) -> bool:
        """Take in the answer. Gives whether the share is another."""
        changed, self._share = share != self._share, share
        self.told, self.heard_at = Holder(max(told.held, share), told.wanted), moment
        return changed

    def _is_pressing(self) -> bool:
        """Whether others, or this worker, wait for what is to be told."""
        now = self.holder()
        return now.held < self.told.held or (now.wanted > self._share and now.wanted != self.told.wanted)


class BudgetExchange:
    """All budgets of one worker, by name: a part of `FetchAhead`."""

    def __init__(self, ahead: FetchAhead, worker: int, *, lease: float) -> None:
        self._ahead = ahead
        self._worker = worker
        self._lease = lease
        self._budgets: dict[str, PostgresBudget] = {}
        self._last = -_NEVER

    def of(self, name: str, most: int) -> PostgresBudget:
        """Give the share of the number of this name, once there is an answer, or has been none for seconds."""
        if name not in self._budgets:
            with self._ahead.changed:
                made = self._budgets[name] = PostgresBudget(self._ahead, name, most, lease=self._lease)
                self._last = -_NEVER
            if len(self._budgets) == 1:
                self._ahead.add(self)
            self._ahead.notify()
            self._ahead.wait_for(lambda: made.heard_at > -_NEVER, _FIRST_ANSWER)
        return self._budgets[name]

    def due(self) -> float:
        """Give the moment at which there is something to ask."""
        return min(budget.due(self._last) for budget in self._budgets.values())

    def ask(self, database: PostgresConnection) -> bool:
        """Tell what this worker holds and wants of all of them, and hear its shares."""
        sent = self._ahead.clock()
        with self._ahead.changed:
            self._last = sent
            budgets = {name: (budget, budget.holder()) for name, budget in self._budgets.items()}
        others = self._others(database, list(budgets))
        target = {
            name: targets(budget.most, {**others[name], self._worker: told})[self._worker]
            for name, (budget, told) in budgets.items()
        }
        question = {
            "me": self._worker,
            "names": list(budgets),
            "targets": list(target.values()),
            "mosts": [budget.most for budget, _ in budgets.values()],
            "held": [told.held for _, told in budgets.values()],
            "wanted": [told.wanted for _, told in budgets.values()],
        }
        with database.raw.pipeline(), database.raw.transaction():
            database.raw.execute(SHARES_LOCK)
            answer = database.raw.execute(_TELL, question)
        shares: dict[str, int] = dict(answer.fetchall())
        with self._ahead.changed:
            heard = [budget.heard(shares.get(name, 0), told, sent) for name, (budget, told) in budgets.items()]
        return any(heard)

    def leave(self, database: PostgresConnection) -> None:
        """Leave all to the others: whatever was in use is closed."""
        database.raw.execute("DELETE FROM budget WHERE worker = %s", (self._worker,))

    def _others(self, database: PostgresConnection, names: list[str]) -> dict[str, dict[int, Holder]]:
        found: dict[str, dict[int, Holder]] = {name: {} for name in names}
        rows: Any = database.raw.execute(
            "SELECT name, worker, used, wanted FROM budget WHERE name = ANY(%s) AND worker <> %s", (names, self._worker)
        )
        for name, worker, used, wanted in rows:
            found[name][worker] = Holder(used, wanted)
        return found

"""A connection that is opened again whenever it breaks, for a thread that can wait: work in, what it gives out.

Work that may have been done although its answer was lost must be such that it can go again: whoever gives it sees to
that. What does not pass (`errors.is_passing`), and what has not passed after a long patience, is raised as LedgerError.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg

from campaign.ledger.postgres.errors import explain, is_passing
from campaign.ledger.postgres.lease import NOT_FOR_LONGER
from campaign.ledger.postgres.session import connect_plainly
from campaign.ledger_place import DatabasePlace

Raw = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

PATIENCE = 900.0
"""Seconds for which a database that can't be reached is waited for."""
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0
"""Seconds between two tries: each is twice as long as the one before."""
BY_KEY = (
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET plan_cache_mode = force_generic_plan",
)
"""Each row is looked up by its key, though tables looked empty, or arrays long, when a statement was planned; and it is
planned once: that would cost more than most of what a round does.
"""
SWIFT = ("SET synchronous_commit = off",)
"""For what a crash of the server may take back: it can only come to what was before (manual, "Asynchronous Commit")."""
IN_ORDER = (*SWIFT, *BY_KEY, "SET enable_bitmapscan = off", "SET enable_sort = off")
"""For rows that are taken in the roster's order: by the key, and no more of them than are wanted. How many are due the
planner can't guess, and took every row that was left to sort it.
"""


class Trouble:
    """What is wrong with the ways to the database, "" where nothing is: for one worker's connections together."""

    def __init__(self) -> None:
        self._words: dict[object, str] = {}

    @property
    def words(self) -> str:
        """What the first that is in trouble says."""
        return next(iter(list(self._words.values())), "")

    def tell(self, whose: object, words: str) -> None:
        """Hear how one fares."""
        if words:
            self._words[whose] = words
        else:
            self._words.pop(whose, None)


class ReconnectingConnection:
    """One thread's. It opens at the first work."""

    def __init__(
        self,
        place: DatabasePlace,
        *,
        settings: Sequence[str],
        trouble: Trouble,
        patience: float = PATIENCE,
        broke: Callable[[], None] = lambda: None,
    ) -> None:
        """`settings`: statements for each new connection. `broke` hears of each failure."""
        self.patience = patience
        self._place = place
        self._settings = settings
        self._trouble = trouble
        self._broke = broke
        self._raw: Raw | None = None
        self._ended = threading.Event()

    def do(self, work: Callable[[Raw], T]) -> T:
        """Do the work, over another connection where this one breaks. Raises LedgerError."""
        since: float | None = None
        wait = _FIRST_WAIT
        while True:
            try:
                given = work(self._open())
            except psycopg.Error as error:
                self._let_go()
                self._broke()
                now = time.monotonic()
                since = now if since is None else since
                explained = explain(error, self._place)
                if not is_passing(error) or now - since > self.patience or self._ended.is_set():
                    raise explained from None
                self._trouble.tell(self, explained.what)
            else:
                if since is not None:
                    self._trouble.tell(self, "")
                return given
            self._ended.wait(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    def hurry(self) -> None:
        """Wait no more: what does not succeed at once is raised. From any thread."""
        self._ended.set()

    def close(self) -> None:
        """Let go of it."""
        self._let_go()
        self._trouble.tell(self, "")

    def _open(self) -> Raw:
        if self._raw is None:
            raw = connect_plainly(self._place)
            try:
                for statement in (NOT_FOR_LONGER, *self._settings):
                    raw.execute(statement)
            except BaseException:
                raw.close()
                raise
            self._raw = raw
        return self._raw

    def _let_go(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None

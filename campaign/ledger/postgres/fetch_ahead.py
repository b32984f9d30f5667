"""The thread of a worker in which it asks the database for its part of what all workers share, ahead of need.

    a part says when it has something to ask (`due`) ─▶ the thread asks (`ask`) ─▶ `wake`: the worker looks again

So the worker's loop never waits for the database. What parts and loop have in common is touched with `changed` held,
which the thread never holds while it talks. Where the connection breaks, another is opened, with ever longer pauses up
to a second, for as long as it takes: nothing is had meanwhile, and whoever writes claims and outcomes tells of it.
What is no passing fault is raised by the next `check`: LedgerError.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Protocol

import psycopg

from campaign.errors import LedgerError
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.errors import explain, is_passing
from campaign.ledger.postgres.lease import NOT_FOR_LONGER
from campaign.ledger_place import DatabasePlace

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
"""Seconds before another connection is tried."""
_FAREWELL = 5.0
"""Seconds for which the end waits for the thread."""


class Part(Protocol):
    """What is asked for."""

    def due(self) -> float:
        """Give the monotonic moment at which it has something to ask; infinity: nothing. `changed` is held."""

    def ask(self, database: PostgresConnection) -> bool:
        """Ask, and take in the answer. Gives whether the worker should look again. Raises psycopg's errors."""

    def leave(self, database: PostgresConnection) -> None:
        """Give back what this worker has, which is at its end. Raises psycopg's errors."""


class FetchAhead:
    """One worker's. `wake` is called in the thread. Thread and connection are there once there is a part."""

    def __init__(
        self, place: DatabasePlace, *, wake: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.clock = clock
        self._place = place
        self._wake = wake
        self._parts: list[Part] = []
        self._fault: LedgerError | None = None
        self._ending = False
        self._thread: threading.Thread | None = None
        self._database: PostgresConnection | None = None

    def add(self, part: Part) -> None:
        """Ask for this as well."""
        with self.changed:
            self._parts.append(part)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="budgets", daemon=True)
                self._thread.start()
            self.changed.notify_all()

    def notify(self) -> None:
        """Hear that a part may be due earlier than it was."""
        with self.changed:
            self.changed.notify_all()

    def check(self) -> None:
        """Raise what can't be got over."""
        if self._fault is not None:
            raise self._fault

    def wait_for(self, answered: Callable[[], bool], seconds: float) -> bool:
        """Wait, before the loop has begun, for an answer. Gives whether it came."""
        with self.changed:
            self.changed.wait_for(lambda: answered() or self._fault is not None, seconds)
        self.check()
        return answered()

    def close(self) -> None:
        """Give back what this worker has, if the database can be reached, and end. Raises nothing."""
        with self.changed:
            self._ending = True
            self.changed.notify_all()
        if self._thread is not None:
            self._thread.join(_FAREWELL)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while self._is_due():
            try:
                self._database = self._database or self._open()
                looks_again = self._database is not None and self._ask(self._database)
            except psycopg.Error as error:
                self._hang_up()
                if not is_passing(error):
                    with self.changed:
                        self._fault = explain(error, self._place)
                        self.changed.notify_all()
                    self._wake()
                    return
                looks_again = False
            if self._database is None:
                with self.changed:
                    self.changed.wait_for(lambda: self._ending, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            with self.changed:
                self.changed.notify_all()
            if looks_again:
                self._wake()
        self._say_farewell()

    def _is_due(self) -> bool:
        """Wait until there is something to ask; False at the end."""
        with self.changed:
            while not self._ending:
                patience = min(part.due() for part in self._parts) - self.clock()
                if patience <= 0:
                    return True
                self.changed.wait(None if patience == float("inf") else patience)
        return False

    def _ask(self, database: PostgresConnection) -> bool:
        with self.changed:
            now = self.clock()
            due = [part for part in self._parts if part.due() <= now]
        looks_again = False
        for part in due:
            looks_again |= part.ask(database)
        return looks_again

    def _open(self) -> PostgresConnection | None:
        """Open a connection; None where that fails. What is written may be lost if the database crashes: it is good for
        fractions of a second, or written anew; daily counts see to theirs.
        """
        try:
            opened = PostgresConnection(self._place)
        except LedgerError:
            return None
        opened.raw.execute("SET synchronous_commit = off")
        opened.raw.execute(NOT_FOR_LONGER)
        return opened

    def _hang_up(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _say_farewell(self) -> None:
        with contextlib.suppress(psycopg.Error):
            if self._database is not None:
                for part in self._parts:
                    part.leave(self._database)
        self._hang_up()

"""A worker as a member of its run: it joins, it is alive, it leaves; and what it hears of the run meanwhile.

A thread of its own, over a connection of its own, renews the lease once a second, whatever the worker's loop and its
rounds do. In the same transaction go the worker's reports, and what it has learned of servers; back come whether the
run is to end, and how many rows stand where (`Pulse`). It looks for others whose lease has run out, too, and calls them
lost (`lost_workers`), where it has been in touch with the database for long enough.

Nothing of it waits for the disk: what a crash of the database takes back of it is a second's reports, and leases that
were renewed last, which nobody judges by before each has had the time to renew its own.

Raises LedgerError where it can't join, RunEndedError where there is no such run; `failure` is what does not pass later.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import psycopg

from campaign.errors import LedgerError, RunEndedError
from campaign.ledger.postgres.errors import explain
from campaign.ledger.postgres.lease import HEARTBEAT, LEASE, RENEWED, Lease, Touch
from campaign.ledger.postgres.locks import SHARED_LOCK
from campaign.ledger.postgres.lost_workers import call_lost, come_back, free_rows, gone
from campaign.ledger.postgres.reconnecting import SWIFT, Raw, ReconnectingConnection, Trouble
from campaign.ledger.postgres.server_memory import PostgresServerMemory
from campaign.ledger.postgres.session import connect
from campaign.ledger_place import DatabasePlace

_JOIN = """
INSERT INTO worker (run, host, pid, name, lease_until)
SELECT number, %(host)s, %(pid)s, %(name)s, clock_timestamp() + make_interval(secs => %(lease)s)
FROM run WHERE state <> 'ended' AND number = coalesce(%(run)s::integer, number) RETURNING number, run
"""
_RENEW = f"UPDATE worker SET {RENEWED} WHERE number = %(me)s AND state = 'working'"  # noqa: S608 - our own words
_TELL = """
WITH new AS (
    UPDATE worker SET told = %(told)s, report = %(last)s FROM worker AS was
    WHERE worker.number = %(me)s AND was.number = worker.number AND was.told < %(told)s
    RETURNING worker.number, was.told AS before)
INSERT INTO news (worker, report)
SELECT new.number, told.report FROM new, unnest(%(reports)s::text[]) WITH ORDINALITY AS told (report, place)
WHERE told.place > new.before - %(told)s + cardinality(%(reports)s::text[]) ORDER BY told.place
"""
"""Each once, however often it is sent: those before may be on record, though their answer was lost."""
_PULSE = """
SELECT run.draining OR run.state = 'ended', (SELECT state FROM worker WHERE number = %(me)s), pending, sent
FROM run, (
    SELECT coalesce(sum(rows) FILTER (WHERE entry = 'due' AND word = 'pending'), 0)::bigint AS pending,
        coalesce(sum(rows) FILTER (WHERE word IN ('sent', 'bounced')), 0)::bigint AS sent
    FROM (SELECT entry, delivery AS word, rows FROM tally
        UNION ALL SELECT 'due', delivery, rows FROM worker_tally) AS every) AS counted
WHERE run.number = %(run)s
"""
_FAREWELL = 20.0
"""Seconds for which the end waits for a database that is not there: a lease later others see it all the same."""


class Pulse(NamedTuple):
    """What a heartbeat brings back."""

    draining: bool
    pending: int
    """Rows of the campaign that are pending."""
    sent: bool
    """Whether anybody was ever sent a message."""


class OutstandingRows(Protocol):
    """The rows that a worker has, as whoever takes it back to work sees them."""

    def outstanding(self) -> Sequence[int]:
        """Their numbers."""

    def moved(self, blocks: dict[int, int]) -> None:
        """Hear in which blocks of its own each stands now, by row."""


class Membership:
    """One worker's."""

    def __init__(
        self,
        place: DatabasePlace,
        name: str,
        *,
        run: int | None = None,
        trouble: Trouble,
        wake: Callable[[], None],
        lease: float = LEASE,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        """It joins the `run` that it has its orders for (None: whichever goes on), and is alive from now on. `wake` is
        called when the run is to end.
        """
        self.lease = Lease(lease)
        self.failure: LedgerError | None = None
        """What keeps it from being renewed, for good."""
        self.rows: OutstandingRows | None = None
        self.memory = PostgresServerMemory(self._hurry)
        self._place = place
        self._wake = wake
        self._every = heartbeat
        self._touch = Touch(lease)
        self._connection = ReconnectingConnection(place, settings=SWIFT, trouble=trouble, broke=self._touch.broken)
        self._news: list[str] = []
        self._told = 0
        self._due = threading.Event()
        self._leaving = False
        self._ended = False
        asked = self.lease.asked()
        with connect(place) as raw:
            self.number, self.run = _joined(raw, place, name, run, lease)
            self.lease.renewed(asked)
            self.lease.begin()
            try:
                self.pulse = self._beat(raw)
            except psycopg.Error as error:
                raise explain(error, place) from None
        self._thread = threading.Thread(target=self._live, name="heartbeat", daemon=True)
        self._thread.start()

    def publish(self, report: str) -> None:
        """Have the run's owner see this report."""
        self._news.append(report)

    def leave(self) -> None:
        """End in order: others may have whatever rows are left. Raises nothing."""
        self._leaving = True
        self._hurry()
        self._thread.join(_FAREWELL)
        self._connection.hurry()

    def end(self) -> None:
        """Stop without a word, as a process does that dies."""
        self._ended = True
        self._hurry()
        self._connection.hurry()
        self._thread.join()

    def _hurry(self) -> None:
        self._due.set()

    def _live(self) -> None:
        last = time.monotonic()
        try:
            while not self._leaving and not self._ended:
                self._due.wait(max(0.0, last + self._every - time.monotonic()))
                self._due.clear()
                if self._leaving or self._ended:
                    break
                last = time.monotonic()
                was = self.pulse
                self.pulse = self._connection.do(self._beat)
                if self._touch.long_enough:
                    self._connection.do(self._look_for_the_lost)
                if self.pulse.draining and not was.draining:
                    self._wake()
            if not self._ended:
                self._connection.do(self._part)
        except LedgerError as error:
            self.failure = error
            self._wake()
        finally:
            self._connection.close()

    def _beat(self, raw: Raw) -> Pulse:
        """Renew the lease, tell and hear."""
        who = {"me": self.number, "run": self.run, "lease": self.lease.seconds}
        asked = self.lease.asked()
        with raw.transaction():
            renewed = raw.execute(_RENEW, who, prepare=True).rowcount
            told = self._tell(raw)
            self.memory.exchange(raw)
            found = raw.execute(_PULSE, who, prepare=True).fetchone()
        self._heard(told)
        self._touch.answered()
        if found is None:
            return Pulse(draining=True, pending=0, sent=False)
        draining, state, pending, sent = found
        if renewed:
            self.lease.renewed(asked)
        elif state == "lost":
            self._come_back(raw)
        return Pulse(draining=draining or state is None, pending=pending, sent=sent > 0)

    def _tell(self, raw: Raw) -> list[str]:
        reports = list(self._news)
        if reports:
            told = {"me": self.number, "told": self._told + len(reports), "last": reports[-1], "reports": reports}
            raw.execute(_TELL, told)
        return reports

    def _heard(self, reports: list[str]) -> None:
        del self._news[: len(reports)]
        self._told += len(reports)

    def _come_back(self, raw: Raw) -> None:
        """Others have been told that this worker is gone, and it is not."""
        self.lease.lost()
        asked = self.lease.asked()
        rows = self.rows
        with raw.transaction():
            raw.execute(SHARED_LOCK)
            outstanding = rows.outstanding() if rows is not None else ()
            blocks = come_back(raw, self.number, lease=self.lease.seconds, rows=outstanding)
        if blocks is not None:
            if rows is not None:
                rows.moved(blocks)
            self.lease.renewed(asked)

    def _look_for_the_lost(self, raw: Raw) -> None:
        for number in gone(raw):
            if number != self.number:
                call_lost(raw, number)

    def _part(self, raw: Raw) -> None:
        with raw.transaction():
            raw.execute("SET LOCAL synchronous_commit = on")
            raw.execute(SHARED_LOCK)
            told = self._tell(raw)
            free_rows(raw, self.number)
            raw.execute("UPDATE worker SET state = 'left' WHERE number = %s AND state <> 'lost'", (self.number,))
        self._heard(told)


def _joined(raw: Raw, place: DatabasePlace, name: str, run: int | None, lease: float) -> tuple[int, int]:
    who: dict[str, Any] = {"host": socket.gethostname(), "pid": os.getpid(), "name": name, "run": run, "lease": lease}
    try:
        found = raw.execute(_JOIN, who).fetchone()
    except psycopg.Error as error:
        raise explain(error, place) from None
    if found is None:
        raise RunEndedError("no run of this campaign goes on", where=str(place), fix="run `campaign send`")
    return found[0], found[1]

"""Who owns the run that goes on: one `campaign send`, by a lease on the run's row, in the database's time.

`take_run` gives it to one process at a time. Where the lease of another has run out, that one is gone, or cut off: the
run is taken from it, and goes on where workers are still at work for it. No lease counts as run out before the database
has been up for a whole one: after a restart nobody is taken for gone who has only waited for it. `OwnerLease` renews
what was taken; an owner that was cut off for too long finds that it has lost it.

Raises LedgerBusyError, with host and process of whoever owns the run, and LedgerError.
"""

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.interface import RunOnRecord
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.lease import HEARTBEAT, LEASE
from campaign.ledger.postgres.session import connect
from campaign.ledger_place import DatabasePlace

RUNS_OUT = "greatest({until}, pg_postmaster_start_time() + make_interval(secs => :lease)) <= clock_timestamp()"
"""Whether nobody has renewed it, though it could be."""
_RUN = f"""
SELECT number, bundle, owner_host, owner_pid, began_at, owner_until, {RUNS_OUT.format(until="owner_until")},
    (SELECT count(*) FROM worker WHERE worker.run = run.number AND state = 'working'
     AND NOT {RUNS_OUT.format(until="lease_until")})
FROM run WHERE state <> 'ended'
"""  # noqa: S608 - ours
_BEGIN = """
INSERT INTO run (state, owner, owner_host, owner_pid, owner_until)
VALUES ('preparing', :token, :host, :pid, clock_timestamp() + make_interval(secs => :lease)) RETURNING number
"""
_TAKE = """
UPDATE run SET owner = :token, owner_host = :host, owner_pid = :pid,
    owner_until = clock_timestamp() + make_interval(secs => :lease) WHERE number = :run
"""
_RENEW = """
UPDATE run SET owner_until = clock_timestamp() + make_interval(secs => %s)
WHERE number = %s AND owner = %s AND state <> 'ended'
"""
_OWNER = "SELECT owner_pid, owner_host FROM run WHERE number = %s"
_END = "UPDATE run SET state = 'ended' WHERE number = ?"
_ALL_LOST = "UPDATE worker SET state = 'lost' WHERE run = ? AND state = 'working'"
_LET_GO = """
UPDATE run SET owner_until = now(), state = CASE
    WHEN :over OR NOT EXISTS (SELECT FROM worker WHERE run = :run AND worker.state = 'working') THEN 'ended'
    ELSE run.state END
WHERE number = :run AND owner = :token
"""
_LOOK_EVERY = 0.25
"""Seconds between two looks at a lease that is not known to be renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedRun:
    """A run that this process owns."""

    number: int
    token: str
    """By which its row tells this owner from all others."""
    adopted: RunOnRecord | None
    """What it was before, where it had begun and goes on."""


def take_run(
    database: PostgresConnection, *, lease: float = LEASE, sleep: Callable[[float], None] = time.sleep
) -> OwnedRun:
    """Begin a run, or take over the one whose owner is gone. Waits until that is certain: for one lease at most."""
    renewed: datetime | None = None
    while True:
        with database.transaction():
            found = database.execute(_RUN, {"lease": lease}).fetchone()
            if found is None or found[6]:
                return _taken(database, found, lease)
        if renewed not in (None, found[5]):  # while we looked
            raise LedgerBusyError(
                f"another run is using this campaign's ledger: {process_words(*found[2:5])}",
                where=database.place,
                fix="wait for it to end, or stop it; `campaign status` shows how far it is",
            )
        renewed = found[5]
        sleep(_LOOK_EVERY)


def _taken(database: PostgresConnection, found: "tuple[Any, ...] | None", lease: float) -> OwnedRun:
    token = secrets.token_hex(16)
    us = {"token": token, "host": socket.gethostname(), "pid": os.getpid(), "lease": lease}
    if found is not None:
        number, bundle, host, pid, began, _, _, workers = found
        if workers:
            database.execute(_TAKE, {**us, "run": number})
            owner = process_words(host, pid, began)
            before = RunOnRecord(number=number, bundle=bundle, owner=owner, workers=workers)
            return OwnedRun(number=number, token=token, adopted=before)
        database.execute(_END, (number,))
        database.execute(_ALL_LOST, (number,))
    (number,) = database.execute(_BEGIN, us).fetchone()
    return OwnedRun(number=number, token=token, adopted=None)


def process_words(host: str, pid: int, began: datetime) -> str:
    """Name a run's owner. `began`: when the run did, aware."""
    return f"process {pid} on {host}, since {began.astimezone():%Y-%m-%d %H:%M:%S %Z}"


class OwnerLease:
    """Keeps a run for as long as the process lives: a thread renews the lease over a connection of its own."""

    def __init__(
        self, place: DatabasePlace, owned: OwnedRun, *, lease: float = LEASE, heartbeat: float = HEARTBEAT
    ) -> None:
        self._place = place
        self._owned = owned
        self._seconds = lease
        self._heartbeat = heartbeat
        self._ending = threading.Event()
        self._lost: LedgerError | None = None
        self._thread = threading.Thread(target=self._keep, name="owner's lease", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> LedgerError | None:
        """Why the run is not this process's any more; None while it is."""
        return self._lost

    def end(self) -> None:
        """Renew it no more. Who still has it lets go of it by what it writes last."""
        self._ending.set()
        self._thread.join()

    def _keep(self) -> None:
        connection: psycopg.Connection[tuple[Any, ...]] | None = None
        while not self._ending.wait(self._heartbeat) and self._lost is None:
            try:
                connection = connection or connect(self._place, connect_timeout=5)
                self._renew(connection)
            except (psycopg.Error, LedgerError):  # the next heartbeat tries again
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _renew(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        owned = self._owned
        if connection.execute(_RENEW, (self._seconds, owned.number, owned.token)).rowcount:
            return
        found = connection.execute(_OWNER, (owned.number,)).fetchone()
        by = "" if found is None else ": process {} on {}".format(*found)
        self._lost = LedgerError(
            f"this run was cut off from its ledger for too long, and another `campaign send` has taken it over{by}",
            where=str(self._place),
            fix="`campaign status` shows how far it is",
        )


def let_go(database: PostgresConnection, owned: OwnedRun, *, over: bool) -> None:
    """End the run, if it is still ours; but where workers are still at work for it, and it is not `over`, leave it to
    them, and to whoever takes it over.
    """
    with contextlib.suppress(LedgerError), database.transaction():
        database.execute(_LET_GO, {"run": owned.number, "token": owned.token, "over": over})

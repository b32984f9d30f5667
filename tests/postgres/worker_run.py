"""A run in a database for the tests of its workers: people on record, a run that goes on, and workers that join it."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from psycopg import sql

from campaign.ledger.postgres.session import connect
from campaign.ledger.postgres.tables import TABLES
from campaign.ledger.postgres.worker_store import PostgresWorkerLedger
from campaign.ledger_place import DatabasePlace
from tests.ledgers import attempt

PATIENCE = 20.0
"""Seconds after which something that a test waits for is taken for never to come."""


def until(true: Callable[[], object]) -> None:
    """Wait for something to be true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


class WorkerRun:
    """One run with so many people, p1 … in rows 1 …; contacts have the numbers of their rows. `zones`: what stands in
    the rows' second cell.
    """

    def __init__(
        self, place: DatabasePlace, people: int = 50, *, zones: Sequence[str] = (), allowance: int = -1
    ) -> None:
        self.place = place
        self.raw = connect(place)
        self.raw.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(place.schema)))
        self.raw.execute(TABLES.encode())
        self.raw.execute("INSERT INTO facts VALUES ('columns', '[\"email\", \"zone\"]')")
        with self.raw.pipeline():
            for row in range(1, (len(zones) or people) + 1):
                self.add(row, zones[row - 1] if zones else "")
        self.raw.execute("INSERT INTO tally VALUES ('due', 'pending', (SELECT count(*) FROM entry))")
        self.raw.execute(
            "INSERT INTO run (state, owner, owner_host, owner_pid, owner_until, allowance, queues)"
            " VALUES ('going_on', 'us', 'here', 1, now() + interval '1 hour', %s, %s)",
            (allowance, json.dumps(["zone" if zones else "", []])),
        )
        self.woken = threading.Event()
        self._workers: list[PostgresWorkerLedger] = []

    @classmethod
    def again(cls, place: DatabasePlace) -> Self:
        """Look at a run that is there already."""
        run = cls.__new__(cls)
        run.place, run.raw, run.woken, run._workers = place, connect(place), threading.Event(), []
        return run

    def add(self, row: int, zone: str = "") -> None:
        """Put one more person on record."""
        self.raw.execute(
            "INSERT INTO entry (row, line, contact, email, cells) VALUES (%s, %s, %s, %s, %s)",
            (row, row + 1, row, f"p{row}@x.example", json.dumps([f"p{row}@x.example", zone])),
        )

    def join(
        self, *, lease: float = 10.0, heartbeat: float = 0.05, place: DatabasePlace | None = None
    ) -> PostgresWorkerLedger:
        """Give one more worker, which is closed with the run at the latest. `place`: another way to the database."""
        worker = PostgresWorkerLedger(place or self.place, wake=self.woken.set, lease=lease, heartbeat=heartbeat)
        self._workers.append(worker)
        return worker

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Give what the database says."""
        return self.raw.execute(query.encode(), parameters).fetchall()

    def state(self, worker: PostgresWorkerLedger) -> str:
        """What the ledger takes a worker for."""
        return str(self.ask("SELECT state FROM worker WHERE number = %s", worker.member.number)[0][0])

    def words(self) -> dict[int, str]:
        """The word of every contact with a delivery."""
        return dict(self.ask("SELECT contact, status FROM delivery ORDER BY contact"))

    def tally(self) -> dict[str, int]:
        """How many rows have which word, as it is kept."""
        return dict(
            self.ask(
                "SELECT delivery, sum(rows)::int FROM (SELECT delivery, rows FROM tally"
                " UNION ALL SELECT delivery, rows FROM worker_tally) AS every GROUP BY 1 HAVING sum(rows) <> 0"
            )
        )

    def counted(self) -> dict[str, int]:
        """The same, by counting."""
        return dict(
            self.ask(
                "SELECT coalesce(d.status, 'pending'), count(*)::int FROM entry"
                " LEFT JOIN delivery AS d ON d.contact = entry.contact GROUP BY 1"
            )
        )

    def close(self) -> None:
        """End all of it."""
        for worker in self._workers:
            worker.close()
        self.raw.close()


def commit(worker: PostgresWorkerLedger) -> tuple[list[int], list[int]]:
    """One round, to its end: the contacts whose claims are durable, and those whose claims were lost."""
    worker.journal.commit()
    ended = worker.journal.collect(wait=True)
    assert ended is not None
    return [one.contact for one in ended.durable], [one.contact for one in ended.lost]


def claimed(worker: PostgresWorkerLedger, *contacts: int) -> list[int]:
    """Claim these in one round; gives those that it has won."""
    for contact in contacts:
        worker.journal.claim(attempt(contact))
    return commit(worker)[0]


def taken(worker: PostgresWorkerLedger, most: int = 9, held: Sequence[str] = ()) -> list[int] | None:
    """The next rows, once some come, by number; None where there are no more."""
    found: list[Any] = []

    def asked() -> bool:
        rows = worker.due_rows.take(most, held=held)
        found.append(rows)
        return rows is None or bool(rows)

    until(asked)
    return None if found[-1] is None else [due.contact.number for due in found[-1]]

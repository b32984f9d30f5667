"""What a campaign costs a PostgreSQL server: bytes by table and index, WAL, and processor time, a row.

    a cluster of its own, that waits for its disk ─▶ contacts read into it ─▶ the same file once more
        ─▶ messages, claimed and settled by one worker's ledger, in rounds of 100, and of 10 ─▶ how large it is

    python -m tests.benchmarks.large_database [ROWS]    tables; 1,000,000 rows unless told

Nothing is mailed: the worker's ledger is asked as a worker does that has its replies at once. Limits: all is on one
machine, so its disk and its processor are shared with whoever reads the contacts and writes the rounds.
"""

import argparse
import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from campaign.contacts import contact_key
from campaign.ledger.postgres.enrolment import enrol
from campaign.ledger.postgres.worker_store import PostgresWorkerLedger
from campaign.ledger_place import DatabasePlace
from campaign.model import Attempt, DueRow, Envelope, Message, Outcome, Reply, Row, Status
from tests.benchmarks.database_cost import Spent, sizes, spent
from tests.benchmarks.table import MEGABYTE, markdown
from tests.postgres.cluster import cluster
from tests.postgres.ledgers import made

COLUMNS = ("email", "first_name", "last_name", "company", "plan", "country")
_CHUNK = 1_000


_ROUNDS = ((100, 5), (10, 20), (2, 200))
"""Messages in a round, and what part of the rows is sent in such rounds."""
_RUN = """
INSERT INTO run (state, owner, owner_host, owner_pid, owner_until)
VALUES ('going_on', 'benchmark', 'here', 1, now() + interval '1 day')
"""
_AT_ONCE = 128
"""Rows: as many as a fast worker takes at a time."""
_ACCEPTED = Reply(code=250, enhanced="2.0.0", text="Ok: queued as 4Wx1yZ2Qk3z9x1")
_ENVELOPE = Envelope(return_path="us@example.com", recipient="you@example.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing done for so many rows."""

    name: str
    rows: int
    seconds: float
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeDatabase:
    """What was seen."""

    rows: int
    row_bytes: int
    """Of a row in the contacts file."""
    steps: Sequence[Step]
    sizes: Mapping[tuple[str, str], int]
    sent: int
    """Rows that have a delivery."""


def measure(rows: int) -> LargeDatabase:
    """Make it, and see."""
    with cluster("max_wal_size=4GB", "shared_buffers=1GB") as server:
        place = DatabasePlace(url=server.url(), campaign="large")
        with made(place) as database:
            steps: list[Step] = []

            @contextlib.contextmanager
            def step(name: str, rows: int) -> Iterator[None]:
                before, began = spent(server.pid, database.raw), time.perf_counter()
                yield
                seconds, used = time.perf_counter() - began, spent(server.pid, database.raw).since(before)
                steps.append(Step(name=name, rows=rows, seconds=seconds, spent=used))

            for name in ("contacts read", "the same file read again"):
                with step(name, rows):
                    enrol(database, COLUMNS, _chunks(rows), [], contact_key)
            database.execute(_RUN)
            for messages, part in _ROUNDS:
                with step(f"messages, {messages} a round", rows // part):
                    _send(place, rows // part, messages)
            (sent,) = database.execute("SELECT count(*) FROM delivery WHERE status = 'sent'").fetchone()
            return LargeDatabase(
                rows=rows,
                row_bytes=len(",".join(_row(1).cells)) + 1,
                steps=steps,
                sizes=sizes(database.raw, place.schema),
                sent=sent,
            )


def _send(place: DatabasePlace, messages: int, per_round: int) -> None:
    """Claim and settle so many rows: each round has the claims of some, and the outcomes of those before."""
    come = threading.Event()
    worker = PostgresWorkerLedger(place, wake=come.set)
    try:
        waiting: list[DueRow] = []
        left, leaving = messages, 0
        while left or waiting or leaving:
            if left and len(waiting) < per_round:
                come.clear()
                due = worker.due_rows.take(min(_AT_ONCE, left))
                if due is None:
                    raise RuntimeError("the rows came to an end")
                if not due:
                    come.wait(0.1)
                waiting += due
                left -= len(due)
                continue
            for row in waiting[:per_round]:
                worker.journal.claim(_attempt(row))
            del waiting[:per_round]
            worker.journal.commit()
            ended = worker.journal.collect(wait=True)
            assert ended is not None and not ended.lost
            leaving = len(ended.durable)
            for attempt in ended.durable:
                worker.journal.settle(Outcome(contact=attempt.contact, status=Status.SENT, reply=_ACCEPTED))
    finally:
        worker.journal.close()
        worker.close()


def _attempt(row: DueRow) -> Attempt:
    message = Message(envelope=_ENVELOPE, message_id="<1@example.com>", data=b"")
    return Attempt(contact=row.id, message=message, link_expires_at=1_800_000_000, link_fingerprint="0123456789abcdef")


def database_tables(seen: LargeDatabase) -> str:
    """Two tables: what each step took, and where the bytes are."""
    steps = [
        [
            step.name,
            f"{1e6 * step.spent.cpu / step.rows:.1f}",
            f"{step.spent.wal / step.rows:,.0f}",
            f"{step.rows / step.seconds:,.0f}",
        ]
        for step in seen.steps
    ]
    places = []
    each = 0.0
    for (table, kind), size in sorted(seen.sizes.items(), key=lambda one: -one[1]):
        if size >= seen.rows:  # a byte a row; what is smaller does not grow with them
            of = seen.sent if table == "delivery" else seen.rows
            each += size / of
            places.append([f"`{table}`, {kind}", f"{size / of:,.1f}", f"{size / MEGABYTE:,.1f}"])
    places.append(["all, where everybody was mailed", f"{each:,.1f}", ""])
    return "\n\n".join(
        (
            f"{seen.rows:,} rows of {seen.row_bytes} bytes; {seen.sent:,} of them sent",
            markdown(["a row", "database, µs", "WAL, bytes", "rows a second"], steps),
            markdown(["where", "bytes a row", "MB"], places),
        )
    )


def _chunks(rows: int) -> Iterator[list[Row]]:
    for start in range(1, rows + 1, _CHUNK):
        yield [_row(number) for number in range(start, min(start + _CHUNK, rows + 1))]


def _row(number: int) -> Row:
    """Addresses in no order, as in a file that nobody has sorted."""
    email = f"person.{number * 2_654_435_761 % 2**32:010d}@mail{number % 97}.example"
    cells = (email, "Alexandra", "Featherstonehaugh", f"Company number {number % 5_000}", "professional", "DE")
    return Row(number=number, line=number + 1, cells=cells, email=email, fault=None)


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.large_database", description=__doc__)
    options.add_argument("rows", nargs="?", type=int, default=1_000_000)
    print(database_tables(measure(options.parse_args().rows)))


if __name__ == "__main__":
    main()

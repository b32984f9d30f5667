"""What a campaign costs a PostgreSQL server: bytes by table and index, WAL, and processor time, a row.

    a cluster of its own, that waits for its disk ─▶ contacts read into it ─▶ the same once more ─▶ how large it is

    python -m tests.benchmarks.large_database [ROWS]    a table; 1,000,000 rows unless told

Limits: all on one machine, so its disk and its processor are shared with whoever reads the contacts.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from campaign.contacts import contact_key
from campaign.ledger.place import DatabasePlace
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.enrolment import enrol
from campaign.model import Row
from tests.benchmarks.database_cost import Spent, sizes, spent
from tests.benchmarks.table import MEGABYTE, markdown
from tests.postgres.cluster import cluster
from tests.postgres.ledgers import made

COLUMNS = ("email", "first_name", "last_name", "company", "plan", "country")
_CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing done for every row."""

    name: str
    seconds: float
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeDatabase:
    """What was seen."""

    rows: int
    row_bytes: int
    """Of a row in the contacts file, in the mean."""
    steps: Sequence[Step]
    sizes: Mapping[tuple[str, str], int]


def measure(rows: int) -> LargeDatabase:
    """Make it, and see."""
    with cluster("max_wal_size=4GB", "autovacuum=on") as server:
        place = DatabasePlace(url=server.url(), campaign="large")
        with made(place) as database:
            steps = []

            def step(name: str, chunks: Iterator[list[Row]]) -> None:
                before, began = spent(server.pid, database.raw), time.perf_counter()
                enrol(database, COLUMNS, chunks, [], contact_key)
                seconds = time.perf_counter() - began
                steps.append(Step(name=name, seconds=seconds, spent=spent(server.pid, database.raw).since(before)))

            step("contacts read", _chunks(rows))
            step("the same file read again", _chunks(rows))
            return LargeDatabase(
                rows=rows, row_bytes=_row_bytes(), steps=steps, sizes=sizes(database.raw, place.schema)
            )


def database_tables(seen: LargeDatabase) -> str:
    """Two tables: what each step took, and where the bytes are."""
    steps = [
        [
            step.name,
            f"{1e6 * step.spent.cpu / seen.rows:.1f}",
            f"{step.spent.wal / seen.rows:,.0f}",
            f"{seen.rows / step.seconds:,.0f}",
        ]
        for step in seen.steps
    ]
    places = [
        [f"`{table}`, {kind}", f"{size / seen.rows:,.1f}", f"{size / MEGABYTE:,.1f}"]
        for (table, kind), size in sorted(seen.sizes.items(), key=lambda one: -one[1])
        if size >= seen.rows
    ]
    whole = sum(seen.sizes.values())
    places.append(["**all**", f"{whole / seen.rows:,.1f}", f"{whole / MEGABYTE:,.1f}"])
    return "\n\n".join(
        (
            f"{seen.rows:,} rows of {seen.row_bytes} bytes",
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


def _row_bytes() -> int:
    return len(",".join(_row(1).cells)) + 1


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.large_database", description=__doc__)
    options.add_argument("rows", nargs="?", type=int, default=1_000_000)
    print(database_tables(measure(options.parse_args().rows)))


if __name__ == "__main__":
    main()

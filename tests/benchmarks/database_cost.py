"""What a database server spends: processor time of all its processes, WAL, and the size of each table and index.

Takes the server's first process and a connection as psycopg gives it. Limits: Linux; time of a process that ended is
counted where its parent has waited for it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.benchmarks.processes import family

_TICKS = os.sysconf("SC_CLK_TCK")
_SIZES = """
SELECT coalesce(owner.relname, own.relname), CASE WHEN own.relkind = 'i' THEN 'index' ELSE 'table' END,
    sum(pg_relation_size(own.oid) + coalesce(pg_relation_size(nullif(own.reltoastrelid, 0)), 0))
FROM pg_class AS own LEFT JOIN pg_index ON pg_index.indexrelid = own.oid
    LEFT JOIN pg_class AS owner ON owner.oid = pg_index.indrelid
WHERE own.relnamespace = CAST(%s AS regnamespace) AND own.relkind IN ('r', 'i') GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Up to a moment."""

    cpu: float
    """Seconds."""
    wal: int
    """Bytes."""

    def since(self, before: "Spent") -> "Spent":
        """Give what was spent between the two."""
        return Spent(cpu=self.cpu - before.cpu, wal=self.wal - before.wal)


def spent(server: int, connection: "psycopg.Connection[Any]") -> Spent:
    """Look at it now."""
    found = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')").fetchone()
    assert found is not None
    return Spent(cpu=sum(map(_ticks, family(server))) / _TICKS, wal=int(found[0]))


def sizes(connection: "psycopg.Connection[Any]", schema: str) -> Mapping[tuple[str, str], int]:
    """Give the bytes of each table, by its name and 'table', and of its indexes together, by its name and 'index'."""
    return {(name, kind): int(size) for name, kind, size in connection.execute(_SIZES, (schema,))}


def _ticks(pid: int) -> int:
    """User and system time of a process, and of those that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))

"""The queues that due rows stand in: named by what may hold a row back, its time zone and its limited domain.

A row's queue is read off the row when it is handed out, and kept nowhere before that: so another zone column or other
limits in the next run, or a corrected row, need no change in the ledger. A row that nothing holds back is in the queue
"". Raises nothing.

Limits: the zone is what stands in the row's cell, whether or not there is such a zone. What can be no zone's name (it
is too long, or has an @-sign in it) counts as none.
"""

from collections.abc import Collection, Sequence

_LONGEST_ZONE = 64


def queue_name(zone: str, domain: str) -> str:
    """Give the queue of rows in a time zone (its IANA name; "": that of the window) whose recipient's domain has a
    limit (in lower case; "": it has none).
    """
    return f"{zone}@{domain}" if domain else zone


def queue_parts(queue: str) -> tuple[str, str]:
    """Give the zone and the domain that a queue is named by."""
    zone, _, domain = queue.partition("@")
    return zone, domain


class RowQueues:
    """Those of one run. `zone_column`: of the contacts file, "" where there is none; `domains`: that have a limit."""

    def __init__(self, columns: Sequence[str], *, zone_column: str, domains: Collection[str]) -> None:
        self._place = columns.index(zone_column) if zone_column in columns else None
        self._domains = frozenset(domain.lower() for domain in domains)
        self.any = self._place is not None or bool(self._domains)
        """Whether there is any but ""."""

    def of(self, cells: Sequence[str], email: str) -> str:
        """Give a row's queue."""
        zone = "" if self._place is None else zone_in(cells[self._place])
        domain = email.rpartition("@")[2].lower() if self._domains else ""
        return queue_name(zone, domain if domain in self._domains else "")


def zone_in(cell: str) -> str:
    """Give what may be the name of a zone in a cell, "" where nothing may."""
    zone = cell.strip()
    return "" if len(zone) > _LONGEST_ZONE or "@" in zone else zone

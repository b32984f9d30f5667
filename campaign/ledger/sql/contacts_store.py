"""The contacts file in the ledger: of `ContactsLedger`, what both databases do alike; how it is read is each one's own.

Raises LedgerError.
"""

import abc
from collections.abc import Callable, Iterable, Iterator, Sequence

from campaign.ledger.database import Database
from campaign.ledger.sql import due_counts, enrolled_rows, history
from campaign.ledger.sql.broken_off import BEGUN, is_broken_off
from campaign.ledger.sql.facts import WRITE
from campaign.ledger.sql.reading import SqlReader
from campaign.ledger.values import EarlierRuns, EnrolledRow, LastRun
from campaign.model import Row, Status


class SqlContacts(abc.ABC):
    """Over one connection, which it closes."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @property
    @abc.abstractmethod
    def reader(self) -> SqlReader:
        """The questions, asked over this connection."""

    @abc.abstractmethod
    def enrol(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Row]],
        suppressed: Iterable[tuple[str, str, int]],
        key: Callable[[str], str],
        *,
        in_parts: bool = False,
        remember: Callable[[], Iterable[tuple[str, str]]] = tuple,
        digest: str = "",
    ) -> None:
        """Replace the contacts by these rows."""

    def enrolled(self, digest: str, notes: Iterable[tuple[str, str]]) -> None:
        """Put on record that all of it has been read, and what else reading has shown."""
        with self.database.transaction():
            self.database.executemany(WRITE, [("digest", digest), ("reading", "0"), *notes])
            self.database.execute("DELETE FROM facts WHERE name = ?", (BEGUN,))

    def is_broken_off(self, digest: str) -> bool:
        """Whether it holds as much as a reading of this digest had come to when it was killed."""
        with self.database.explained():
            return is_broken_off(self.database, digest)

    def rows(self) -> Iterator[EnrolledRow]:
        """Give the contacts' rows in order."""
        return enrolled_rows.enrolled_rows(self.database)

    def count_due(self, again: Sequence[Status] = (), *, limit: int | None = None, chosen_only: bool = False) -> int:
        """Say how many contacts a run would take, were the statuses in `again` pending, too."""
        return due_counts.count_due(self.database, again, limit=limit, chosen_only=chosen_only)

    def count_left_alone(self, again: Sequence[Status], *, chosen_only: bool = False) -> int:
        """Say how many rows with these statuses would go again, had their contacts not asked for no more."""
        return due_counts.count_left_alone(self.database, again, chosen_only=chosen_only)

    def last_run(self) -> LastRun | None:
        """Give the last run that mailed somebody."""
        return history.last_run(self.database)

    def knew_all(self, last: LastRun) -> bool:
        """Whether nobody has come to the campaign since."""
        return history.knew_all(self.database, last)

    def earlier_runs(self, last: LastRun) -> EarlierRuns:
        """Count what earlier runs have done."""
        return history.earlier_runs(self.database, last)

    def close(self) -> None:
        """Let go of it."""
        self.database.close()

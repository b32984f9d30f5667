"""The contacts file in the ledger: `ContactsLedger` over SQLite, for a run, the process that it has read, a dry run.

Raises LedgerError, and what reading the file raises.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from campaign.ledger.database import Database
from campaign.ledger.sql import enrolled_rows, history
from campaign.ledger.sql.reading import SqlReader
from campaign.ledger.sqlite import due_rows, enrolment
from campaign.ledger.values import EarlierRuns, EnrolledRow, LastRun
from campaign.model import Row, Status


class SqlContacts:
    """Over one connection, which it closes."""

    def __init__(self, database: Database, *, make_room: Callable[[], None] = lambda: None) -> None:
        """`make_room` is called behind each part of an enrolment: the WAL grows by it."""
        self.database = database
        self._make_room = make_room

    @cached_property
    def reader(self) -> SqlReader:
        """The questions, asked over this connection."""
        return SqlReader(self.database)

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
        """Replace the contacts by these rows: `enrolment.enrol`."""
        enrolment.enrol(
            self.database,
            columns,
            rows,
            suppressed,
            key,
            in_parts=in_parts,
            remember=remember,
            digest=digest,
            make_room=self._make_room,
        )

    def enrolled(self, digest: str, notes: Iterable[tuple[str, str]]) -> None:
        """Put on record that all of it has been read, and what else reading has shown."""
        with self.database.transaction():
            facts = [("digest", digest), ("reading", 0), *notes]
            self.database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)
            self.database.execute("DELETE FROM facts WHERE name = ?", (enrolment.BEGUN,))

    def is_broken_off(self, digest: str) -> bool:
        """Whether it holds as much as a reading of this digest had come to when it was killed."""
        with self.database.explained():
            return enrolment.is_broken_off(self.database, digest)

    def rows(self) -> Iterator[EnrolledRow]:
        """Give the contacts' rows in order."""
        return enrolled_rows.enrolled_rows(self.database)

    def count_due(self, again: Sequence[Status] = (), *, limit: int | None = None, chosen_only: bool = False) -> int:
        """Say how many contacts a run would take, were the statuses in `again` pending, too."""
        return due_rows.count_due(self.database, again, limit=limit, chosen_only=chosen_only)

    def count_left_alone(self, again: Sequence[Status], *, chosen_only: bool = False) -> int:
        """Say how many rows with these statuses would go again, had their contacts not asked for no more."""
        return due_rows.count_left_alone(self.database, again, chosen_only=chosen_only)

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

"""The ledger as it stands at this moment, whether a run goes on or has just been killed.

It is read from a copy of the file and its WAL, since opening the ledger itself would repair it: the run that comes
next must find it as the kill left it.
"""

import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from campaign.ledger.sql.tally import counted, tally
from campaign.ledger.sqlite.connection import SqliteConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """What is on record."""

    statuses: dict[str, str]
    """By address in lower case, of everybody who was ever begun; `sending` is a claim without an outcome."""
    roster: int
    """Rows of the contacts file as last read."""
    sound: bool
    """SQLite's own integrity check; and the kept numbers of rows are those that are counted."""

    @property
    def counts(self) -> Counter[str]:
        """Rows by status; of those begun."""
        return Counter(self.statuses.values())

    @property
    def doubtful(self) -> int:
        """Those that are in doubt, or will be when the next run finds them."""
        return self.counts["in_doubt"] + self.counts["sending"]


def read_standing(ledger: Path) -> ResultRow:
    """Read it; a ledger that has no tables yet is an empty one."""
    nothing = ResultRow(statuses={}, roster=0, sound=True)
    if not ledger.exists():
        return nothing
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ledger"
        shutil.copyfile(ledger, copy)
        wal = Path(f"{ledger}-wal")
        if wal.exists():
            shutil.copyfile(wal, f"{copy}-wal")
        with closing(sqlite3.connect(copy, factory=SqliteConnection)) as database:
            sound = database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            if not database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'delivery'").fetchone()[0]:
                return nothing
            sound = sound and tally(database) == counted(database)
            statuses = dict(
                database.execute("SELECT address, status FROM contact JOIN delivery ON delivery.contact = contact.id")
            )
            roster = database.execute("SELECT count(*) FROM entry").fetchone()[0]
    return ResultRow(statuses=statuses, roster=roster, sound=sound)

"""What a campaign has learned of its servers: shared by the processes of a run, and kept for the next one.

A fact for each kind of server and ability: "trial" while somebody finds out, "able" for the rest of this run, "unable"
for good. A verdict is written without waiting for the disk: what a power cut takes is learned again.
Never raises: a ledger that can't be written stops the run elsewhere.
"""

import contextlib
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.database import Database
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS

_TRIAL, _ABLE, _UNABLE = "trial", "able", "unable"
_PREFIX = "server"


class SqlServerMemory:
    """One process's look into it."""

    def __init__(self, path: Path) -> None:
        self._database = connect(path, cache_mib=1, eager=True)

    def look_up(self, server: str, ability: str) -> bool | None:
        """Say whether the server is able; None where that is not known yet."""
        with contextlib.suppress(*SQLITE_ERRORS):
            found = self._database.execute("SELECT value FROM facts WHERE name = ?", (_name(server, ability),))
            return {_ABLE: True, _UNABLE: False}.get(next(found, (_TRIAL,))[0])
        return None

    def begin_trial(self, server: str, ability: str) -> bool:
        """Say whether the caller, and nobody else in this run, may find out."""
        with contextlib.suppress(*SQLITE_ERRORS):  # somebody else is writing: this can wait, and the mail can't
            row = _name(server, ability), _TRIAL
            return self._database.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", row).rowcount == 1
        return False

    def learn(self, server: str, ability: str, *, able: bool) -> None:
        """Remember it: for this run if it is able, for all runs of the campaign if it is not."""
        word = _ABLE if able else _UNABLE
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", _name(server, ability), word)

    def forget(self, server: str, ability: str) -> None:
        """Let somebody find out again, where it was thought able."""
        self._write("DELETE FROM facts WHERE name = ? AND value = ?", _name(server, ability), _ABLE)

    def close(self) -> None:
        """Close the ledger."""
        self._database.close()

    def _write(self, sql: str, *values: str) -> None:
        with contextlib.suppress(LedgerError, *SQLITE_ERRORS), self._database.transaction():
            self._database.execute(sql, values)


def forget_abilities(database: Database) -> None:
    """Forget what was learned for one run only: trials, and what a server was able to do. In a transaction."""
    database.execute("DELETE FROM facts WHERE name LIKE ? AND value <> ?", (f"{_PREFIX} %", _UNABLE))


def _name(server: str, ability: str) -> str:
    return f"{_PREFIX} {server} {ability}"

"""What a campaign has learned of its servers: shared by the processes of a run, and kept for the next one.

A fact for each kind of server and ability: "trial" while somebody finds out, "able" for the rest of this run, "unable"
for good. A verdict is written without waiting for the disk: what a power cut takes is learned again.
Never raises: a ledger that can't be written stops the run elsewhere.
"""

import contextlib

from campaign.errors import LedgerError
from campaign.ledger.database import Database
from campaign.ledger.sql.facts import KEEP, WRITE

_TRIAL, _ABLE, _UNABLE = "trial", "able", "unable"
_PREFIX = "server"


class SqlServerMemory:
    """One process's look into it, over a connection of its own, which it closes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def look_up(self, server: str, ability: str) -> bool | None:
        """Say whether the server is able; None where that is not known yet."""
        with contextlib.suppress(LedgerError), self._database.explained():
            sql, name = "SELECT value FROM facts WHERE name = ?", _name(server, ability)
            (word,) = self._database.execute(sql, (name,)).fetchone() or (_TRIAL,)
            return {_ABLE: True, _UNABLE: False}.get(word)
        return None

    def begin_trial(self, server: str, ability: str) -> bool:
        """Say whether the caller, and nobody else in this run, may find out."""
        with (
            contextlib.suppress(LedgerError),
            self._database.explained(),
        ):  # somebody else is writing: this can wait, and the mail can't
            row = _name(server, ability), _TRIAL
            return self._database.execute(KEEP, row).rowcount == 1
        return False

    def learn(self, server: str, ability: str, *, able: bool) -> None:
        """Remember it: for this run if it is able, for all runs of the campaign if it is not."""
        word = _ABLE if able else _UNABLE
        self._write(WRITE, _name(server, ability), word)

    def forget(self, server: str, ability: str) -> None:
        """Let somebody find out again, where it was thought able."""
        self._write("DELETE FROM facts WHERE name = ? AND value = ?", _name(server, ability), _ABLE)

    def close(self) -> None:
        """Close the ledger."""
        self._database.close()

    def _write(self, sql: str, *values: str) -> None:
        with contextlib.suppress(LedgerError), self._database.transaction():
            self._database.execute(sql, values)


def forget_abilities(database: Database) -> None:
    """Forget what was learned for one run only: trials, and what a server was able to do. In a transaction."""
    database.execute("DELETE FROM facts WHERE name LIKE ? AND value <> ?", (f"{_PREFIX} %", _UNABLE))


def _name(server: str, ability: str) -> str:
    return f"{_PREFIX} {server} {ability}"

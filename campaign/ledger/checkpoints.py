"""The WAL, moved into the ledger's file now and then, so that neither it nor a restart after a kill grows with the run.

Others go on writing meanwhile. A WAL that has become long is begun anew, which its writers wait a moment for; one that
a single long transaction has made still longer is cut down, too. Takes the ledger's own connection. Raises nothing: a
checkpoint that fails is made up for by the next one, and a writer that meets the trouble says so.

Limits: a WAL can't be begun anew while somebody reads what is in it.
"""

import contextlib
import sqlite3
import time
from pathlib import Path

from campaign.ledger.files import size_of, wal_file
from campaign.ledger.generation import begin_generation, note_wal
from campaign.ledger.sqlite_errors import PATIENCE, SQLITE_ERRORS

_LIMIT = 64 * 1024 * 1024
"""Bytes of WAL after which writers wait a moment so that it can begin anew."""
_EVERY = 2.0
_RESTART_PATIENCE = 0.25
"""Seconds: between checkpoints, and for how long one may wait for somebody who is reading."""


class Checkpoints:
    """Those of one run."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path
        self._next = 0.0

    def now_and_then(self) -> None:
        """Do what is to be done by now."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        with contextlib.suppress(*SQLITE_ERRORS):
            note_wal(self._database, self._path)
            _, pages, _ = self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages * self._database.execute("PRAGMA page_size").fetchone()[0] > _LIMIT:
                self._begin_anew()
            begin_generation(self._database, self._path)

    def _begin_anew(self) -> None:
        """Have the writers begin at the WAL's front again. They wait meanwhile, so this must not wait for a reader."""
        mode = "TRUNCATE" if size_of(wal_file(self._path)) > 4 * _LIMIT else "RESTART"
        try:
            self._database.execute(f"PRAGMA busy_timeout = {int(_RESTART_PATIENCE * 1000)}")
            self._database.execute(f"PRAGMA wal_checkpoint({mode})")
        finally:
            self._database.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")

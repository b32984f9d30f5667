"""The WAL, moved into the ledger's file now and then, so that neither it nor a restart after a kill grows with the run.

Others go on writing meanwhile. A WAL that has become long is begun anew, which its writers wait a moment for. The run's
owner sees to that every few seconds (`now_and_then`), and whoever writes much at a time between two of its transactions
(`make_room`): nobody else gets a word in with it. An flock on the WAL lets one of them at it at a time. Takes the
ledger's own connection, outside of a transaction. Raises nothing: a checkpoint that fails is made up for by the next
one, and a writer that meets the trouble says so.

Limits: a WAL can't be begun anew while somebody reads what is in it. `make_room` waits for that; but not for ever.
"""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from campaign.ledger.database import PATIENCE
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.files import wal_file
from campaign.ledger.sqlite.generation import begin_generation, note_wal
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS

LIMIT = 64 * 1024 * 1024
"""Bytes of WAL after which writers wait a moment so that it can begin anew; what is longer is cut off it then."""
_EVERY = 2.0
_RESTART_PATIENCE = 0.25
"""Seconds: between checkpoints, and for how long one may wait for somebody who is reading."""
_NAP, _LONGEST_WAIT = 1.0, 60.0
"""Seconds: that others have the ledger for themselves between two tries, and for which one reader is waited for."""


class Checkpoints:
    """Those of one process. `limit`: bytes."""

    def __init__(self, database: SqliteConnection, path: Path, *, limit: int = LIMIT) -> None:
        self._database = database
        self._path = path
        self._limit = limit
        self._next = 0.0
        self._waited = 0.0

    def now_and_then(self) -> None:
        """Do what is to be done by now, if nobody else is at it."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        with _alone(self._path, wait=False) as alone:
            if alone:
                self._move_in(self._limit)

    def make_room(self) -> None:
        """See that half of the limit is free, if need be after whoever is reading."""
        while not self._made_room() and self._waited < _LONGEST_WAIT:
            time.sleep(_NAP)
            self._waited += _NAP

    def _made_room(self) -> bool:
        with _alone(self._path, wait=True) as alone:
            made = not alone or self._move_in(self._limit // 2)
        if made:
            self._waited = 0.0
        return made

    def _move_in(self, most: int) -> bool:
        """Move into the file what is in the WAL; begin that anew where it is longer than `most`. False: it stays so."""
        short = False
        with contextlib.suppress(*SQLITE_ERRORS), self._impatient():
            note_wal(self._database, self._path)
            _, pages, _ = self._checkpoint("PASSIVE")
            short = pages * self._database.execute("PRAGMA page_size").fetchone()[0] <= most
            if not short:
                note_wal(self._database, self._path)  # a writer may have begun another one just now
                busy, *_ = self._checkpoint("RESTART")
                short = not busy
            begin_generation(self._database, self._path)
        return short

    def _checkpoint(self, mode: str) -> tuple[int, int, int]:
        """Give whether somebody was in the way, the pages in the WAL, and how many of them are in the file by now."""
        busy, pages, moved = self._database.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        return busy, pages, moved

    @contextlib.contextmanager
    def _impatient(self) -> Iterator[None]:
        """Writers wait meanwhile, so this must not wait for a reader."""
        self._database.execute(f"PRAGMA busy_timeout = {int(_RESTART_PATIENCE * 1000)}")
        try:
            yield
        finally:
            self._database.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")


@contextlib.contextmanager
def _alone(path: Path, *, wait: bool) -> Iterator[bool]:
    """Keep other processes from it meanwhile: what `generation` writes down, it writes for one at a time. False where
    that can't be.
    """
    try:
        wal = wal_file(path).open("rb")
    except OSError:
        yield False
        return
    with wal:
        try:
            fcntl.flock(wal, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            yield False
        else:
            yield True

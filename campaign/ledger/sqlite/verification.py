"""Whether a file is an undamaged ledger of this campaign: SQLite checks it, and rows that make no sense are looked for.

A connection and its path go in; LedgerError is raised for what is wrong. Sense is not left to CHECK constraints, which
would cost every claim and every outcome a tenth more.

The rows of the contacts file are nearly all of a large ledger. There `verify` checks, when it is asked to be `quick`,
only what says who was mailed; `Verification` does the rest meanwhile, in a thread of its own.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.database import damaged
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.files import is_at_rest, size_of
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS, explain
from campaign.ledger.sqlite.tables import APPLICATION, MIGRATIONS, VERSION
from campaign.model import Status

_LARGE = 64 * 1024 * 1024
"""Bytes of a ledger that are checked in no time."""
_SMALL_TABLES = ("facts", "contact", "delivery", "suppressed", "tally", "erased", "evidence", "later_word")
_SENSELESS_ENTRY = """
SELECT 'the contact of row ' || row FROM entry
WHERE (status IS NOT NULL OR contact IS NULL OR email IS NULL)
    AND (status IS NULL OR status NOT IN ('invalid', 'duplicate', 'suppressed'))
LIMIT 1
"""
_SENSELESS_DELIVERY = f"""
SELECT 'what became of contact ' || contact FROM delivery
WHERE status NOT IN ({", ".join(f"'{word}'" for word in (Status.SENT, "sending", *Status))})
LIMIT 1
"""  # noqa: S608 - our own words


def verify(database: SqliteConnection, path: Path, name: str, *, quick: bool = False) -> None:
    """Raise LedgerError unless this is an undamaged ledger of the campaign `name` that we can read."""
    try:
        _identify(database, path, name)
        faults = list(_faults_where_it_counts(database) if quick and is_large(path) else _faults(database))
    except SQLITE_ERRORS as error:
        raise explain(error, path) from None
    if (damage := _damage(path, faults)) is not None:
        raise damage


def is_large(path: Path) -> bool:
    """Whether checking the whole ledger takes longer than somebody should wait."""
    return size_of(path) > _LARGE


class Verification(threading.Thread):
    """The check of a whole ledger, beside whatever else is done with it. `end` it, or use it as a context manager."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="verification", daemon=True)
        self.damage: LedgerError | None = None
        """What it has found so far; whoever goes on then does so at other people's cost."""
        self._path = path
        self._database = connect(path, readonly=True, immutable=is_at_rest(path))
        self._ended = False

    def run(self) -> None:
        """Check; keep what is found."""
        try:
            faults = list(_faults(self._database))
        except SQLITE_ERRORS as error:
            if not self._ended:
                self.damage = explain(error, self._path)
            return
        self.damage = _damage(self._path, faults)

    def require(self) -> None:
        """Wait for it to end. Raises LedgerError for what it has found."""
        self.join()
        if self.damage is not None:
            raise self.damage

    def end(self) -> None:
        """Let go of it, if need be before it has come to its end."""
        self._ended = True
        while self.is_alive():
            self._database.interrupt()  # which does nothing between two statements
            self.join(0.01)
        self._database.close()


@contextlib.contextmanager
def verification(path: Path) -> Iterator[Verification | None]:
    """Begin one where `verify` has been too quick for all of the ledger, and let go of it. Raises LedgerError."""
    begun = Verification(path) if is_large(path) else None
    try:
        if begun is not None:
            begun.start()
        yield begun
    finally:
        if begun is not None:
            begun.end()


def _damage(path: Path, faults: Sequence[str]) -> LedgerError | None:
    """Give the error for the first of them; its first line may say no more than which database."""
    return damaged(path, faults[0].splitlines()[-1]) if faults else None


def _identify(database: SqliteConnection, path: Path, name: str) -> None:
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise LedgerError(
            "this file is not a ledger of ours",
            where=str(path),
            fix="move it away, or set ledger.path to another file",
        )
    if version != VERSION and version not in MIGRATIONS:
        raise LedgerError(
            f"the ledger has format {version}, this program reads format {VERSION}",
            where=str(path),
            fix="finish that campaign with the version of this program that began it",
        )
    owner = database.execute("SELECT value FROM facts WHERE name = 'campaign'").fetchone()
    if owner is None or owner[0] != name:
        raise LedgerError(
            f"this ledger belongs to another campaign, {owner[0] if owner else '?'!r}, not to {name!r}",
            where=str(path),
            fix="give this campaign its own ledger.path, or its old name back",
        )


def _faults(database: SqliteConnection) -> Iterator[str]:
    yield from _bad(database.execute("PRAGMA quick_check(3)"))
    for senseless in (_SENSELESS_ENTRY, _SENSELESS_DELIVERY):
        yield from _bad(database.execute(senseless))


def _faults_where_it_counts(database: SqliteConnection) -> Iterator[str]:
    known = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    for table in known.intersection(_SMALL_TABLES):  # an earlier version had fewer
        yield from _bad(database.execute(f"PRAGMA quick_check({table})"))
    yield from _bad(database.execute(_SENSELESS_DELIVERY))


def _bad(found: sqlite3.Cursor) -> Iterator[str]:
    return (str(words) for (words,) in found if words != "ok")

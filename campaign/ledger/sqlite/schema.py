"""A ledger in SQLite: how a connection to it is opened, how it is made, and brought up to date (`tables`).

Durability. The database is in WAL mode with synchronous=NORMAL, so a commit is a write and no more; it is made
durable by an fsync of the WAL (`journal`), outside of any lock, shared by all that was committed before it. A
checkpoint syncs on its own. What SQLite promises of a WAL holds: after a crash it is read up to its last whole commit.

Versions. A ledger that an earlier version of this program began is brought up to date when a run opens it (`migrate`);
what only looks at it takes it as it is.
Raises LedgerError.
"""

import sqlite3
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.database import PATIENCE
from campaign.ledger.sql.tally import recount
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.files import refuse_planted, size_of, wal_file
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS, explain, transaction
from campaign.ledger.sqlite.tables import APPLICATION, MIGRATIONS, TABLES, VERSION
from campaign.model import Status

_LONGEST_WAL = 64 * 1024 * 1024
"""Bytes that are left of it once it begins anew (`checkpoints`)."""


def connect(
    path: Path,
    *,
    create: bool = False,
    readonly: bool = False,
    immutable: bool = False,
    cache_mib: int = 16,
    eager: bool = False,
) -> SqliteConnection:
    """Open the file, autocommitting (transactions are written out). Raises LedgerError.

    `readonly` changes nothing on record, nor folds in what a run that was cut off has left in the WAL. (SQLite's
    own mode of that name, where the WAL is empty, would leave its -wal and -shm files behind.) `immutable` looks at
    the file alone, without its WAL, and touches nothing. An `eager` connection is for many short transactions among
    several writers: it waits for its turn more lightly.
    """
    refuse_planted(path)
    mode = "rwc" if create else "rw"
    if immutable:
        mode = "ro&immutable=1"
    elif readonly and size_of(wal_file(path)):
        mode = "ro"
    try:
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=PATIENCE,
            check_same_thread=False,
            factory=SqliteConnection,
        )
    except SQLITE_ERRORS as error:
        raise explain(error, path) from None
    try:
        database.name_sending(Status.IN_DOUBT)
        database.execute(f"PRAGMA cache_size = {-cache_mib * 1024}")
        database.execute("PRAGMA temp_store = MEMORY")
        if readonly or immutable:
            database.execute("PRAGMA query_only = ON")
        else:
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("PRAGMA wal_autocheckpoint = 0")  # the run's owner does that, out of the way
            database.execute(f"PRAGMA journal_size_limit = {_LONGEST_WAL}")  # once it begins anew
        if eager:
            database.execute("PRAGMA busy_timeout = 0")  # `transaction` waits instead
    except SQLITE_ERRORS as error:
        database.close()
        raise explain(error, path) from None
    return database


def temporary(name: str) -> SqliteConnection:
    """Open an empty ledger that nobody else sees: SQLite takes its file's name away as soon as it has made it, so that
    nothing of it stays, however this process ends. Raises LedgerError.
    """
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False, factory=SqliteConnection)
    database.name_sending(Status.IN_DOUBT)
    create(database, name)
    return database


def create(database: SqliteConnection, name: str) -> None:
    """Make the tables of a new ledger, for the campaign `name`; all of them or none."""
    with transaction(database):
        for statement in TABLES.split(";\n"):
            database.execute(statement)
        recount(database)
        database.execute("INSERT INTO facts VALUES ('campaign', ?)", (name,))
        database.execute(f"PRAGMA application_id = {APPLICATION}")
        database.execute(f"PRAGMA user_version = {VERSION}")


def migrate(database: SqliteConnection) -> None:
    """Bring a ledger that `verify` has found well up to date; all of it or nothing. Only for whoever has it locked."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    with transaction(database):
        for number in range(version, VERSION):
            for statement in MIGRATIONS[number]:
                database.execute(statement)
        recount(database)
        database.execute(f"PRAGMA user_version = {VERSION}")


def keep_wal(database: SqliteConnection, path: Path) -> None:
    """Put the file in WAL mode, if it is not. Raises LedgerError where its file system can't do that."""
    try:
        (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
    except SQLITE_ERRORS as error:
        raise explain(error, path) from None
    if mode != "wal":
        raise LedgerError(
            "the ledger can't be kept in this folder: its file system does not share memory between processes",
            where=str(path),
            fix="keep the ledger on a local disk: set ledger.path",
        )

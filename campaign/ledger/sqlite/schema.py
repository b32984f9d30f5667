"""The ledger's tables, and how a connection to them is opened.

    facts      what holds for the whole campaign: its name, the file's columns, when the window opened
    contact    everybody this campaign ever knew, by address (compared without case): `row` in the roster `roster`
    entry      the contacts file as it was last read, row by row, with the faults found then
    delivery   what became of a contact: the only table that is written while mail goes out
    suppressed the suppression lists as last read: addresses, and domains with an @-sign in front, each with its place
    tally      how many rows stand where (`tally`)
    set_aside  rows of this run that were passed, since their queue was held (`due_rows`)
    timeline   what was measured while mail went out (`timeline`)
    live_state how the run that goes on goes just now (`live_state`)
    generation which WAL is the file's own, and how many checkpoints there were (`generation`)
    erased     people whose data is gone: a keyed hash of each address, and the day (`erased`)
    evidence   proofs that moved a word after "sent", with what stood there before (`later_words`)
    later_word what of it is shown, and who wants no more (`later_words`)

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
from campaign.ledger.sql import history, timeline
from campaign.ledger.sql.erased import TABLE as ERASED
from campaign.ledger.sql.later_words import EVIDENCE, LATER_WORD
from campaign.ledger.sql.tally import TABLE, recount
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.files import refuse_planted, size_of, wal_file
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS, explain, transaction
from campaign.model import Status

VERSION = 5
_LONGEST_WAL = 64 * 1024 * 1024
"""Bytes that are left of it once it begins anew (`checkpoints`)."""
APPLICATION = 0x434D5047  # "CMPG": says what the file is

_STRICT = "STRICT" if sqlite3.sqlite_version_info >= (3, 37) else ""  # an older SQLite finds less of the damage
_INDEX = "CREATE INDEX entry_by_status ON entry (status, row, contact)"
"""Who is due, in order, and how many there are, without a look at the rows with all their cells."""
_SET_ASIDE = """
CREATE TABLE set_aside (queue TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (queue, row)) WITHOUT ROWID
"""
_GENERATION = "CREATE TABLE generation (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL)"
_FIRST_GENERATION = "INSERT INTO generation VALUES (1, '')"
_LIVE_STATE = "CREATE TABLE live_state (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL)"
TABLES = f"""
CREATE TABLE facts (name TEXT NOT NULL PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE contact (
    address TEXT NOT NULL PRIMARY KEY, id INTEGER NOT NULL, roster INTEGER NOT NULL, row INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE suppressed (address TEXT NOT NULL PRIMARY KEY, list TEXT, line INTEGER) WITHOUT ROWID;
CREATE TABLE entry (
    row INTEGER PRIMARY KEY, line INTEGER NOT NULL, contact INTEGER, email TEXT, status TEXT, detail TEXT,
    chosen INTEGER NOT NULL DEFAULT 0, cells TEXT NOT NULL) {_STRICT};
CREATE TABLE delivery (
    contact INTEGER PRIMARY KEY, status TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0, smtp_code INTEGER, enhanced TEXT, detail TEXT, settled_at INTEGER,
    link_expires_at INTEGER, link_fingerprint TEXT, server TEXT) {_STRICT};
{_INDEX};
{TABLE};
{_SET_ASIDE};
{timeline.TABLE};
{_LIVE_STATE};
{_GENERATION};
{_FIRST_GENERATION};
{ERASED};
{EVIDENCE};
{LATER_WORD};
"""

MIGRATIONS = {
    1: ("ALTER TABLE suppressed ADD COLUMN list TEXT", "ALTER TABLE suppressed ADD COLUMN line INTEGER"),
    2: (_INDEX, TABLE),
    3: (_SET_ASIDE, "ALTER TABLE delivery ADD COLUMN server TEXT", timeline.TABLE, _LIVE_STATE, ERASED),
    4: (EVIDENCE, LATER_WORD, history.FIRST_RUN_OF_OLD, _GENERATION, _FIRST_GENERATION),
}
"""What makes a ledger of the version after this one, by version. Nothing that is there may be changed or lost."""

RESULT_ROWS = """
FROM entry LEFT JOIN delivery AS own ON own.contact = entry.contact
    AND (entry.status IS NULL
        OR entry.status = 'suppressed' AND own.status IN ('sent', 'bounced', 'in_doubt', 'rejected'))
"""
"""Every row, with the delivery that is its own: a duplicate's is another row's. What was sent stays sent, even if it
has been suppressed since.
"""
WORD = "CASE WHEN own.status = 'sending' THEN sending_word() ELSE coalesce(own.status, entry.status, 'pending') END"
"""The status of a row of `RESULT_ROWS`. A claim without an outcome is in doubt, once nobody can be sending it."""


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
        name_sending(database, Status.IN_DOUBT)
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
    name_sending(database, Status.IN_DOUBT)
    create(database, name)
    return database


def name_sending(database: SqliteConnection, word: Status) -> None:
    """Say what status a claim without an outcome has on this connection: while a run goes on, `pending`."""
    database.create_function("sending_word", 0, lambda: word.value)


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

"""What psycopg raises → `LedgerError`: what is wrong, with which database, and what to do.

Told apart by PostgreSQL's own codes (manual, appendix A). `is_passing` says which are worth another try: a server that
is not there, starts, or stops. Nothing quotes a statement's parameters, a password or a row.
"""

import psycopg
from psycopg import errors as codes

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger_place import DatabasePlace

_PASSING = (
    psycopg.OperationalError,  # no connection, or one that broke
    psycopg.InterfaceError,
    codes.IdleInTransactionSessionTimeout,  # this process was stopped for a while
    codes.DeadlockDetected,
    codes.SerializationFailure,
    codes.ReadOnlySqlTransaction,  # a standby that is about to take over
)


def is_passing(error: BaseException) -> bool:
    """Whether the same may succeed a moment later, over another connection."""
    if isinstance(error, codes.InvalidPassword | codes.InvalidCatalogName | codes.InvalidAuthorizationSpecification):
        return False
    return isinstance(error, _PASSING)


def explain(error: psycopg.Error, place: DatabasePlace) -> LedgerError:
    """One error for all that psycopg raises, with what to do about it."""
    words, where = _words(error), str(place)
    match error:
        case codes.UndefinedTable() | codes.InvalidSchemaName() | codes.UndefinedFunction():
            return LedgerError("there is no ledger of this campaign", where=where, fix="run `campaign send` first")
        case codes.UndefinedColumn() | codes.DuplicateTable() | codes.DuplicateFunction() | codes.DuplicateObject():
            return LedgerError(
                f"the schema has what is not this program's ({words})",
                where=where,
                fix="give the campaign another name, or a database of its own",
            )
        case codes.LockNotAvailable() | codes.QueryCanceled():
            return LedgerBusyError(
                "another program holds the ledger", where=where, fix="wait for it to end, then run the command again"
            )
        case codes.DiskFull() | codes.OutOfMemory():
            return LedgerError(f"the database has no room ({words})", where=where, fix="make room, then run it again")
        case codes.InsufficientPrivilege():
            return LedgerError(
                f"the database refuses ({words})",
                where=where,
                fix="give the user the right to create schemas: GRANT CREATE ON DATABASE … TO …",
            )
        case codes.DataCorrupted() | codes.IndexCorrupted():
            return LedgerError(f"the database is damaged ({words})", where=where, fix="restore it from a backup")
        case psycopg.OperationalError():
            return LedgerError(
                f"the database can't be reached ({words})",
                where=where,
                fix="check ledger.url, CAMPAIGN_LEDGER__PASSWORD, and whether the server runs",
            )
        case psycopg.ProgrammingError() if error.sqlstate is None:  # libpq, before it has asked any server
            return LedgerError(
                f"the database's address is not understood: {words}", where=where, fix="check ledger.url"
            )
    return LedgerError(f"the ledger can't be used: {words}", where=where, fix="check the database's log")


def not_for_this_user(where: str) -> LedgerError:
    """The schema is there, but passed over by the server: to whoever may not use it, it has no tables."""
    return LedgerError(
        "the database's user may not look into the campaign's schema",
        where=where,
        fix="name the user who began the campaign; or let this one: GRANT USAGE ON SCHEMA …, and on its tables",
    )


def _words(error: psycopg.Error) -> str:
    """Its first line: what follows may quote rows."""
    said = error.diag.message_primary or str(error)
    return said.strip().partition("\n")[0]

"""A pooler between us and the database, which must keep sessions whole: PgBouncer in its "session" mode.

In its other modes, each transaction may go to another session of the server's, which has another campaign's
`search_path` and prepared statements: rows would go to whoever's schema that is. So it is refused. That there is one is
told by the process that the server names at the start (PostgreSQL's protocol, "BackendKeyData") being none of the
server's; in which mode, by whether a second session gets the process of the first.

Raises LedgerError, and psycopg's errors. Limits: a pooler that is busy enough may hide it from one connection; a worker
opens several.
"""

from typing import Any

import psycopg

from campaign.errors import LedgerError
from campaign.ledger_place import DatabasePlace

_PROCESS = "SELECT pg_backend_pid()"
_whole: set[str] = set()
"""The addresses behind which sessions have been found to be whole."""


def require_whole_sessions(
    connection: "psycopg.Connection[tuple[Any, ...]]", place: DatabasePlace, **options: Any
) -> None:
    """Raise LedgerError where the pooler gives the session of `connection` to another one, opened with `options`."""
    if place.url in _whole:
        return
    ours = now = connection.execute(_PROCESS).fetchone()
    try:
        with psycopg.connect(place.url, **options) as other:
            theirs = other.execute(_PROCESS).fetchone()  # in a transaction, for as long as it is open
            now = connection.execute(_PROCESS).fetchone()
    except psycopg.errors.ProtocolViolation:  # one that has no transactions at all
        theirs = ours
    if ours == theirs or now != ours:
        raise LedgerError(
            "a pooler stands before the database, which gives each transaction to another session",
            where=str(place),
            fix="let PgBouncer keep sessions whole (pool_mode = session), or name PostgreSQL's own address",
        )
    _whole.add(place.url)

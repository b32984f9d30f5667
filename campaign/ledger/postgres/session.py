"""How a session with the database begins: what libpq is told, and what the session is set to, whoever asks for it.

Takes a campaign's place; gives a plain connection, autocommitting, whose names are looked up in the campaign's schema.
"""

import logging
from typing import Any

import psycopg

from campaign.ledger.postgres.errors import explain
from campaign.ledger.postgres.pooler import require_whole_sessions
from campaign.ledger_place import DatabasePlace

logging.getLogger("psycopg").addHandler(logging.NullHandler())
"""What it says of connections that break is said by whoever uses them; without this it would print it."""
_CONNECT_TIMEOUT = 10
"""Seconds."""
_OPTIONS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""So that a server which is gone is noticed in seconds, not hours (libpq, "Parameter Key Words")."""

_SESSION = """
SELECT set_config('search_path', quote_ident(%s), false),
    set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false),
    set_config('default_transaction_isolation', 'read committed', false), set_config('statement_timeout', '0', false),
    set_config('lock_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false),
    set_config('standard_conforming_strings', 'on', false), set_config('array_nulls', 'on', false),
    set_config('extra_float_digits', '1', false), set_config('DateStyle', 'ISO', false),
    set_config('cursor_tuple_fraction', '1', false), set_config('jit', 'off', false),
    set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
    set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '15000', false), pg_backend_pid()
"""
"""Whatever the database's administrator has set for others: a commit is durable when it is answered, nothing is broken
off by time, values come as they went, and plans are made for whole answers. And the server notices in seconds, not
hours, that a machine is gone, and lets go of what it has locked.
"""
_LATER_TIMEOUTS = ((140_000, "SET idle_session_timeout = 0"), (170_000, "SET transaction_timeout = 0"))
"""Since which version of the server there are others."""


def connect(place: DatabasePlace, **options: Any) -> "psycopg.Connection[tuple[Any, ...]]":
    """Open a plain connection, autocommitting, whose names are looked up in the campaign's schema. Raises LedgerError.
    `options`: of libpq's, in place of ours.
    """
    try:
        return connect_plainly(place, **options)
    except psycopg.Error as error:
        raise explain(error, place) from None


def connect_plainly(place: DatabasePlace, **options: Any) -> "psycopg.Connection[tuple[Any, ...]]":
    """Do so. Raises psycopg's errors, for whoever tries again."""
    given: dict[str, Any] = {"connect_timeout": _CONNECT_TIMEOUT, "client_encoding": "UTF8", **_OPTIONS, **options}
    if place.password is not None:
        given["password"] = place.password
    opened = psycopg.connect(place.url, autocommit=True, application_name="campaign", **given)
    try:
        *_, process = opened.execute(_SESSION, (place.schema,)).fetchone() or (0,)
        if process != opened.info.backend_pid:  # somebody between has answered for the server
            require_whole_sessions(opened, place, **given)
        for version, statement in _LATER_TIMEOUTS:
            if opened.info.server_version >= version:
                opened.execute(statement)
    except BaseException:
        opened.close()
        raise
    return opened

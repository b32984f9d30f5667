"""What a session with the database goes by, whatever has been set for its role or its database. Raises psycopg's errors."""

from typing import Any

import psycopg

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


def begin_session(connection: "psycopg.Connection[tuple[Any, ...]]", schema: str) -> int:
    """Set it, and have names looked up in the campaign's schema. Gives the server's process."""
    *_, process = connection.execute(_SESSION, (schema,)).fetchone() or (0,)
    for version, statement in _LATER_TIMEOUTS:
        if connection.info.server_version >= version:
            connection.execute(statement)
    return int(process)

"""A connection to a database: the same SQL, rows as they are asked for, one moment, and who waits for whom."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.locks import SHARED_LOCK
from campaign.ledger.postgres.reconnecting import Raw, ReconnectingConnection, Trouble
from campaign.ledger.postgres.schema import open_existing, open_or_create
from campaign.ledger_place import DatabasePlace

Places = Callable[[str], DatabasePlace]


@pytest.fixture
def connection(place: Places) -> Iterator[PostgresConnection]:
    with closing(open_or_create(place("autumn"), "autumn")) as opened:
        yield opened


@pytest.fixture
def other(connection: PostgresConnection, place: Places) -> Iterator[PostgresConnection]:
    with closing(open_existing(place("autumn"), "autumn")) as opened:
        yield opened


@pytest.mark.postgres
def test_rows_are_streamed_by_several_at_once_and_the_transaction_ends_with_the_last(
    connection: PostgresConnection,
) -> None:
    numbers = "SELECT generate_series(1, ?)"
    with connection.streamed(numbers, (20_000,)) as one:
        assert one.fetchone() == (1,)
        with connection.streamed(numbers, (3,)) as two:
            assert two.fetchall() == [(1,), (2,), (3,)]
        assert connection.in_transaction and len(one.fetchmany(7)) == 7
        assert sum(1 for _ in one) == 20_000 - 8
    assert not connection.in_transaction


@pytest.mark.postgres
def test_what_is_written_while_rows_are_streamed_is_on_record_behind_them(
    connection: PostgresConnection, other: PostgresConnection
) -> None:
    with connection.streamed("SELECT generate_series(1, 9)") as rows:
        next(iter(rows))
        with connection.transaction():
            connection.execute("INSERT INTO facts VALUES ('a', 'b')")
    assert other.execute("SELECT value FROM facts WHERE name = 'a'").fetchone() == ("b",)


@pytest.mark.postgres
def test_a_stream_that_breaks_leaves_the_connection_whole(connection: PostgresConnection) -> None:
    sql = "SELECT 1 / (5 - number) FROM generate_series(1, 9) AS number"
    with pytest.raises(LedgerError), connection.explained(), connection.streamed(sql) as rows:
        list(rows)
    assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.postgres
def test_a_snapshot_is_one_moment(connection: PostgresConnection, other: PostgresConnection) -> None:
    count = "SELECT count(*) FROM facts"
    with connection.snapshot():
        before = connection.execute(count).fetchone()
        other.execute("INSERT INTO facts VALUES ('a', 'b')")
        assert connection.execute(count).fetchone() == before
    assert connection.execute(count).fetchone() != before


@pytest.mark.postgres
def test_one_writes_at_a_time_and_a_round_keeps_writers_out(
    connection: PostgresConnection, other: PostgresConnection
) -> None:
    with connection.raw.transaction():
        connection.raw.execute(SHARED_LOCK)
        with other.raw.transaction():
            other.raw.execute(SHARED_LOCK)
        with pytest.raises(LedgerBusyError), other.transaction(patience=0.01):
            pass
    with other.transaction(patience=0.01):
        waiting = threading.Thread(target=lambda: connection.raw.execute(SHARED_LOCK))
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
    waiting.join()


@pytest.mark.postgres
def test_who_is_impatient_waits_for_nobody(connection: PostgresConnection, other: PostgresConnection) -> None:
    with connection.transaction():
        connection.execute("INSERT INTO facts VALUES ('a', 'b')")
        with pytest.raises(LedgerBusyError), other.explained(), other.impatient(0.01):
            other.execute("INSERT INTO facts VALUES ('a', 'c')")
    other.execute("INSERT INTO facts VALUES ('b', 'c')")


@pytest.mark.postgres
def test_values_are_rewritten_by_a_function_of_ours(connection: PostgresConnection) -> None:
    connection.executemany("INSERT INTO facts VALUES (?, ?)", [("a", "x"), ("b", "x"), ("c", "yy"), ("d", None)])
    with connection.transaction():
        where, named = "name <> :not", {"not": "c"}
        assert connection.rewrite("facts", "value", str.upper, where=where, parameters=named, only_changed=True) == 3
        assert connection.rewrite("facts", "value", len_of, where="name = 'c'", also="name = 'longer'") == 1
    found = dict(
        connection.execute("SELECT name, value FROM facts WHERE name NOT IN ('version', 'roster_changes')").fetchall()
    )
    assert found == {"a": "X", "b": "X", "longer": "2", "d": None, "campaign": "AUTUMN"}


def len_of(text: str) -> str:
    return str(len(text))


@pytest.mark.postgres
def test_columns_of_a_table(connection: PostgresConnection) -> None:
    assert connection.columns_of("tally") == ["entry", "delivery", "rows"] and connection.columns_of("nothing") == []


@pytest.mark.postgres
def test_nul_is_written_as_the_replacement_character(connection: PostgresConnection) -> None:
    connection.execute("INSERT INTO facts VALUES (?, ?)", ("a", "x\0y"))
    assert connection.execute("SELECT value FROM facts WHERE name = :name", {"name": "a"}).fetchone() == ("x\ufffdy",)


_ODD = {
    "search_path": "pg_catalog", "synchronous_commit": "off", "default_transaction_isolation": "serializable",
    "statement_timeout": "1s", "lock_timeout": "10ms", "idle_in_transaction_session_timeout": "10ms",
    "standard_conforming_strings": "off", "array_nulls": "off", "extra_float_digits": "-15", "DateStyle": "SQL, DMY",
}  # fmt: skip


@pytest.mark.postgres
def test_what_is_set_for_the_role_changes_nothing(place: Places) -> None:
    where = place("autumn")
    with psycopg.connect(where.url, autocommit=True) as admin:
        admin.execute("CREATE ROLE odd SUPERUSER LOGIN")
        for name, value in _ODD.items():
            admin.execute(f"ALTER ROLE odd SET {name} = '{value}'".encode())
        try:
            odd = DatabasePlace(url=where.url.replace("postgres@", "odd@"), campaign="autumn")
            with closing(open_or_create(odd, "autumn")) as opened:
                changed = {
                    name for name, value in _ODD.items() if opened.execute(f"SHOW {name}").fetchone() != (value,)
                }
                assert changed == set(_ODD)
                assert opened.execute("SHOW synchronous_commit").fetchone() == ("on",)
                with opened.transaction():
                    time.sleep(0.1)  # the server breaks off who does nothing for so long
                    assert opened.execute("SELECT 0.1::float8 + 0.2").fetchone() == (0.1 + 0.2,)
        finally:
            admin.execute("DROP OWNED BY odd CASCADE")
            admin.execute("DROP ROLE odd")


@pytest.mark.postgres
def test_a_worker_that_is_stopped_amid_a_transaction_keeps_nothing_locked_and_goes_on_later(place: Places) -> None:
    connection = ReconnectingConnection(place("autumn"), settings=(), trouble=Trouble())
    tries: list[str] = []

    def work(raw: Raw) -> int:
        (limit,) = raw.execute("SHOW idle_in_transaction_session_timeout").fetchone() or ("",)
        tries.append(limit)
        with raw.transaction():
            if len(tries) == 1:
                raw.execute("SET LOCAL idle_in_transaction_session_timeout = 10")
                time.sleep(0.1)
            (found,) = raw.execute("SELECT 7").fetchone() or (0,)
        return int(found)

    assert connection.do(work) == 7
    assert tries == ["10s", "10s"], "as long as a lease"
    (idle,) = connection.do(lambda raw: raw.execute("SHOW tcp_keepalives_idle").fetchone()) or ("",)
    assert idle == "5", "seconds after which the server looks whether the machine is still there"
    connection.close()

"""A ledger's schema: made once, by whoever comes first; another campaign's and another version's are refused."""

import threading
from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from campaign.errors import LedgerError
from campaign.ledger.location import words_about_database
from campaign.ledger.postgres import schema
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.joining import joinable_run
from campaign.ledger.sql.tally import counted, tally
from campaign.ledger_place import DatabasePlace
from tests.postgres.cluster import Cluster

pytestmark = pytest.mark.postgres
Places = Callable[..., DatabasePlace]


def test_the_first_run_makes_it_and_the_next_finds_it(place: Places) -> None:
    at = place("autumn")
    with pytest.raises(LedgerError, match="nothing was ever sent"):
        schema.open_existing(at, "autumn")
    with closing(schema.open_or_create(at, "autumn")) as made:
        made.execute("INSERT INTO facts VALUES ('columns', '[]')")
        assert tally(made) == counted(made) == {}
    for open_it in (schema.open_or_create, schema.open_existing):
        with closing(open_it(at, "autumn")) as found:
            assert found.execute("SELECT value FROM facts WHERE name = 'columns'").fetchone() == ("[]",)


def test_of_several_that_come_at_once_one_makes_it(place: Places) -> None:
    at, failures = place("autumn"), []

    def come() -> None:
        try:
            schema.open_or_create(at, "autumn").close()
        except LedgerError as error:
            failures.append(error)

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_campaigns_share_a_database(place: Places) -> None:
    names = ("Autumn / 1", "autumn_1")
    one, other = (schema.open_or_create(place(name), name) for name in names)
    with closing(one), closing(other):
        one.execute("INSERT INTO facts VALUES ('only', 'here')")
        assert other.execute("SELECT value FROM facts WHERE name = 'only'").fetchone() is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE facts SET value = 'spring' WHERE name = 'campaign'", "belongs to another campaign, 'spring'"),
        ("UPDATE facts SET value = '99' WHERE name = 'version'", "has format 99"),
        ("DELETE FROM facts", "damaged"),
    ],
)
def test_what_is_not_this_campaigns_is_refused(place: Places, change: str, words: str) -> None:
    at = place("autumn")
    with closing(schema.open_or_create(at, "autumn")) as made:
        made.execute(change)
    for open_it in (schema.open_or_create, schema.open_existing):
        with pytest.raises(LedgerError, match=words):
            open_it(at, "autumn")


def test_nothing_stays_of_one_that_could_not_be_made(place: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    at = place("autumn")
    monkeypatch.setattr(schema, "_FUNCTIONS", "CREATE FUNCTION nonsense")
    with pytest.raises(LedgerError):
        schema.open_or_create(at, "autumn")
    with psycopg.connect(at.url) as raw:
        assert raw.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", (at.schema,)).fetchone() == (0,)


def test_who_may_not_make_one_is_told_which_right_is_missing(database: str, postgres: Cluster) -> None:
    """But a schema that has been made for this user will do."""
    name = database.rpartition("/")[2]
    with psycopg.connect(database, autocommit=True) as raw:
        raw.execute(f"CREATE USER {name}_mailer")
    url = postgres.url(name, user=f"{name}_mailer")
    weak = DatabasePlace(url=url, campaign="autumn")
    for open_it in (words_about_database, lambda at: schema.open_or_create(at, "autumn")):  # `check`, and the run
        with pytest.raises(LedgerError, match=f"the role {name}_mailer may not make the campaign's schema") as caught:
            open_it(weak)
        assert caught.value.fix.endswith(f'GRANT CREATE ON DATABASE "{name}" TO "{name}_mailer"')
    with psycopg.connect(database, autocommit=True) as raw:
        raw.execute(f"CREATE SCHEMA campaign_autumn AUTHORIZATION {name}_mailer")
    assert words_about_database(weak) == f"in {weak}, new"
    schema.open_or_create(weak, "autumn").close()
    assert words_about_database(weak) == f"in {weak}, there"


def test_who_may_not_look_into_one_is_told_so_and_not_that_there_is_none(place: Places, postgres: Cluster) -> None:
    schema.open_or_create(place(), "autumn").close()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
    stranger = DatabasePlace(url=place().url.replace("postgres@", "stranger@"), campaign="autumn")
    try:
        for attempt in (schema.open_existing, schema.open_or_create):
            with pytest.raises(LedgerError, match="may not look into the campaign's schema"):
                attempt(stranger, "autumn")
        with pytest.raises(LedgerError, match="may not look"), joinable_run(stranger, "autumn") as run:
            run.current()
    finally:
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute("DROP ROLE stranger")


@pytest.mark.parametrize("table", ["facts", "contact"])
def test_a_schema_of_another_program_is_no_ledger(place: Places, table: str) -> None:
    with psycopg.connect(place().url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {place().schema} CREATE TABLE {table} (x integer)")
    with pytest.raises(LedgerError, match="has what is not this program's"):
        schema.open_or_create(place(), "autumn")


def test_a_database_whose_text_is_not_utf_8_is_refused(postgres: Cluster) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as raw:
        raw.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        with pytest.raises(LedgerError, match="LATIN1"):
            schema.open_or_create(DatabasePlace(url=postgres.url("latin"), campaign="autumn"), "autumn")
        raw.execute("DROP DATABASE latin WITH (FORCE)")


def test_the_functions_that_sqlite_has_by_itself(place: Places) -> None:
    with closing(schema.open_or_create(place("autumn"), "autumn")) as made:
        listed = made.execute("SELECT value FROM json_each(?)", ('["a", "ü\\n", "1"]',)).fetchall()
        assert listed == [("a",), ("ü\n",), ("1",)]
        assert made.execute("SELECT instr('a@b', '@'), instr('ab', '@')").fetchone() == (2, 0)
        assert made.execute("SELECT sending_word()").fetchone() == ("in_doubt",)


def _setting(database: PostgresConnection, name: str) -> str:
    return str(database.execute("SELECT current_setting(?)", (name,)).fetchone()[0])


def test_what_others_have_set_for_the_database_does_not_weaken_a_commit(place: Places, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as raw:
        name = database.rpartition("/")[2]
        raw.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        raw.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
        raw.execute(f"ALTER DATABASE {name} SET statement_timeout = '1s'")
    with closing(schema.open_or_create(place("autumn"), "autumn")) as made:
        assert _setting(made, "synchronous_commit") == "on"
        assert _setting(made, "transaction_isolation") == "read committed"
        assert _setting(made, "statement_timeout") == "0"

"""What a worker from elsewhere sees of a campaign's run in the database."""

from collections.abc import Callable

import psycopg
import pytest

from campaign.errors import LedgerError
from campaign.ledger.opening import open_for_joining
from campaign.ledger.postgres.tables import TABLES
from campaign.ledger_place import DatabasePlace

pytestmark = pytest.mark.postgres
Place = Callable[[str], DatabasePlace]
_BEGIN = """
INSERT INTO run (state, bundle, secrets_check, owner, owner_host, owner_pid, owner_until)
VALUES (%s, %s, 'salt:mac', 'token', 'mail-1', 7, now() + %s * interval '1 second') RETURNING number"""


def _made(place: DatabasePlace) -> "psycopg.Connection[tuple[object, ...]]":
    connection = psycopg.connect(place.url, autocommit=True)
    connection.execute(f"CREATE SCHEMA {place.schema}; SET search_path TO {place.schema}".encode())
    connection.execute(TABLES.encode())
    connection.execute("INSERT INTO facts VALUES ('campaign', %s)", (place.campaign,))
    return connection


def test_before_the_first_run_there_is_none(place: Place) -> None:
    """Workers may be started before the owner: nothing is there yet."""
    with open_for_joining(place("autumn"), "autumn") as run:
        assert run.current() is None
        with _made(place("autumn")):
            assert run.current() is None


def test_a_run_that_is_still_being_prepared_or_has_ended_can_not_be_joined(place: Place) -> None:
    with _made(place("autumn")) as database, open_for_joining(place("autumn"), "autumn") as run:
        database.execute(_BEGIN, ("ended", "a.b", 10))
        database.execute(_BEGIN, ("going_on", "", 10))
        assert run.current() is None


@pytest.mark.parametrize("seconds", [10, -1], ids=["with its owner", "whose owner is gone"])
def test_the_run_that_goes_on_is_seen_with_its_owner_and_workers(place: Place, seconds: int) -> None:
    with _made(place("autumn")) as database, open_for_joining(place("autumn"), "autumn") as run:
        (number,) = database.execute(_BEGIN, ("going_on", "a.b", seconds)).fetchone() or (0,)
        for state in ("working", "working", "left", "lost"):
            worker = "INSERT INTO worker (run, host, pid, state, lease_until) VALUES (%s, 'h', 1, %s, now())"
            database.execute(worker, (number, state))
        found = run.current()
        assert found is not None and (found.number, found.bundle, found.workers) == (number, "a.b", 2)
        assert found.owner == "process 7 on mail-1"
        assert run.check() == "salt:mac"


def test_contents_are_given_by_their_digest(place: Place) -> None:
    with _made(place("autumn")) as database, open_for_joining(place("autumn"), "autumn") as run:
        database.execute("INSERT INTO bundle_file VALUES ('abc', %s)", (b"\0\xff",))
        assert run.file("abc") == b"\0\xff"
        with pytest.raises(LedgerError, match="a part of the run's bundle is not there"):
            run.file("xyz")


def test_another_campaigns_schema_is_refused(place: Place) -> None:
    with _made(place("autumn")) as database, open_for_joining(place("autumn"), "autumn") as run:
        database.execute("UPDATE facts SET value = 'winter' WHERE name = 'campaign'")
        with pytest.raises(LedgerError, match="another campaign, 'winter'"):
            run.current()


def test_a_database_that_is_not_there_is_told(place: Place) -> None:
    gone = DatabasePlace(url="postgresql://u@127.0.0.1:1/campaign", campaign="autumn")
    with pytest.raises(LedgerError, match="can't be reached"), open_for_joining(gone, "autumn"):
        pass

"""A ledger of fifty contacts and a pen for it, for the journal's tests; and for those that ask the same of both
databases, a place in each. Others have ledgers of their own.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from campaign.ledger.sqlite.journal import SqliteJournal
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import DatabasePlace, Place
from tests.ledgers import journal, people
from tests.postgres.cluster import Cluster
from tests.postgres.conftest import postgres as postgres
from tests.stores import NAME, drop


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as opened:
        people(opened, 50)
        yield opened


@pytest.fixture
def pen(ledger: SqliteRunLedger) -> Iterator[SqliteJournal]:
    opened = journal(ledger.path)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def ledgers_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A PostgreSQL database for the ledgers of all tests of a process."""
    postgres: Cluster = request.getfixturevalue("postgres")
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE ledgers")
        yield postgres.url("ledgers")
        connection.execute("DROP DATABASE ledgers WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The place of a ledger that is not there yet: in either database."""
    if request.param == "sqlite":
        yield tmp_path / "x.ledger"
        return
    place = DatabasePlace(url=request.getfixturevalue("ledgers_database"), campaign=NAME)
    yield place
    drop(place)

"""A PostgreSQL server for the tests of this folder."""

import itertools
from collections.abc import Callable, Iterator

import psycopg
import pytest

from campaign.ledger_place import DatabasePlace
from tests.postgres.cluster import MISSING, Cluster, cluster, is_installed
from tests.postgres.shared_run import SharedRun
from tests.postgres.worker_run import WorkerRun

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One server for all tests of a process. It does not wait for the disk: nobody cuts its power."""
    if not is_installed():
        pytest.skip(MISSING)
    with cluster("fsync=off", "max_connections=200") as made:
        yield made


@pytest.fixture
def database(postgres: Cluster) -> Iterator[str]:
    """The address of a new database."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def place(database: str) -> Callable[[str], DatabasePlace]:
    """Gives the place of a campaign's ledger in that database, by the campaign's name."""

    def give(campaign: str = "autumn") -> DatabasePlace:
        return DatabasePlace(url=database, campaign=campaign)

    return give


@pytest.fixture
def run(place: Callable[[str], DatabasePlace]) -> Iterator[WorkerRun]:
    """A run of fifty people."""
    made = WorkerRun(place("autumn"))
    yield made
    made.close()


@pytest.fixture
def shared_run(place: Callable[[str], DatabasePlace]) -> Iterator[SharedRun]:
    """A run that several workers share."""
    run = SharedRun(place("autumn"))
    yield run
    run.close()

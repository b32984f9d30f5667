"""Where a ledger in a database is opened: as `campaign/ledger/opening.py` for its place. Raises LedgerError."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from campaign.ledger.interface import (
    ContactsLedger,
    ErasureLedger,
    JoinableRun,
    LedgerReader,
    RunLedger,
    SettlingLedger,
    WorkerLedger,
)
from campaign.ledger.place import DatabasePlace
from campaign.ledger.postgres.connection import connect
from campaign.ledger.postgres.joining import joinable_run
from campaign.ledger.postgres.worker_store import PostgresWorkerLedger


def ledger_exists(place: DatabasePlace, name: str) -> bool:
    """Whether the campaign has its schema; whose it is, whoever opens it sees."""
    with contextlib.closing(connect(place)) as database:
        found = database.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{place.schema}.facts",)).fetchone()
    return found is not None and bool(found[0])


def take_over_file(path: Path, place: DatabasePlace, name: str) -> None:
    """Bring a file's ledger, whole, into a database that has none of the campaign, and give the file another name."""
    raise NotImplementedError


def open_for_run(place: DatabasePlace, name: str) -> RunLedger:
    """As in `campaign.ledger.opening`, like all that follow."""
    raise NotImplementedError


def open_for_enrolment(place: DatabasePlace) -> ContactsLedger:
    """Open what a run has open."""
    raise NotImplementedError


def open_for_dry_run(place: DatabasePlace, name: str) -> ContactsLedger:
    """Copy it into a ledger that nobody else sees."""
    raise NotImplementedError


def open_for_worker(place: DatabasePlace, *, wake: Callable[[], None], name: str = "") -> WorkerLedger:
    """Join the run that goes on."""
    return PostgresWorkerLedger(place, wake=wake, name=name)


@contextlib.contextmanager
def open_for_joining(place: DatabasePlace, name: str) -> Iterator[JoinableRun]:
    """Look at the run that goes on."""
    with joinable_run(place, name) as run:
        yield run


@contextlib.contextmanager
def open_for_reading(place: DatabasePlace, name: str) -> Iterator[LedgerReader]:
    """Look into it."""
    raise NotImplementedError
    yield


@contextlib.contextmanager
def open_for_erasure(place: DatabasePlace, name: str) -> Iterator[ErasureLedger]:
    """Take people's data out of it."""
    raise NotImplementedError
    yield


@contextlib.contextmanager
def open_for_settling(place: DatabasePlace, name: str) -> Iterator[SettlingLedger]:
    """Move words by proof."""
    raise NotImplementedError
    yield


@contextlib.contextmanager
def open_for_settling_copy(place: DatabasePlace, name: str) -> Iterator[SettlingLedger]:
    """Do so in a copy."""
    raise NotImplementedError
    yield


def note_at_a_glance(place: DatabasePlace, name: str) -> str | None:
    """Give a note."""
    raise NotImplementedError

"""Where a ledger in a database is opened: as `campaign/ledger/opening.py` for its place. Raises LedgerError."""

import contextlib
from collections.abc import Callable, Iterator

from campaign.errors import LedgerError
from campaign.ledger.interface import (
    ContactsLedger,
    ErasureLedger,
    JoinableRun,
    LedgerReader,
    RunLedger,
    SettlingLedger,
    WorkerLedger,
)
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.joining import joinable_run
from campaign.ledger.postgres.reading import PostgresReader
from campaign.ledger.postgres.schema import is_there, open_existing, require_right
from campaign.ledger.postgres.session import connect
from campaign.ledger.sql.facts import read_fact
from campaign.ledger_place import DatabasePlace


def ledger_exists(place: DatabasePlace, name: str) -> bool:
    """Whether the campaign has its schema; whose it is, whoever opens it sees."""
    with contextlib.closing(connect(place)) as database:
        found = database.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{place.schema}.facts",)).fetchone()
    return found is not None and bool(found[0])


def require_room(place: DatabasePlace) -> bool:
    """Say whether its ledger is there; raise LedgerError where it is not, and could not be made."""
    with contextlib.closing(PostgresConnection(place)) as database:
        if is_there(database):
            return True
        require_right(database)
        return False


def open_for_run(place: DatabasePlace, name: str) -> RunLedger:
    """As in `campaign.ledger.opening`, like all that follow."""
    from campaign.ledger.postgres.store import PostgresRunLedger

    return PostgresRunLedger.open(place, name)


def open_for_enrolment(place: DatabasePlace) -> ContactsLedger:
    """Open what a run has open."""
    from campaign.ledger.postgres.contacts_store import PostgresContacts

    return PostgresContacts(PostgresConnection(place))


def open_for_dry_run(place: DatabasePlace, name: str) -> ContactsLedger:
    """Copy it into a ledger that nobody else sees."""
    from campaign.ledger.postgres.contacts_store import PostgresContacts
    from campaign.ledger.postgres.throwaway_copy import throwaway_copy

    return PostgresContacts(throwaway_copy(place, name))


def open_for_worker(
    place: DatabasePlace, *, wake: Callable[[], None], name: str = "", run: int | None = None
) -> WorkerLedger:
    """Join the run that goes on."""
    from campaign.ledger.postgres.worker_store import PostgresWorkerLedger

    return PostgresWorkerLedger(place, wake=wake, name=name, run=run)


@contextlib.contextmanager
def open_for_joining(place: DatabasePlace, name: str) -> Iterator[JoinableRun]:
    """Look at the run that goes on."""
    with joinable_run(place, name) as run:
        yield run


@contextlib.contextmanager
def open_for_reading(place: DatabasePlace, name: str) -> Iterator[LedgerReader]:
    """Look into it."""
    with contextlib.closing(open_existing(place, name)) as database:
        yield PostgresReader(database)


@contextlib.contextmanager
def open_for_erasure(place: DatabasePlace, name: str) -> Iterator[ErasureLedger]:
    """Take people's data out of it."""
    from campaign.ledger.postgres.erasure import open_erasure

    with open_erasure(place, name) as ledger:
        yield ledger


@contextlib.contextmanager
def open_for_settling(place: DatabasePlace, name: str) -> Iterator[SettlingLedger]:
    """Move words by proof."""
    from campaign.ledger.postgres.settling import open_settling

    with open_settling(place, name) as ledger:
        yield ledger


@contextlib.contextmanager
def open_for_settling_copy(place: DatabasePlace, name: str) -> Iterator[SettlingLedger]:
    """Do so in a copy."""
    from campaign.ledger.postgres.settling import open_settling_copy

    with open_settling_copy(place, name) as ledger:
        yield ledger


def note_at_a_glance(place: DatabasePlace, name: str) -> str | None:
    """Give a note."""
    with contextlib.suppress(LedgerError), contextlib.closing(PostgresConnection(place)) as database:
        return read_fact(database, name)
    return None

"""Where a ledger is opened: its place in, one of the protocols of `campaign.ledger.interface` out. Nothing outside this
room names what is behind them. What a database needs is imported for one only. Raises LedgerError.
"""

import contextlib
from collections.abc import Callable, Iterator

from campaign.ledger.interface import (
    ContactsLedger,
    ErasureLedger,
    JoinableRun,
    LedgerReader,
    RunLedger,
    SettlingLedger,
    WorkerLedger,
)
from campaign.ledger.sqlite import reading
from campaign.ledger.sqlite.checkpoints import Checkpoints
from campaign.ledger.sqlite.contacts_store import SqliteContacts
from campaign.ledger.sqlite.erasure import open_erasure
from campaign.ledger.sqlite.schema import connect, temporary
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.throwaway_copy import throwaway_copy
from campaign.ledger.sqlite.worker_store import SqliteWorkerLedger
from campaign.ledger_place import DatabasePlace, Place


def open_for_run(place: Place, name: str) -> RunLedger:
    """Open or create the ledger of the campaign `name`, for one run alone. Raises LedgerBusyError, too."""
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        return postgres.open_for_run(place, name)
    return SqliteRunLedger.open(place, name)


def open_for_enrolment(place: Place) -> ContactsLedger:
    """Open the ledger that a run has open, to read its contacts file into it. Close it."""
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        return postgres.open_for_enrolment(place)
    database = connect(place)
    return SqliteContacts(database, make_room=Checkpoints(database, place).make_room)


def open_for_dry_run(name: str, *, earlier: Place | None) -> ContactsLedger:
    """Open a ledger of the campaign `name` that nobody else sees, and of which nothing stays: an empty one, or a copy
    of the `earlier` one as a run would find it. Close it.
    """
    if isinstance(earlier, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        return postgres.open_for_dry_run(earlier, name)
    return SqliteContacts(temporary(name) if earlier is None else throwaway_copy(earlier, name))


def open_for_worker(place: Place, *, wake: Callable[[], None], name: str = "", run: int | None = None) -> WorkerLedger:
    """Open the ledger of a run that has been prepared, for one process of it. `wake` is called from another thread when
    `journal.collect` has something to give, or rows have come. `name`: what whoever placed the worker calls it; `run`:
    the run that it has its orders for, None for whichever goes on. Raises RunEndedError where that does not any more.
    """
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        return postgres.open_for_worker(place, wake=wake, name=name, run=run)
    return SqliteWorkerLedger(place, wake=wake)


@contextlib.contextmanager
def open_for_joining(place: DatabasePlace, name: str) -> Iterator[JoinableRun]:
    """Look at the run of the campaign `name` as a worker does that is to join it."""
    from campaign.ledger.postgres import opening as postgres

    with postgres.open_for_joining(place, name) as run:
        yield run


@contextlib.contextmanager
def open_for_reading(place: Place, name: str, *, quick: bool = False) -> Iterator[LedgerReader]:
    """Look into the ledger of the campaign `name`, also while a run goes on; nothing in it changes. `quick`: most of a
    large one is taken for undamaged.
    """
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        with postgres.open_for_reading(place, name) as reader:
            yield reader
        return
    with reading.reading_ledger(place, name, quick=quick) as database:
        yield reading.SqliteReader(database, aside=place)


@contextlib.contextmanager
def open_for_erasure(place: Place, name: str) -> Iterator[ErasureLedger]:
    """Open the ledger of the campaign `name` to take people's data out of it. Raises LedgerBusyError, too."""
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        with postgres.open_for_erasure(place, name) as ledger:
            yield ledger
        return
    with open_erasure(place, name) as opened:
        yield opened


@contextlib.contextmanager
def open_for_settling(place: Place, name: str) -> Iterator[SettlingLedger]:
    """Open the ledger of the campaign `name` to move words by proof, also while a run goes on. One that an earlier
    version of this program began is brought up to date: raises LedgerBusyError where a run of that goes on.
    """
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        with postgres.open_for_settling(place, name) as ledger:
            yield ledger
        return
    from campaign.ledger.sqlite.settling_open import open_settling  # few runs are ever settled: others do not wait

    with open_settling(place, name) as ledger:
        yield ledger


@contextlib.contextmanager
def open_for_settling_copy(place: Place, name: str) -> Iterator[SettlingLedger]:
    """Open a copy of it, as it is now, to see what would move: nothing of what is done to it stays."""
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        with postgres.open_for_settling_copy(place, name) as ledger:
            yield ledger
        return
    from campaign.ledger.sqlite.settling_open import open_settling_copy

    with open_settling_copy(place, name) as ledger:
        yield ledger


def note_at_a_glance(place: Place, name: str) -> str | None:
    """Give a note (`RunLedger.note`) as it was a moment ago, without opening the ledger in earnest. None where it
    can't be told. Raises nothing.
    """
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        return postgres.note_at_a_glance(place, name)
    return reading.fact_in_file(place, name)


def row_of(place: Place, address: str) -> int | None:
    """Give the row of the contact who has this address, in a ledger that a run has open."""
    assert not isinstance(place, DatabasePlace), "only the sandbox asks, whose ledger is a file"
    return reading.row_of(place, address)

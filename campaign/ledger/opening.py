"""Where a ledger is opened: its place in, one of the protocols of `campaign.ledger.interface` out. Nothing outside this
room names what is behind them. Raises LedgerError.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from campaign.ledger.interface import (
    ContactsLedger,
    ErasureLedger,
    LedgerReader,
    RunLedger,
    SettlingLedger,
    WorkerLedger,
)
from campaign.ledger.sql.contacts_store import SqliteContacts
from campaign.ledger.sql.erasure import open_erasure
from campaign.ledger.sql.reading import SqliteReader, fact_in_file, reading_ledger
from campaign.ledger.sqlite.checkpoints import Checkpoints
from campaign.ledger.sqlite.schema import connect, temporary
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.throwaway_copy import throwaway_copy
from campaign.ledger.sqlite.worker_store import SqliteWorkerLedger


def open_for_run(place: Path, name: str) -> RunLedger:
    """Open or create the ledger of the campaign `name`, for one run alone. Raises LedgerBusyError, too."""
    return SqliteRunLedger.open(place, name)


def open_for_enrolment(place: Path) -> ContactsLedger:
    """Open the ledger that a run has open, to read its contacts file into it. Close it."""
    database = connect(place)
    return SqliteContacts(database, make_room=Checkpoints(database, place).make_room)


def open_for_dry_run(name: str, *, earlier: Path | None) -> ContactsLedger:
    """Open a ledger of the campaign `name` that nobody else sees, and of which nothing stays: an empty one, or a copy
    of the `earlier` one as a run would find it. Close it.
    """
    return SqliteContacts(temporary(name) if earlier is None else throwaway_copy(earlier, name))


def open_for_worker(place: Path, *, wake: Callable[[], None]) -> WorkerLedger:
    """Open the ledger of a run that has been prepared, for one process of it. `wake` is called from another thread when
    `journal.collect` has something to give.
    """
    return SqliteWorkerLedger(place, wake=wake)


@contextlib.contextmanager
def open_for_reading(place: Path, name: str, *, quick: bool = False) -> Iterator[LedgerReader]:
    """Look into the ledger of the campaign `name`, also while a run goes on; nothing in it changes. `quick`: most of a
    large one is taken for undamaged.
    """
    with reading_ledger(place, name, quick=quick) as database:
        yield SqliteReader(database, aside=place)


@contextlib.contextmanager
def open_for_erasure(place: Path, name: str) -> Iterator[ErasureLedger]:
    """Open the ledger of the campaign `name` to take people's data out of it. Raises LedgerBusyError, too."""
    with open_erasure(place, name) as ledger:
        yield ledger


@contextlib.contextmanager
def open_for_settling(place: Path, name: str) -> Iterator[SettlingLedger]:
    """Open the ledger of the campaign `name` to move words by proof, also while a run goes on. One that an earlier
    version of this program began is brought up to date: raises LedgerBusyError where a run of that goes on.
    """
    from campaign.ledger.sqlite.settling_open import (
        open_settling,  # here, as few runs are ever settled: others do not wait
    )

    with open_settling(place, name) as ledger:
        yield ledger


@contextlib.contextmanager
def open_for_settling_copy(place: Path, name: str) -> Iterator[SettlingLedger]:
    """Open a copy of it, as it is now, to see what would move: nothing of what is done to it stays."""
    from campaign.ledger.sqlite.settling_open import open_settling_copy

    with open_settling_copy(place, name) as ledger:
        yield ledger


def note_at_a_glance(place: Path, name: str) -> str | None:
    """Give a note (`RunLedger.note`) as it was a moment ago, without opening the ledger in earnest. None where it
    can't be told. Raises nothing.
    """
    return fact_in_file(place, name)

"""What others need of the ledger, whatever keeps it: six narrow protocols, and what goes into them.

    LedgerReader     whoever reads results: counts, rows, reasons; also while a run goes on
    RunLedger        the owner of a run, of whom there is one at a time: the contacts (`ContactsLedger`, which the
                     process that reads their file, and a dry run, need as well), corrections, the runs' history
    ErasureLedger    whoever takes people's data out of it
    SettlingLedger   whoever moves words by later evidence, also while a run goes on
    SharedRun        the owner of a run on several machines: its workers, wherever they are (`JoinableRun`: what one
                     that comes sees of it)
    WorkerLedger     one process's share of a run: rows due, claims and outcomes, what all processes share

`campaign.ledger.opening` gives them by the place of a ledger; nothing else in them is about files or a database. Values
that pass stand in `campaign/model.py` and `campaign/ledger/values.py`. Every method raises LedgerError where the ledger
can't be read or written, or is damaged; what else is raised, it says.
"""

from campaign.ledger.interface.erasure import ErasureLedger
from campaign.ledger.interface.reader import LedgerReader
from campaign.ledger.interface.run import ContactsLedger, RunLedger
from campaign.ledger.interface.settling import SettlingLedger
from campaign.ledger.interface.shared_run import BundleOnRecord, JoinableRun, RunOnRecord, SharedRun, WorkerNow
from campaign.ledger.interface.worker import (
    AdjustableRateLimit,
    Budget,
    DailyCount,
    DueRows,
    Journal,
    RateLimit,
    Round,
    ServerMemory,
    WorkerLedger,
)

__all__ = [
    "AdjustableRateLimit",
    "Budget",
    "BundleOnRecord",
    "ContactsLedger",
    "DailyCount",
    "DueRows",
    "ErasureLedger",
    "JoinableRun",
    "Journal",
    "LedgerReader",
    "RateLimit",
    "Round",
    "RunLedger",
    "RunOnRecord",
    "ServerMemory",
    "SettlingLedger",
    "SharedRun",
    "WorkerLedger",
    "WorkerNow",
]

"""What others need of the ledger: the protocols, and that SQLite's classes are what they say."""

from contextlib import closing
from pathlib import Path

from campaign.ledger import interface
from campaign.ledger.sql.settling import SqlSettling
from campaign.ledger.sqlite.contacts_store import SqliteContacts
from campaign.ledger.sqlite.due_rows import prepare_run
from campaign.ledger.sqlite.reading import SqliteReader
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.worker_store import SqliteWorkerLedger
from campaign.report.figures import Figures
from tests.ledgers import people


def names(protocol: type) -> set[str]:
    """All that the protocol asks for."""
    return {name for name in dir(protocol) if not name.startswith("_")}


def test_sqlite_is_what_the_protocols_say(tmp_path: Path) -> None:
    """mypy holds the types of these assignments; that every name is there, this does."""
    with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as ledger:
        people(ledger, 1)
        prepare_run(ledger.database, limit=None, chosen_only=False)
        run: interface.RunLedger = ledger
        contacts: interface.ContactsLedger = SqliteContacts(ledger.database)
        settling: interface.SettlingLedger = SqlSettling(ledger.database, reader=ledger.reader, running=lambda: True)
        reader: interface.LedgerReader = SqliteReader(ledger.database)
        figures: Figures = reader
        with closing(SqliteWorkerLedger(ledger.path, wake=lambda: None)) as store:
            worker: interface.WorkerLedger = store
            for protocol, behind in (
                (interface.RunLedger, run),
                (interface.SettlingLedger, settling),
                (interface.ContactsLedger, contacts),
                (interface.LedgerReader, reader),
                (Figures, figures),
                (interface.WorkerLedger, worker),
                (interface.DueRows, worker.due_rows),
                (interface.Journal, worker.journal),
                (interface.ServerMemory, worker.server_memory),
                (interface.RateLimit, worker.rate_limit("", 5.0)),
                (interface.DailyCount, worker.daily_count("")),
            ):
                assert names(protocol)
                assert names(protocol) <= set(dir(behind)), protocol
            worker.journal.close()


def test_the_protocols_know_no_database_and_no_file_but_the_place() -> None:
    for file in Path(interface.__file__).parent.glob("*.py"):
        text = file.read_text("utf-8")
        assert "sqlite" not in text.lower()
        assert "Path:" not in text and ": Path" not in text and "-> Path" not in text

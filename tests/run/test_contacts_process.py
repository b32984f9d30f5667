"""The process that reads the contacts file: it reads what this one would, says what went wrong, and always ends."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.contacts import open_contacts
from campaign.errors import ContactsError
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.run.contacts_loading import fill
from campaign.run.contacts_process import ContactsProcess, contacts_process
from campaign.run.enrolment import Enrolment, digest, is_broken_off, is_enrolled
from campaign.run.worker_pool import WorkerPool
from tests.campaigns import SmallCampaign, assert_agreement
from tests.forking import require_forks
from tests.ledgers import words
from tests.smtp_server import ServerProcess, read_record


@pytest.fixture
def reader() -> Iterator[ContactsProcess]:
    require_forks()
    with contacts_process(wanted=True) as begun:
        assert begun is not None
        yield begun
    with pytest.raises(ChildProcessError):
        os.waitpid(begun._pid, os.WNOHANG)


@pytest.fixture
def ledger(tmp_path: Path, reader: ContactsProcess) -> Iterator[SqliteRunLedger]:
    """Opened after the reader was begun, as must be."""
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as opened:
        yield opened


def reading(
    folder: Path, ledger: SqliteRunLedger, reader: ContactsProcess, heard: list[int], *, quiet: str = ""
) -> Enrolment:
    lines = [f"p{number % 11_000}@x.example" for number in range(12_000)]
    lines[7] = "nobody"
    (folder / "contacts.csv").write_text("email\n" + "\n".join(lines) + "\n")
    (folder / "quiet.csv").write_text(quiet)
    contacts = open_contacts(folder / "contacts.csv", email_column="email")
    return Enrolment(ledger, contacts, (folder / "quiet.csv",), heard.append, reader)


@pytest.mark.parametrize("in_parts", [False, True])
def test_it_reads_into_the_ledger_and_tells_how_far_it_is(
    tmp_path: Path, reader: ContactsProcess, ledger: SqliteRunLedger, in_parts: bool
) -> None:
    heard: list[int] = []
    reading(tmp_path, ledger, reader, heard, quiet="p5@x.example\n").read(in_parts=in_parts)
    assert heard[-1] == 12_000 and len(heard) > 1
    found = words(ledger)
    assert {word: found.count(word) for word in set(found)} == {
        "pending": 10_999, "invalid": 1, "duplicate": 999, "suppressed": 1
    }  # fmt: skip
    contacts = open_contacts(tmp_path / "contacts.csv", email_column="email")
    assert is_enrolled(ledger, contacts, (tmp_path / "quiet.csv",))


def test_what_is_wrong_is_said_as_if_it_had_been_read_here(
    tmp_path: Path, reader: ContactsProcess, ledger: SqliteRunLedger
) -> None:
    with pytest.raises(ContactsError) as caught:
        reading(tmp_path, ledger, reader, [], quiet="no address in here\n").read()
    assert caught.value.where == str(tmp_path / "quiet.csv")
    assert "suppression list" in caught.value.what and "one address a line" in caught.value.fix
    assert not ledger.has_contacts()


def test_one_that_was_killed_is_an_error_in_words(
    tmp_path: Path, reader: ContactsProcess, ledger: SqliteRunLedger, capfd: pytest.CaptureFixture[str]
) -> None:
    os.kill(reader._pid, signal.SIGKILL)
    with pytest.raises(ContactsError) as caught:
        reading(tmp_path, ledger, reader, []).read()
    assert "ended before its time" in caught.value.what
    assert caught.value.where == str(tmp_path / "contacts.csv")
    assert capfd.readouterr().err == ""


def test_one_that_is_killed_on_the_way_leaves_a_beginning_that_the_next_one_goes_on_with(
    tmp_path: Path, reader: ContactsProcess, ledger: SqliteRunLedger
) -> None:
    """It is not taken for the whole; and what is there is not written again."""

    def kill(_: int) -> None:
        os.kill(reader._pid, signal.SIGKILL)

    heard: list[int] = []
    order = reading(tmp_path, ledger, reader, heard)
    order._heard = kill
    with pytest.raises(ContactsError):
        order.read()
    begun = ledger.database.execute("SELECT * FROM entry").fetchall()
    assert 0 < len(begun) < 12_000 and begun[7][4] == "invalid"
    contacts, lists = open_contacts(tmp_path / "contacts.csv", email_column="email"), (tmp_path / "quiet.csv",)
    assert is_broken_off(ledger, contacts, lists) and not is_enrolled(ledger, contacts, lists)
    ledger.database.execute("CREATE TEMP TABLE written (row)")
    ledger.database.execute(
        "CREATE TEMP TRIGGER it AFTER INSERT ON main.entry BEGIN INSERT INTO written VALUES (new.row); END"
    )
    fill(ledger, contacts, lists, heard.append, digest=digest(contacts, lists))
    written = [row for (row,) in ledger.database.execute("SELECT row FROM written")]
    assert written == list(range(len(begun) + 1, 12_001))
    with SqliteRunLedger.open(tmp_path / "other.ledger", "x") as other:
        Enrolment(other, contacts, lists, heard.append).read()
        for question in ("SELECT row, line, email, status, detail, cells FROM entry", "SELECT * FROM tally"):
            assert other.database.execute(question).fetchall() == ledger.database.execute(question).fetchall()


def test_without_an_order_it_ends_when_it_is_let_go_and_that_may_be_said_twice(reader: ContactsProcess) -> None:
    reader.dismiss()
    reader.dismiss()


def test_it_ends_though_workers_forked_since_have_its_pipe(reader: ContactsProcess) -> None:
    """They wait for a job with a copy of it open; whoever waited for the reader to see its pipe close, would wait."""
    workers = WorkerPool(2)
    reader.dismiss()
    workers.dismiss()


def test_beside_threads_there_is_none() -> None:
    go_on = threading.Event()
    other = threading.Thread(target=go_on.wait)
    other.start()
    try:
        with contacts_process(wanted=True) as begun:
            assert begun is None
    finally:
        go_on.set()
        other.join()


def test_where_it_is_not_wanted_there_is_none() -> None:
    with contacts_process(wanted=False) as begun:
        assert begun is None


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_with_it_and_the_next_one_that_needs_none(
    tmp_path: Path, reader: ContactsProcess, processes: int
) -> None:
    record = tmp_path / "record.jsonl"
    with ServerProcess(record, "--keep", "nothing") as server:
        campaign = SmallCampaign(tmp_path / "campaign", settings={"smtp": {"connections": 2, "timeout": "1m"}})
        campaign.people(50).send(server.port, processes=processes, reader=reader, limit=30)
        with contacts_process(wanted=True) as another:
            assert another is not None
            summary = campaign.send(server.port, processes=processes, reader=another)
    assert summary.sent_now == 20
    found = [message.recipients[0] for message in read_record(record).accepted]
    assert assert_agreement(campaign, found) == {"sent": 50}

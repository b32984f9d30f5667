"""Where a ledger is opened: for whom, what each may do to it, and what stays."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from campaign.contacts import contact_key
from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.opening import (
    note_at_a_glance,
    open_for_dry_run,
    open_for_enrolment,
    open_for_reading,
    open_for_run,
    open_for_worker,
)
from campaign.ledger.sql.facts import write_fact
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.values import RunningProcess
from campaign.model import Status
from tests.ledgers import attempt, outcome, rows

COLUMNS = ["email"]
ALL = [rows("ann@x.example", "bob@x.example", None, "ANN@x.example")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A ledger with four rows, of which two are due."""
    path = tmp_path / "x.ledger"
    with open_for_run(path, "x"), closing(open_for_enrolment(path)) as ledger:
        ledger.enrol(COLUMNS, ALL, (), contact_key, remember=lambda: [("lists", "none")])
        ledger.enrolled("these files", [("seen", "much")])
    return path


def test_one_run_at_a_time_holds_it_and_readers_see_who(place: Path) -> None:
    with open_for_run(place, "x") as ledger:
        with pytest.raises(LedgerBusyError, match=f"process {os.getpid()} "):
            open_for_run(place, "x")
        with open_for_reading(place, "x") as reader:
            assert reader.running_process() == ledger.reader.running_process() == RunningProcess(pid=os.getpid())
    with open_for_reading(place, "x") as reader:
        assert reader.running_process() is None


def test_what_one_process_has_read_into_it_the_run_finds(place: Path) -> None:
    with open_for_run(place, "x") as ledger:
        assert ledger.has_contacts() and ledger.digest() == "these files"
        assert ledger.reader.columns() == COLUMNS and ledger.reader.read_whole()
        assert (ledger.note("lists"), ledger.note("seen"), ledger.note("nothing")) == ("none", "much", None)
        assert [one.status for one in ledger.rows()] == [
            Status.PENDING,
            Status.PENDING,
            Status.INVALID,
            Status.DUPLICATE,
        ]
        assert (ledger.count_due(), ledger.count_due(limit=1), ledger.count_due(chosen_only=True)) == (2, 1, 0)
    assert note_at_a_glance(place, "seen") == "much"
    assert note_at_a_glance(place.with_name("none.ledger"), "seen") is None


def test_a_worker_takes_claims_and_settles_and_the_reader_sees_it(place: Path) -> None:
    with open_for_run(place, "x") as ledger:
        ledger.prepare(limit=None, chosen_only=False)
        with closing(open_for_worker(place, wake=lambda: None)) as worker:
            first, second = worker.due_rows.take(5) or []
            for due in (first, second):
                worker.journal.claim(attempt(due.id))
            worker.journal.settle(outcome(first.id))
            worker.journal.settle(outcome(second.id, Status.REJECTED))
            worker.journal.close()
            assert +ledger.reader.deliveries() == {Status.SENT: 1}
            assert ledger.reader.counts()[Status.REJECTED] == 1
            worker.revert([first.id, second.id])  # also once its journal is closed
            assert ledger.reader.counts()[Status.REJECTED] == 0
            assert ledger.reader.counts()[Status.SENT] == 1


def test_a_worker_that_has_closed_it_takes_nothing_more(place: Path) -> None:
    with open_for_run(place, "x") as ledger:
        ledger.prepare(limit=None, chosen_only=False)
        worker = open_for_worker(place, wake=lambda: None)
        worker.journal.close()
        worker.close()
        with pytest.raises(LedgerError):
            worker.due_rows.take(1)
        place.rename(place.with_name("elsewhere"))
        with pytest.raises(LedgerError):
            worker.revert([1])


def test_columns_that_are_being_read_anew_are_not_known_before(place: Path) -> None:
    with open_for_run(place, "x") as ledger:
        ledger.prepare(limit=None, chosen_only=False, reading=True)
        assert ledger.reader.columns() == []


def test_the_message_id_domain_stays_that_of_the_first_run(place: Path) -> None:
    with open_for_run(place, "x") as ledger:
        assert ledger.keep_message_id_domain("first.example") == "first.example"
        assert ledger.keep_message_id_domain("second.example") == "first.example"
    with open_for_reading(place, "x") as reader:
        assert reader.message_id_domain() == "first.example"


def test_the_secret_of_message_ids_stays_and_there_is_none_for_a_campaign_that_began_without(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    with open_for_run(new, "x") as ledger:
        assert ledger.reader.message_id_secret() is None
        ledger.keep_message_id_domain("acme.example")
        secret = ledger.reader.message_id_secret()
        assert secret is not None and len(secret) >= 16
    with open_for_run(new, "x") as ledger:
        ledger.keep_message_id_domain("acme.example")
        assert ledger.reader.message_id_secret() == secret
    with open_for_run(old, "x") as ledger:
        assert isinstance(ledger, SqliteRunLedger)
        write_fact(ledger.database, "message_id_domain", "acme.example")
        ledger.keep_message_id_domain("acme.example")
        assert ledger.reader.message_id_secret() is None


@pytest.mark.parametrize("copied", [False, True])
def test_what_a_dry_run_does_is_gone_with_it(place: Path, copied: bool) -> None:
    before = place.read_bytes()
    with closing(open_for_dry_run("x", earlier=place if copied else None)) as ledger:
        assert ledger.reader.counts()[Status.INVALID] == (1 if copied else 0)
        ledger.enrol(COLUMNS, [rows("dan@x.example")], (), contact_key)
        assert [one.contact.email for one in ledger.rows()] == ["dan@x.example"]
    assert place.read_bytes() == before


def test_a_reader_remembers_results_in_a_ledger_that_it_only_reads(place: Path) -> None:
    with open_for_reading(place, "x") as reader:
        assert reader.written_digests() == frozenset()
        reader.remember_written("abc", guarded=True)
    with open_for_run(place, "x") as ledger:
        assert ledger.reader.written_digests() == {"abc"} and ledger.results_were_guarded()
        ledger.reader.remember_written("def")
        assert ledger.reader.written_digests() == {"abc", "def"}

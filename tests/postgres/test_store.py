"""A ledger in a database as the owner of a run holds it: opened by one, lost by who is cut off, left to workers."""

from collections.abc import Callable, Iterator

import pytest

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.interface import RunLedger
from campaign.ledger.opening import open_for_reading, open_for_run
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.store import PostgresRunLedger
from campaign.ledger.values import RunningProcess
from campaign.ledger_place import DatabasePlace
from campaign.model import Row, Status

pytestmark = pytest.mark.postgres


@pytest.fixture
def at(place: Callable[[str], DatabasePlace]) -> DatabasePlace:
    return place("autumn")


@pytest.fixture
def elsewhere(at: DatabasePlace, ledger: PostgresRunLedger) -> Iterator[PostgresConnection]:
    """Another connection, as workers have it."""
    with PostgresConnection(at) as opened:
        yield opened


@pytest.fixture
def ledger(at: DatabasePlace) -> Iterator[PostgresRunLedger]:
    with PostgresRunLedger.open(at, "autumn") as opened:
        yield opened


def enrol(ledger: RunLedger, people: int = 3) -> None:
    rows = [
        Row(number=n, line=n + 1, cells=(f"p{n}@x.example",), email=f"p{n}@x.example", fault=None)
        for n in range(1, people + 1)
    ]
    ledger.enrol(["email"], [rows], [], str.lower, digest="d")
    ledger.enrolled("d", [])


def join(elsewhere: PostgresConnection, *, seconds: float = 60) -> int:
    """Put a worker of the run on record."""
    (number,) = elsewhere.execute(
        "INSERT INTO worker (run, host, pid, lease_until) SELECT number, 'mail-3', 41, now() + make_interval(secs => ?)"
        " FROM run WHERE state <> 'ended' RETURNING number",
        (seconds,),
    ).fetchone()
    return int(number)


def claim(elsewhere: PostgresConnection, worker: int, contact: int) -> None:
    """Do what a worker's round does."""
    elsewhere.execute("INSERT INTO delivery (contact, status, worker) VALUES (?, 'sending', ?)", (contact, worker))
    elsewhere.execute("INSERT INTO worker_tally VALUES (?, 'pending', -1), (?, 'sending', 1)", (worker, worker))


def test_the_first_run_makes_the_ledger_and_one_run_at_a_time_has_it(at: DatabasePlace) -> None:
    with open_for_run(at, "autumn") as ledger:
        assert ledger.in_place and ledger.damage() is None and ledger.lock is None
        assert ledger.shared is not None and ledger.shared.adopted is None
        with pytest.raises(LedgerBusyError, match="another run is using this campaign's ledger: process"):
            open_for_run(at, "autumn")
    with open_for_run(at, "autumn"):  # at once: the first has let go of it
        pass


def test_whoever_looks_on_sees_whose_run_it_is_and_how_many_are_at_work(
    at: DatabasePlace, ledger: PostgresRunLedger, elsewhere: PostgresConnection
) -> None:
    join(elsewhere)
    elsewhere.execute("UPDATE run SET owner_host = 'mail-9', owner_pid = 7")
    with open_for_reading(at, "autumn") as reader:
        found = reader.running_process()
        assert found == RunningProcess(pid=7, host="mail-9", workers=1)
        assert str(found) == "process 7 on mail-9, with 1 worker"


def test_claims_of_workers_that_are_at_work_are_nobodys_to_recover(
    ledger: PostgresRunLedger, elsewhere: PostgresConnection
) -> None:
    enrol(ledger)
    worker = join(elsewhere)
    claim(elsewhere, worker, 1)
    assert ledger.recover() == 0
    elsewhere.execute("UPDATE worker SET state = 'left'")
    assert ledger.recover() == 1
    assert ledger.reader.counts()[Status.IN_DOUBT] == 1


def test_a_run_is_prepared_from_its_first_row_and_nothing_of_earlier_ones_is_left(
    ledger: PostgresRunLedger, elsewhere: PostgresConnection
) -> None:
    enrol(ledger)
    elsewhere.execute("INSERT INTO block (first, last) VALUES (1, 2)")
    elsewhere.execute("INSERT INTO set_aside (queue, row) VALUES ('q', 1)")
    elsewhere.execute("UPDATE run SET cursor = 9")
    ledger.prepare(
        limit=5, chosen_only=True, reading=True, zone_column="zone", limited_domains=["b.example", "a.example"]
    )
    row = elsewhere.execute("SELECT cursor, allowance, chosen_only, reading, queues FROM run").fetchone()
    assert row == (0, 5, True, True, '["zone", ["a.example", "b.example"]]')
    assert ledger.reader.columns() == [], "not known before they have been read again"
    for table in ("block", "set_aside"):
        assert elsewhere.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    ledger.enrolled("d", [])
    assert elsewhere.execute("SELECT reading FROM run").fetchone() == (False,)


def test_who_closes_before_the_end_leaves_the_run_to_its_workers_and_the_next_goes_on_with_it(
    at: DatabasePlace, ledger: PostgresRunLedger, elsewhere: PostgresConnection
) -> None:
    ledger.shared.offer("orders.facts", {"orders": b"1", "facts": b"2"}, check="c")
    join(elsewhere)
    ledger.close()
    with PostgresRunLedger.open(at, "autumn") as second:
        adopted = second.shared.adopted
        assert adopted is not None and (adopted.bundle, adopted.workers) == ("orders.facts", 1)
        assert (second.shared.check(), second.shared.file("facts")) == ("c", b"2")
        with pytest.raises(LedgerError, match="damaged"):
            second.shared.file("no such thing")
        second.shared.end()
    assert elsewhere.execute("SELECT state FROM run").fetchone() == ("ended",)


def test_whether_rows_are_left_is_told_by_cursor_blocks_and_what_stands_aside(
    ledger: PostgresRunLedger, elsewhere: PostgresConnection
) -> None:
    enrol(ledger)
    ledger.prepare(limit=None, chosen_only=False)
    assert ledger.shared.rows_left()
    elsewhere.execute("UPDATE run SET cursor = 3")
    assert not ledger.shared.rows_left()
    for sql in ("INSERT INTO block (first, last) VALUES (1, 2)", "INSERT INTO set_aside (queue, row) VALUES ('q', 1)"):
        elsewhere.execute(sql)
        assert ledger.shared.rows_left()
        elsewhere.execute(f"DELETE FROM {sql.split()[2]}")
    ledger.prepare(limit=0, chosen_only=False)
    assert not ledger.shared.rows_left(), "no more may be taken"


def test_of_a_limited_run_so_much_is_left_as_it_was_told_to_send(
    ledger: PostgresRunLedger, elsewhere: PostgresConnection
) -> None:
    enrol(ledger)
    ledger.prepare(limit=None, chosen_only=False)
    assert ledger.shared.count_due() == ledger.count_due() == 3
    ledger.prepare(limit=1, chosen_only=False)
    assert ledger.shared.count_due() == 1
    elsewhere.execute("INSERT INTO block (first, last) VALUES (1, 1)")
    assert ledger.shared.count_due() == 2, "one is in somebody's hands and was counted off when it was taken"
    ledger.prepare(limit=None, chosen_only=True)
    assert ledger.shared.count_due() == 0, "nobody is chosen"


def test_a_connection_that_breaks_is_an_error_until_it_is_mended(
    ledger: PostgresRunLedger, elsewhere: PostgresConnection
) -> None:
    elsewhere.execute("SELECT pg_terminate_backend(?)", (ledger.database.raw.info.backend_pid,))
    with pytest.raises(LedgerError):
        ledger.shared.workers()
    ledger.checkpoint()
    assert ledger.shared.workers() == []


def test_who_has_lost_the_run_to_another_settles_nothing_of_it(
    at: DatabasePlace, ledger: PostgresRunLedger, elsewhere: PostgresConnection
) -> None:
    enrol(ledger)
    ledger.announce_run(opened=None, templates="t")
    elsewhere.execute("UPDATE run SET owner = 'another'")
    ledger._lease._thread.join()
    assert not ledger.in_place and ledger.damage() is not None
    claim(elsewhere, 1, 1)
    ledger.settle_run()
    assert ledger.recover() == 0
    assert elsewhere.execute("SELECT count(*) FROM facts WHERE name = 'begun'").fetchone() == (1,)
    assert "campaign_autumn" in ledger.rescue()

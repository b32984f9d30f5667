"""What is learned of servers: one trial for all processes, a verdict for the run, and "unable" for good."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.ledger.sql.server_memory import SqlServerMemory
from campaign.ledger.sqlite.due_rows import prepare_run
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "c.ledger", "autumn") as opened:
        yield opened


@pytest.fixture
def memories(ledger: SqliteRunLedger) -> Iterator[tuple[SqlServerMemory, SqlServerMemory]]:
    """Two processes' looks into it."""
    with closing(_memory(ledger)) as ours, closing(_memory(ledger)) as theirs:
        yield ours, theirs


def _memory(ledger: SqliteRunLedger) -> SqlServerMemory:
    return SqlServerMemory(connect(ledger.path, cache_mib=1, eager=True))


def next_run(ledger: SqliteRunLedger) -> None:
    prepare_run(ledger.database, limit=None, chosen_only=False)


Two = tuple[SqlServerMemory, SqlServerMemory]


def test_one_process_wins_the_trial(memories: Two) -> None:
    ours, theirs = memories
    assert ours.begin_trial("mx", "pipelining") and not theirs.begin_trial("mx", "pipelining")
    assert not ours.begin_trial("mx", "pipelining")
    assert theirs.begin_trial("mx", "chunking") and theirs.begin_trial("other", "pipelining")


@pytest.mark.parametrize("able", [True, False])
def test_a_verdict_is_everybodys_and_ends_the_trials(memories: Two, able: bool) -> None:
    ours, theirs = memories
    assert ours.look_up("mx", "pipelining") is None
    ours.begin_trial("mx", "pipelining")
    assert theirs.look_up("mx", "pipelining") is None
    ours.learn("mx", "pipelining", able=able)
    assert theirs.look_up("mx", "pipelining") is able
    assert not theirs.begin_trial("mx", "pipelining")


def test_the_next_run_knows_what_does_not_work_and_tries_the_rest_again(ledger: SqliteRunLedger, memories: Two) -> None:
    ours, _ = memories
    ours.learn("able", "pipelining", able=True)
    ours.learn("unable", "pipelining", able=False)
    ours.begin_trial("died in it", "pipelining")
    next_run(ledger)
    assert ours.look_up("unable", "pipelining") is False
    assert ours.look_up("able", "pipelining") is None
    assert ours.begin_trial("able", "pipelining") and ours.begin_trial("died in it", "pipelining")


def test_what_was_thought_able_can_be_forgotten_and_nothing_else(memories: Two) -> None:
    ours, theirs = memories
    ours.learn("able", "pipelining", able=True)
    ours.learn("unable", "pipelining", able=False)
    theirs.begin_trial("on trial", "pipelining")
    for server in ("able", "unable", "on trial"):
        ours.forget(server, "pipelining")
    assert ours.begin_trial("able", "pipelining")
    assert not ours.begin_trial("on trial", "pipelining") and ours.look_up("unable", "pipelining") is False


def test_mail_does_not_wait_for_a_trial_while_somebody_else_writes(ledger: SqliteRunLedger, memories: Two) -> None:
    ours, _ = memories
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not ours.begin_trial("mx", "pipelining")
        other.execute("ROLLBACK")
    assert ours.begin_trial("mx", "pipelining")


def test_a_ledger_that_is_gone_is_nobodys_fault_here(ledger: SqliteRunLedger) -> None:
    memory = _memory(ledger)
    memory.close()
    assert memory.look_up("mx", "pipelining") is None and not memory.begin_trial("mx", "pipelining")
    memory.learn("mx", "pipelining", able=False)

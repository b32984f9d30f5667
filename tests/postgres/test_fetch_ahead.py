"""The thread that asks ahead: it gets over connections that break, tells of what it can't get over, and ends."""

import threading
import time
from datetime import date

import pytest

from campaign.errors import LedgerError
from campaign.ledger_place import DatabasePlace
from tests.postgres.shared_run import SharedRun
from tests.postgres.test_daily_count import begin, begin_all, commit, on_record
from tests.postgres.worker_run import until

pytestmark = pytest.mark.postgres

TODAY = date(2026, 11, 26)
_BREAK = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def break_connections(run: SharedRun) -> None:
    """Have the server hang up on everybody else."""
    run.database.raw.execute(_BREAK)


def test_after_a_connection_broke_all_goes_on_as_before(shared_run: SharedRun) -> None:
    limits = shared_run.limits()
    rate, count, budget = limits.rate_limit("", 20.0), limits.daily_count(""), limits.budget("connections:", 7)
    until(lambda: rate.take(time.monotonic()))
    for _ in range(3):
        assert begin(count, 40)
        break_connections(shared_run)
        until(lambda: rate.take(time.monotonic()))
    assert budget.share == 7
    others = shared_run.limits()
    other_share = others.budget("connections:", 7)

    def is_shared() -> bool:
        budget.use(budget.share)
        other_share.want(7)
        return other_share.share == 3

    until(is_shared)
    commit(shared_run, limits)
    commit(shared_run, others)
    assert on_record(shared_run, TODAY) == 3
    assert begin_all(count, 40) == 37, "no leave was lost with an answer"


def test_what_does_not_pass_is_told_by_whoever_asks(shared_run: SharedRun) -> None:
    limits = shared_run.limits()
    rate = limits.rate_limit("", 20.0)
    until(lambda: rate.take(time.monotonic()))
    shared_run.database.raw.execute("DROP TABLE rate")
    with pytest.raises(LedgerError, match="no ledger"):
        until(lambda: rate.take(time.monotonic()) and False)


def test_a_database_that_is_not_there_holds_nobody_up_at_the_end(shared_run: SharedRun) -> None:
    limits = shared_run.limits()
    limits.rate_limit("", 20.0).take(time.monotonic())
    limits.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "budgets"]
    away = SharedRun.__new__(SharedRun)
    away.place, away._made = DatabasePlace(url="postgresql://nobody@127.0.0.1:1/none", campaign="autumn"), []
    gone = away.limits(1)
    assert not gone.rate_limit("", 20.0).take(time.monotonic())
    began = time.monotonic()
    gone.close()
    assert time.monotonic() - began < 4


def test_who_uses_none_of_it_has_no_thread_and_no_connection(shared_run: SharedRun) -> None:
    limits = shared_run.limits()
    assert limits.statements() == []
    limits.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "budgets"]

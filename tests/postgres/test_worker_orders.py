"""The journal against its model (`tests/journal_model.py`), in a database: two workers of one run."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from campaign.ledger.interface import Journal
from campaign.ledger_place import DatabasePlace
from tests.journal_model import Courier
from tests.postgres.worker_run import WorkerRun

pytestmark = pytest.mark.postgres


def test_all_that_a_dispatcher_may_do_in_any_order(place: Callable[[str], DatabasePlace]) -> None:
    run = WorkerRun(place("autumn"), 4)
    workers = [run.join(), run.join()]

    class _Courier(Courier):
        """Over two workers that stay; their journals are not closed."""

        def open(self) -> list[Journal]:
            run.raw.execute("TRUNCATE delivery, worker_tally")
            pens: list[Any] = [_Open(worker.journal) for worker in workers]
            return pens

        def close(self) -> dict[int, tuple[str, int]]:
            assert run.tally() == run.counted()
            found = run.ask("SELECT contact, status, attempts FROM delivery")
            return {contact: (word, attempts) for contact, word, attempts in found}

    run_state_machine_as_test(
        _Courier,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    run.close()


class _Open:
    """A journal that is written, not closed, at the end."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    def close(self) -> None:
        """Write what is left."""
        if self._journal.queued:
            self._journal.commit()
            self._journal.collect(wait=True)

"""Limits by recipient domain: never more than they say in any second or at once, and nobody else waits for them."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Attempt, Reply
from campaign.run.plan import open_window
from campaign.worker.domain_limits import DomainLimit
from tests.ledgers import enrolled, row
from tests.worker.simulated_run import BUSY, OK, SimulatedRun, at_once, fullest

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as opened:
        yield opened


def contacts(ledger: SqliteRunLedger, *domains: str) -> None:
    """One contact for each of these domains, in this order."""
    enrolled(ledger, [row(number, f"p{number}@{domain}") for number, domain in enumerate(domains, 1)])


def run(folder: Path, ledger: SqliteRunLedger, **given: Any) -> SimulatedRun:
    return SimulatedRun(folder, ledger, window=open_window(), starts=START, **given).go()


def sent_to(done: SimulatedRun, domain: str) -> list[Any]:
    return [one for one in done.sent if one.domain == domain]


@pytest.mark.parametrize("processes", [1, 4])
def test_a_slow_domain_keeps_its_rate_and_holds_up_nobody(
    tmp_path: Path, ledger: SqliteRunLedger, processes: int
) -> None:
    contacts(ledger, *(["slow.example"] * 40 + ["quick.example"] * 300))
    done = run(
        tmp_path, ledger, processes=processes, connections=8, domain_limits={"slow.example": DomainLimit(rate=10)}
    )
    slow, quick = sent_to(done, "slow.example"), sent_to(done, "quick.example")
    assert (len(slow), len(quick)) == (40, 300)
    assert fullest([one.began for one in slow], 1.0) <= 10
    assert max(one.ended for one in slow) <= 1.15 * 40 / 10
    assert max(one.ended for one in quick) < 2.5, "300 messages at 8 a time, 0.05 s each, take 1.9 s"


@pytest.mark.parametrize(("processes", "most"), [(1, 3), (4, 3), (4, 1), (3, 5)])
def test_a_domain_has_no_more_messages_under_way_than_it_may(
    tmp_path: Path, ledger: SqliteRunLedger, processes: int, most: int
) -> None:
    """Over all processes, also where there are more of them than messages."""
    contacts(ledger, *(["narrow.example", "wide.example"] * 60))
    done = run(
        tmp_path,
        ledger,
        processes=processes,
        connections=12,
        domain_limits={"narrow.example": DomainLimit(connections=most)},
    )
    narrow, wide = sent_to(done, "narrow.example"), sent_to(done, "wide.example")
    assert (len(narrow), len(wide)) == (60, 60)
    assert at_once(narrow) == most
    assert max(one.ended for one in narrow) <= 60 / most * 0.05 + 0.5, "and all of that is used"
    assert max(one.ended for one in wide) < 60 / (12 - most) * 0.05 + 0.5


def test_order_is_kept_for_each_domain(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    contacts(ledger, *(["slow.example", "quick.example", "quick.example"] * 30))
    done = run(tmp_path, ledger, connections=3, domain_limits={"slow.example": DomainLimit(rate=15, connections=2)})
    for domain in ("slow.example", "quick.example"):
        began = [one.contact for one in sorted(sent_to(done, domain), key=lambda one: one.began)]
        assert began == sorted(began)


def test_retries_count_against_the_limit(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    tried: Counter[int] = Counter()

    def greylists(attempt: Attempt, _: float) -> Reply:
        tried[attempt.contact] += 1
        return BUSY if tried[attempt.contact] == 1 else OK

    contacts(ledger, *(["slow.example"] * 25 + ["quick.example"] * 25))
    done = run(
        tmp_path,
        ledger,
        processes=2,
        connections=6,
        answer=greylists,
        first_wait=2.0,
        longest_wait=2.0,
        domain_limits={"slow.example": DomainLimit(rate=5, connections=2)},
    )
    slow = sent_to(done, "slow.example")
    assert len(slow) == 50 and len(done.accepted()) == 50
    assert fullest([one.began for one in slow], 1.0) <= 5
    assert at_once(slow) <= 2
    assert max(one.ended for one in sent_to(done, "quick.example")) < 4.0


def test_no_more_rows_of_a_slow_domain_are_in_hand_than_were_taken_at_once(
    tmp_path: Path, ledger: SqliteRunLedger
) -> None:
    """However often it is its turn while others go by."""
    contacts(ledger, *(["slow.example"] * 700 + ["quick.example"] * 700))
    simulated = SimulatedRun(
        tmp_path,
        ledger,
        window=open_window(),
        starts=START,
        connections=6,
        takes=lambda attempt: 0.01,
        domain_limits={"slow.example": DomainLimit(connections=1)},
    )
    (worker,) = simulated.workers
    most, take = 0, worker.rows._due_rows.take

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal most
        found = take(*given, **named)
        held = sum(map(len, worker.rows._held._rows.values())) + len(worker.rows._freed) + len(worker.rows._fresh)
        most = max(most, held + len(found or []))
        return found

    worker.rows._due_rows.take = counted  # type: ignore[method-assign]
    simulated.go()
    assert len(simulated.accepted()) == 1400
    assert 8 < most <= 2 * 128


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limits=st.dictionaries(
        st.sampled_from(["a.example", "b.example", "c.example"]),
        st.builds(DomainLimit, rate=st.none() | st.floats(0.5, 40), connections=st.none() | st.integers(1, 5)),
        max_size=3,
    ),
    domains=st.lists(st.sampled_from("abcd"), min_size=1, max_size=40),
    processes=st.integers(1, 4),
    rate=st.none() | st.floats(5, 200),
    refused=st.sets(st.integers(1, 40), max_size=10),
)
def test_whatever_the_limits_all_is_sent_and_none_is_broken(
    tmp_path_factory: pytest.TempPathFactory,
    limits: dict[str, DomainLimit],
    domains: list[str],
    processes: int,
    rate: float | None,
    refused: set[int],
) -> None:
    folder = tmp_path_factory.mktemp("run")
    seen: set[int] = set()

    def answer(attempt: Attempt, _: float) -> Reply:
        first = attempt.contact in refused - seen
        seen.add(attempt.contact)
        return BUSY if first else OK

    with SqliteRunLedger.open(folder / "small.ledger", "small") as ledger:
        contacts(ledger, *(f"{one}.example" for one in domains))
        done = run(
            folder,
            ledger,
            processes=processes,
            connections=6,
            rate=rate,
            domain_limits=limits,
            answer=answer,
            first_wait=1.0,
            longest_wait=1.0,
        )
    assert sorted(done.accepted()) == list(range(1, len(domains) + 1))
    for domain, limit in limits.items():
        to_it = sent_to(done, domain)
        assert limit.rate is None or fullest([one.began for one in to_it], 1.0) <= ceil(limit.rate)
        assert limit.connections is None or at_once(to_it) <= limit.connections
    assert rate is None or fullest([one.began for one in done.sent], 1.0) <= ceil(rate)

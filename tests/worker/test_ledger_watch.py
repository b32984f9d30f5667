"""A ledger that is watched: what has not left is taken back with the lease; the owner's word and trouble are told."""

from types import SimpleNamespace
from typing import Any

from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.ledger_watch import LedgerWatch


class _Ledger:
    """A ledger that is as the test says, and its own journal; it hears what a pool is told, too."""

    def __init__(self) -> None:
        self.journal = self
        self.pool = self
        self.lease_holds = True
        self.must_drain = False
        self.trouble = ""
        self.heard: list[str] = []

    def cancel_unsent(self) -> None:
        self.heard.append("take back")

    def begin_anew(self) -> None:
        self.heard.append("begin anew")

    def drain(self) -> None:
        self.heard.append("drain")


def _watch(ledger: _Ledger, breaker: CircuitBreaker) -> LedgerWatch:
    routes: Any = [SimpleNamespace(pool=ledger), SimpleNamespace(pool=ledger)]
    seen: Any = ledger
    return LedgerWatch(seen, routes=routes, breaker=breaker, drain=ledger.drain)


def test_what_has_not_left_is_taken_back_from_all_servers_before_claims_are_good_again() -> None:
    ledger = _Ledger()
    watch = _watch(ledger, CircuitBreaker(stop_after=9, where=""))
    watch.mind_the_lease()
    assert ledger.heard == []
    ledger.lease_holds = False
    watch.mind_the_lease()
    assert ledger.heard == ["take back", "take back", "begin anew"]


def test_the_owner_has_it_drain_once() -> None:
    ledger = _Ledger()
    watch = _watch(ledger, CircuitBreaker(stop_after=9, where=""))
    watch.look()
    ledger.must_drain = True
    watch.look()
    watch.look()
    assert ledger.heard == ["drain"]


def test_trouble_is_told_when_it_begins_and_when_it_is_over() -> None:
    ledger = _Ledger()
    breaker = CircuitBreaker(stop_after=9, where="")
    watch = _watch(ledger, breaker)
    for trouble in ("", "the database can't be reached (gone)", "the database can't be reached (starts)", "", ""):
        ledger.trouble = trouble
        watch.look()
    assert [notice.words for notice in breaker.notices()] == [
        "the database can't be reached (gone); messages wait, and it is tried again",
        "the database answers again",
    ]

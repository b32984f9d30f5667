"""When a worker's claims and outcomes are written: at once where a round costs little, together where it costs much."""

from dataclasses import dataclass, field
from typing import Any, cast

from campaign.ledger.interface import Journal, Round
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.commits import Commits
from campaign.worker.profile import Profile
from campaign.worker.route import Route

_ENOUGH = 20
_CONNECTIONS = _ENOUGH // 2


@dataclass
class Pen:
    """A journal that counts its rounds."""

    longest_delay: float = 0.0
    queued: int = 0
    syncing: bool = False
    rounds: list[int] = field(default_factory=list)

    def commit(self) -> None:
        self.rounds.append(self.queued)
        self.queued = 0

    def collect(self) -> Round | None:
        return None


@dataclass
class Connections:
    """A pool as far as a commit looks at it."""

    connections: int = _CONNECTIONS
    busy: int = _CONNECTIONS
    holds_bodies: bool = False


@dataclass
class OneRoute:
    pool: Connections = field(default_factory=Connections)
    dispatcher: Any = None


class Scene:
    def __init__(self, longest_delay: float) -> None:
        self.now = 0.0
        self.pen = Pen(longest_delay)
        self.route = OneRoute()
        self.commits = Commits(
            cast(Journal, self.pen),
            routes=[cast(Route, self.route)],
            breaker=cast(CircuitBreaker, None),
            profile=Profile(wanted=False),
            clock=lambda: self.now,
        )

    def rounds(self, *, messages: int, every: float) -> int:
        """So many come, one after the other; gives how many rounds they took."""
        before = len(self.pen.rounds)
        for _ in range(messages):
            self.pen.queued += 2
            end = self.now + every
            while (patience := self.commits.patience) is not None and self.now + patience < end:
                self.now += patience
                self.commits.go_on(0)
            self.now = end
        return len(self.pen.rounds) - before


def test_a_journal_whose_rounds_cost_little_writes_as_soon_as_nothing_else_is_to_be_done() -> None:
    scene = Scene(0.0)
    assert scene.rounds(messages=50, every=0.004) == 50


def test_what_is_queued_waits_for_more_while_nobody_waits_for_it_and_no_longer_than_the_journal_says() -> None:
    scene = Scene(0.1)
    scene.rounds(messages=2000, every=0.02)
    assert 350 < scene.rounds(messages=2000, every=0.02) < 450  # five in a tenth of a second


def test_as_many_as_are_worth_a_round_wait_for_nothing() -> None:
    scene = Scene(0.1)
    scene.pen.queued = _ENOUGH
    scene.commits.go_on(1)
    assert scene.pen.rounds == [_ENOUGH]


def test_a_body_that_is_held_for_its_claim_is_not_kept_waiting() -> None:
    scene = Scene(0.1)
    scene.rounds(messages=500, every=0.02)
    scene.route.pool.holds_bodies = True
    assert scene.rounds(messages=50, every=0.02) == 50


def test_nothing_waits_that_had_to_be_waited_for_before() -> None:
    """Where a reply takes no longer than a round, each claim is needed at once: as if there were no delay."""
    scene = Scene(0.1)
    scene.route.pool.holds_bodies = True
    scene.rounds(messages=100, every=0.02)
    scene.route.pool.holds_bodies = False
    scene.pen.queued = 1
    patience = scene.commits.patience
    assert patience is not None and patience < 0.001


def test_when_no_connection_has_anything_to_do_the_last_outcomes_are_written_at_once() -> None:
    scene = Scene(0.1)
    scene.rounds(messages=500, every=0.02)
    scene.route.pool.busy = 0
    scene.pen.queued = 1
    assert scene.commits.patience == 0

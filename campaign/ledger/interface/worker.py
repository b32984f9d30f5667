"""What one process's share of a run needs of a ledger."""

from collections.abc import Collection, Container
from datetime import date
from typing import NamedTuple, Protocol

from campaign.model import Attempt, DueRow, Outcome


class Round(NamedTuple):
    """What became of the claims of one round."""

    durable: list[Attempt]
    """Whose bodies may leave now."""
    lost: list[Attempt]
    """That another worker had won, or that proof has settled since."""


class DueRows(Protocol):
    """The rows of a run, each for one worker."""

    @property
    def held_queues(self) -> frozenset[str] | None:
        """The queues of all the rows that are left, where the last `take` found none but of queues that are held; None
        where there may be others.
        """

    @property
    def passing(self) -> bool:
        """Whether the last `take` ended amid rows of queues that are held: there may be others right behind."""

    @property
    def left(self) -> int | None:
        """How many rows nobody has taken yet, at most; None where that is not known."""

    def take(self, most: int, *, held: Container[str] = ()) -> list[DueRow] | None:
        """Give up to `most` rows that are the caller's alone, of queues (`row_queues`) that are not `held`: an empty
        list while more are being read or on their way, while other workers have rows that may come back, or where
        those that are left are held; None when there are no more, now or later.
        """


class Journal(Protocol):
    """Claims and outcomes, written in rounds (`commit`) that become durable in the background (`collect`)."""

    @property
    def queued(self) -> int:
        """How many claims and outcomes wait to be written."""

    @property
    def syncing(self) -> bool:
        """Whether a round is under way."""

    @property
    def longest_delay(self) -> float:
        """Seconds for which what is queued may wait for more, where nobody waits for it: what a round costs says how
        long that is worth it. 0 where a round costs little but its fsync.
        """

    def holds(self, contact: int) -> bool:
        """Whether the row's last claim and its outcome are both still unwritten: too early for another claim."""

    def anybody_sent(self, server: str = "") -> bool:
        """Whether the ledger knows of a message that was sent, by whatever worker or run; through this server, where
        one is named.
        """

    def claim(self, attempt: Attempt) -> None:
        """Ask for a row: `collect` says when the attempt's body may leave."""

    def settle(self, outcome: Outcome) -> None:
        """Write down what became of a claimed row."""

    def release(self, contact: int) -> None:
        """Give a claimed row back, as if it had never been claimed."""

    def mark_invalid(self, contact: int, why: str) -> None:
        """Write down that a row that was never claimed can't be mailed."""

    def mark_failed(self, contact: int) -> None:
        """Write down that a row waiting for another try will have none; its last reply stands."""

    def take_back(self, contact: int) -> None:
        """Make a row pending again that was refused for what turned out to be a server's fault."""

    def doubt(self, contact: int, why: str) -> None:
        """Write down that a row waiting for another try may have been delivered already."""

    @property
    def lease_holds(self) -> bool:
        """Whether claims that are durable still are this worker's alone. A ledger on one machine always says so; on
        several, a worker that has been cut off from it for too long must let no body leave, and begin nothing; what has
        not left it takes back, and says so (`begin_anew`).
        """

    def begin_anew(self) -> None:
        """Hear that nothing that was claimed before the lease ran out is going to leave: once the ledger answers again,
        claims are good.
        """

    def commit(self) -> None:
        """Begin to write all that is queued; where that raises, it is still queued."""

    def collect(self, *, wait: bool = False) -> "Round | None":
        """Give what a round has come to that is at its end; None while it is not. What was queued of outcomes of claims
        that are lost is dropped.
        """

    def close(self) -> None:
        """Write what is left, and make it durable."""


class ServerMemory(Protocol):
    """What the campaign has learned of its servers. Raises nothing."""

    def look_up(self, server: str, ability: str) -> bool | None:
        """Say whether the server is able; None where that is not known yet."""

    def begin_trial(self, server: str, ability: str) -> bool:
        """Say whether the caller, and nobody else in this run, may find out."""

    def learn(self, server: str, ability: str, *, able: bool) -> None:
        """Remember it: for this run if it is able, for all runs of the campaign if it is not."""

    def forget(self, server: str, ability: str) -> None:
        """Let somebody find out again, where it was thought able."""


class RateLimit(Protocol):
    """A rate of the operator's, which all processes of a run share. `now`: monotonic seconds of this machine."""

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking for leave."""

    def take(self, now: float) -> bool:
        """Take leave to begin one message."""

    def give_back(self, now: float) -> None:
        """Give back what was taken and not used."""


class AdjustableRateLimit(RateLimit, Protocol):
    """One that is set anew while it goes on, by each process for itself."""

    def set_rate(self, rate: float) -> None:
        """Let so many messages a second begin from now on."""


class DailyCount(Protocol):
    """How many messages began on each day, which all processes of a run and the runs after it count together."""

    def begin(self, day: date, limit: int) -> bool:
        """Take leave for one message on that day; False where `limit` messages have leave. Where it is given, the
        message is claimed next, or the leave given back: nothing is committed between the two.
        """

    def reserve(self, day: date, limit: int) -> bool:
        """Have leave for one message on that day, which the next `begin` uses; False where `limit` messages have it."""

    @property
    def asking(self) -> bool:
        """Whether the last `reserve` or `begin` gave no leave only since the ledger's answer has not come yet."""

    def has_room(self, day: date, limit: int) -> bool:
        """Whether fewer than `limit` messages have leave on that day."""

    def give_back(self, day: date) -> None:
        """Give back the leave of a message that did not leave after all."""

    def hand_back(self) -> None:
        """Give the other processes what is reserved, where nothing is there to begin."""

    def count(self, day: date) -> int:
        """How many messages began on that day; those that others have just begun may not be on record yet."""

    def days_before(self, day: date) -> int:
        """On how many days before that one messages began."""


class Budget(Protocol):
    """A whole number of something (connections to a server, messages under way to a domain) that all workers of a run
    have together.
    """

    @property
    def share(self) -> int:
        """How many this worker may have just now; 0: the others have them all."""

    def want(self, number: int) -> None:
        """Say how many it could use."""

    def use(self, number: int) -> None:
        """Say how many it has in use: a share is lowered at once, and given to others when it is not used any more."""


class WorkerLedger(Protocol):
    """One process's. Its parts are for the worker's parts to hold: nothing stands between them and a message."""

    @property
    def due_rows(self) -> DueRows:
        """The run's rows."""

    @property
    def journal(self) -> Journal:
        """Claims and outcomes."""

    @property
    def server_memory(self) -> ServerMemory:
        """What is known of the servers."""

    def rate_limit(self, name: str, rate: float) -> AdjustableRateLimit:
        """Give the rate of this name (messages a second); "" is the campaign's."""

    def daily_count(self, name: str) -> DailyCount:
        """Give the count of this name; "" is the campaign's."""

    def budget(self, name: str, most: int) -> Budget:
        """Give this worker's share of a number that the campaign has, by its name. On one machine `most` is the share:
        its processes have divided it before (`Job.shares`).
        """

    @property
    def trouble(self) -> str:
        """Why messages wait for the ledger, in words; "" where they do not."""

    @property
    def must_drain(self) -> bool:
        """Whether the run's owner has said, through the ledger, that no more messages are to begin."""

    def publish(self, report: str) -> None:
        """Let the run's owner have this report, wherever it is. Waits for nobody. On one machine it does nothing: the
        owner has a pipe.
        """

    def rows_left(self) -> int:
        """How many rows of the campaign are pending, those under way not counted."""

    def revert(self, contacts: Collection[int]) -> None:
        """As the owner's. Also once the journal is closed."""

    def close(self) -> None:
        """Close what is not closed yet. The journal is closed before, by whoever hears what that raises."""

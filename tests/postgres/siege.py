"""One campaign on several machines, killed again and again, everybody in turn, without ever standing still.

Four worker processes: two of the owner's own (`campaign send`), two that have joined (`campaign work`), each command
started again whenever it is gone. After every kill, while the others go on, ledger and server are held against each
other (judge.py); at the end, the results.

In doubt are at most two messages for each connection that those killed may have had open: all that the campaign has.
The owner's parent process alone, and the database, cost nobody's word: workers finish what they have begun, and wait.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress

from tests.crashes.launcher import Launcher
from tests.crashes.sender import Sender, wait_until
from tests.postgres.cluster import Cluster
from tests.postgres.judge import Figures
from tests.postgres.shared_campaign import SharedCampaign

_OWN, _JOINED = 2, 2
"""Worker processes: the owner's, and those that join."""
_PATIENCE = 2.0
"""Seconds that a kill waits for messages: none come while all that is left waits for a lease to run out."""
_IMPORTS = ("psycopg", "campaign.ledger.postgres.opening", "campaign.commands.work")
Strike = Callable[["Siege"], int]
"""Kills, and gives how many processes that send it has killed."""


class Seat:
    """One command that is started again whenever it has gone."""

    def __init__(self, name: str, arguments: Sequence[str], shared: SharedCampaign, stack: ExitStack) -> None:
        self.name = name
        self.sender: Sender | None = None
        self._arguments = arguments
        self._log = shared.log(name)
        self._launcher = stack.enter_context(Launcher(imports=_IMPORTS))

    @property
    def is_taken(self) -> bool:
        """Whether it runs."""
        return self.sender is not None and self.sender.poll() is None

    def take(self) -> int | None:
        """Start it, if it does not run; gives how the last one has ended by itself (None: it has not)."""
        if self.is_taken:
            return None
        code = None if self.sender is None else self.sender.poll()
        self._log.unlink(missing_ok=True)
        self.sender = self._launcher.warm(*self._arguments, log=self._log)
        return code


class Siege:
    """`connections` are the settings'. `people`: so many are added to the contacts whenever a run has come to its end,
    and there are so many at the beginning.
    """

    def __init__(
        self,
        shared: SharedCampaign,
        cluster: Cluster,
        *,
        cluster_options: Sequence[str],
        connections: int,
        people: int,
        chance: random.Random,
        stack: ExitStack,
    ) -> None:
        self.chance = chance
        self.cluster = cluster
        self.cluster_options = cluster_options
        self._shared = shared
        self._connections = connections
        self._people = self._batch = people
        send = ("send", str(shared.files.path), "--yes", "--processes", str(_OWN))
        self.owner = Seat("owner", send, shared, stack)
        self.joined = [
            Seat(f"worker{number}", shared.work_arguments(f"worker{number}"), shared, stack)
            for number in range(_JOINED)
        ]

    @property
    def figures(self) -> Figures:
        """What has been shown so far."""
        return self._shared.judge.figures

    def kill(self, times: int) -> None:
        """Kill so many times."""
        kinds, weights = zip(*MIXTURE, strict=True)
        for number in range(1, times + 1):
            self._keep_going()
            self._await_messages()
            strike = self.chance.choices(kinds, weights)[0]
            self.figures.bound += 2 * self._connections * (strike(self) > 0)
            self.figures.kills[strike.__name__] += 1
            self._shared.judge.look(f"kill {number}, {strike.__name__}")

    def finish(self) -> Figures:
        """Let it run to its end, and hold the results against the server's record."""

        def ended() -> bool:
            self._keep_going(add=False)
            return self._has_ended()

        wait_until(ended, 300, otherwise=self._shared.said)
        for seat in self.joined:
            assert seat.sender is not None
            assert seat.sender.wait() in (0, -signal.SIGKILL), self._shared.said()
        return self._shared.judge.finish()

    def _has_ended(self) -> bool:
        return self.owner.sender is not None and self.owner.sender.poll() in (0, 1)

    def _keep_going(self, *, add: bool = True) -> None:
        """Start again whoever is gone; with more contacts, where all have been mailed."""
        if self._has_ended():
            if not add:
                return
            self._people += self._batch
            self._shared.files.people(self._people)
        for seat in (self.owner, *self.joined):
            said = seat.sender.said if seat.sender else ""
            code = seat.take()
            # An owner that was killed holds the run until its lease has run out: whoever comes too early is told so.
            refused = seat is self.owner and code in (2, 3) and "lease" in said
            assert code in (None, 0, 1, -signal.SIGKILL) or refused, f"{seat.name} ended with {code}:\n{said[-3000:]}"

    def _await_messages(self) -> None:
        """Wait for some messages, mostly few and sometimes hundreds, and some thousandths of a second."""
        accepted = self._shared.judge.accepted
        wanted = accepted() + int(self.chance.paretovariate(0.7))
        end = time.monotonic() + _PATIENCE
        while accepted() < wanted and time.monotonic() < end and self.owner.is_taken:
            time.sleep(0.002)
        time.sleep(self.chance.uniform(0, 0.004))


def one_that_joined(siege: Siege) -> int:
    """A whole `campaign work`."""
    sender = siege.chance.choice(siege.joined).sender
    assert sender is not None
    sender.kill()
    return 1


def one_of_the_owners_workers(siege: Siege) -> int:
    """It is told; the run goes on."""
    sender = siege.owner.sender
    assert sender is not None
    workers = sender.workers()
    if not workers:
        return owner_and_its_workers(siege)
    with suppress(ProcessLookupError):
        os.kill(siege.chance.choice(workers), signal.SIGKILL)
    return 1


def owner_and_its_workers(siege: Siege) -> int:
    """The whole of `campaign send`."""
    sender = siege.owner.sender
    assert sender is not None
    sender.kill()
    return 1


def only_the_owner(siege: Siege) -> int:
    """Its own workers finish what is in flight, and go."""
    sender = siege.owner.sender
    assert sender is not None
    sender.signal(signal.SIGKILL)
    sender.wait()
    sender.wait_for_silence()
    return 0


def everybody(siege: Siege) -> int:
    """As if the machine that all of them are on had died, but for the database."""
    for seat in (siege.owner, *siege.joined):
        if seat.sender is not None:
            seat.sender.signal_all(signal.SIGKILL)
    return 1


def the_database(siege: Siege) -> int:
    """All of its processes at once, without a word; it comes back after a moment."""
    siege.cluster.stop("immediate")
    time.sleep(siege.chance.uniform(0, 1))
    siege.cluster.start(*siege.cluster_options)
    return 0


def the_databases_connections(siege: Siege) -> int:
    """It restarts in order: every connection is ended by it."""
    siege.cluster.stop("fast")
    siege.cluster.start(*siege.cluster_options)
    return 0


MIXTURE: tuple[tuple[Strike, int], ...] = (
    (one_that_joined, 40),
    (one_of_the_owners_workers, 12),
    (owner_and_its_workers, 12),
    (only_the_owner, 8),
    (everybody, 5),
    (the_database, 15),
    (the_databases_connections, 8),
)

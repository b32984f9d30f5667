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
from tests.postgres.standing import AtWork, at_work

_OWN, _JOINED = 2, 2
"""Worker processes: the owner's, and those that join."""
_NOT_BEGUN = (2, 3)
_PATIENCE = 5.0
"""Seconds that a kill waits for messages: none come while all that is left waits for a lease to run out."""
_IMPORTS = ("psycopg", "campaign.ledger.postgres.opening", "campaign.commands.work")
Strike = Callable[["Siege"], bool]
"""Kills, if there is somebody to kill, and says so."""


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

    def at_work(self) -> list[AtWork]:
        """Who is, as the ledger has it."""
        return at_work(self._shared.place)

    def kill(self, times: int) -> None:
        """Kill so many times."""
        kinds, weights = zip(*MIXTURE, strict=True)
        while self.figures.kills.total() < times:
            self._keep_going()
            self._await_messages()
            strike = self.chance.choices(kinds, weights)[0]
            if strike(self):
                self.figures.kills[strike.__name__] += 1
                self.figures.bound += 0 if strike in COSTS_NOBODY else 2 * self._connections
            self._shared.judge.look(f"kill {self.figures.kills.total()}, {strike.__name__}")

    def finish(self) -> Figures:
        """Let it run to its end, and hold the results against the server's record."""

        def ended() -> bool:
            self._keep_going(add=False)
            return self._has_ended()

        wait_until(ended, 300, otherwise=self._shared.said)
        for seat in self.joined:  # they wait for another run, or will in a moment
            _kill(seat)
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
            # Whoever is only beginning does not wait for the database: it says so, and is to be run again.
            left_alone = code in _NOT_BEGUN and "error: the database can't be reached" in said
            expected = code in (None, 0, 1, -signal.SIGKILL) or left_alone
            assert expected, f"{seat.name} ended with {code}:\n{said[-3000:]}"

    def _await_messages(self) -> None:
        """Wait for some messages, mostly few and sometimes hundreds, and some thousandths of a second."""
        accepted = self._shared.judge.accepted
        wanted = accepted() + int(self.chance.paretovariate(0.7))
        end = time.monotonic() + _PATIENCE
        while accepted() < wanted and time.monotonic() < end and self.owner.is_taken:
            time.sleep(0.002)
        time.sleep(self.chance.uniform(0, 0.004))


def one_that_joined(siege: Siege) -> bool:
    """A whole `campaign work`."""
    return _kill(siege.chance.choice(siege.joined))


def one_of_the_owners_workers(siege: Siege) -> bool:
    """It is told; the run goes on."""
    sender = siege.owner.sender
    own = set(sender.workers()) if sender is not None and siege.owner.is_taken else set()
    workers = [one.pid for one in siege.at_work() if one.pid in own]  # and not who reads the contacts
    if not workers:
        return False
    with suppress(ProcessLookupError):
        os.kill(siege.chance.choice(workers), signal.SIGKILL)
    return True


def owner_and_its_workers(siege: Siege) -> bool:
    """The whole of `campaign send`."""
    return _kill(siege.owner)


def only_the_owner(siege: Siege) -> bool:
    """Its own workers finish what is in flight, and go."""
    sender = siege.owner.sender
    if sender is None or not siege.owner.is_taken:
        return False
    sender.signal(signal.SIGKILL)
    sender.wait()
    sender.wait_for_silence()
    return True


def everybody(siege: Siege) -> bool:
    """As if the machine that all of them are on had died, but for the database."""
    killed = [_kill(seat) for seat in (siege.owner, *siege.joined)]
    return any(killed)


def the_database(siege: Siege) -> bool:
    """All of its processes at once, without a word; it comes back after a moment."""
    siege.cluster.stop("immediate")
    time.sleep(siege.chance.uniform(0, 1))
    siege.cluster.start(*siege.cluster_options)
    return True


def the_database_in_order(siege: Siege) -> bool:
    """It restarts: every connection is ended by it."""
    siege.cluster.stop("fast")
    siege.cluster.start(*siege.cluster_options)
    return True


def _kill(seat: Seat) -> bool:
    if seat.sender is None or not seat.is_taken:
        return False
    seat.sender.kill()
    return True


MIXTURE: tuple[tuple[Strike, int], ...] = (
    (one_that_joined, 45),
    (one_of_the_owners_workers, 15),
    (owner_and_its_workers, 12),
    (only_the_owner, 8),
    (everybody, 5),
    (the_database, 10),
    (the_database_in_order, 5),
)
COSTS_NOBODY = (only_the_owner, the_database, the_database_in_order)

"""One campaign, killed again and again, and after each kill its ledger held against the server's record.

After every kill: the ledger is sound; whoever the server has accepted mail for is `sent`, in doubt, or a claim without
an outcome; whoever is `sent` was accepted; nobody was accepted twice; and those in doubt are at most two more for each
connection that may have been open, times the messages it may have in flight. After the last run: every row has its
final word, and the CSV says the same.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from tests.campaigns import SmallCampaign, assert_agreement
from tests.crashes import moments
from tests.crashes.moments import Scene
from tests.crashes.record import FaultServerRecord, Record
from tests.crashes.sender import Sender
from tests.crashes.standing import read_standing
from tests.in_flight import DEPTH

_START_UP = 0.5
"""Seconds that a run takes to its first message, about."""
Strike = Callable[[Scene], bool]
"""A function of moments.py: waits for its moment, kills, and gives whether the run was there to be killed."""
MIXTURE: tuple[tuple[Strike, int], ...] = (
    (moments.sending, 60),
    (moments.starting, 10),
    (moments.enrolling, 10),
    (moments.one_worker, 8),
    (moments.only_the_parent, 7),
    (moments.writing_results, 5),
)


@dataclass
class Figures:
    """What a siege has shown."""

    kills: Counter[str] = field(default_factory=Counter)
    contacts: int = 0
    sent: int = 0
    lost: int = 0
    twice: int = 0
    in_doubt: int = 0
    bound: int | None = 0
    """The most that may be in doubt: two for each connection and message in flight, at each kill. None: the server adds
    some of its own.
    """
    most_at_once: int = 0

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.kills.most_common())
        allowed = "some by the server's doing" if self.bound is None else f"bound {self.bound}"
        return (
            f"{self.kills.total()} kills ({kinds}), {self.contacts} contacts: lost {self.lost}, twice {self.twice}, "
            f"in doubt {self.in_doubt} ({allowed}; at most {self.most_at_once} by one kill)"
        )


class Siege:
    """`launch` starts the command with the arguments it is given. `connections` and `in_flight` are the settings'."""

    def __init__(
        self,
        campaign: SmallCampaign,
        record: Path | Record,
        launch: Callable[..., Sender],
        *,
        connections: int,
        in_flight: int = DEPTH,
        chance: random.Random,
        exact: bool = True,
        mixture: Sequence[tuple[Strike, int]] = MIXTURE,
        reserve: int,
    ) -> None:
        """`record`: what the server has accepted, or the file that the fault server writes that into. `exact`: the
        server accepts whatever it is given, so each row must end as sent or in doubt. `mixture`: kills, and how often
        each kind comes in proportion to the others. `reserve`: when fewer contacts than this are left, so many more
        are added to the file, so that a kill finds a run to kill; it begins with four times as many.
        """
        self.figures = Figures()
        self._campaign = campaign
        self._record = FaultServerRecord(record) if isinstance(record, Path) else record
        self._launch = launch
        self._most_in_doubt = 2 * connections * in_flight
        self._chance = chance
        self._exact = exact
        self._mixture = mixture
        self._reserve = reserve
        self._people = 0
        self._accepted: Counter[str] = Counter()
        self._before = read_standing(campaign.ledger)
        self._add_people(4 * reserve)

    def kill(self, times: int) -> None:
        """Start and kill the campaign so many times."""
        kinds, weights = zip(*self._mixture, strict=True)
        while times:
            strike = self._chance.choices(kinds, weights)[0]
            self._keep_going()
            if strike is moments.enrolling:
                self._reorder()
            if strike(self._scene()):
                self.figures.kills[strike.__name__] += 1
                self._hold_the_ledger(f"kill {self.figures.kills.total()}, {strike.__name__}", strike)
                times -= 1

    def stop(self, number: Signals, *, everybody: bool) -> Sender:
        """Start the campaign, and send it a signal at a random moment after it has taken hold of its ledger."""
        self._before = read_standing(self._campaign.ledger)
        self._keep_going()
        scene = self._scene()
        if self._chance.random() < 0.3:
            scene.await_ledger()
            time.sleep(self._chance.uniform(0, _START_UP))
        else:
            scene.await_messages()
        (scene.sender.signal_all if everybody else scene.sender.signal)(number)
        return scene.sender

    def finish(self) -> Figures:
        """Run to the end, and hold the results against the record."""
        sender = self._start()
        code = sender.wait()
        sender.wait_for_silence()
        self._hear()
        self.figures.contacts = self._people
        results = self._campaign.results()
        assert not moments.unfinished_results(self._campaign.folder), "a kill has left something behind"
        assert [row["email"] for row in results] == self._order, "not one row for each contact, in order"
        found = assert_agreement(self._campaign, self._accepted.elements())
        statuses = self._campaign.statuses()
        self.figures.lost = sum(status == "pending" for status in statuses.values())
        self.figures.twice = sum(count > 1 for count in self._accepted.values())
        self.figures.sent = found["sent"]
        assert self.figures.lost == self.figures.twice == 0, f"{self.figures}\n{sender.said[-3000:]}"
        if self._exact:
            assert set(found) <= {"sent", "in_doubt"}, found
            assert found["in_doubt"] == self.figures.in_doubt, "a doubt came or went without a kill"
            assert code == int(found["in_doubt"] > 0), sender.said[-3000:]
        return self.figures

    def _scene(self) -> Scene:
        seen = self._record.count()
        return Scene(
            sender=self._start(),
            chance=self._chance,
            folder=self._campaign.folder,
            ledger=self._campaign.ledger,
            accepted=lambda: self._record.count() - seen,
            start_up=_START_UP,
        )

    def _start(self) -> Sender:
        log = self._campaign.folder / "log.txt"
        log.unlink(missing_ok=True)
        return self._launch("send", str(self._campaign.path), "--yes", "--processes", "2", log=log)

    def _hold_the_ledger(self, when: str, strike: Strike) -> None:
        standing = read_standing(self._campaign.ledger)
        self._hear()
        figures, statuses = self.figures, standing.statuses
        assert standing.sound, f"{when}: the ledger is damaged"
        twice = [address for address, count in self._accepted.items() if count > 1]
        assert not twice, f"{when}: accepted twice: {twice[:5]}"
        lost = [one for one in self._accepted if statuses.get(one) not in ("sent", "sending", "in_doubt")]
        assert not lost, f"{when}: accepted, but {[(one, statuses.get(one)) for one in lost[:5]]}"
        invented = [one for one, status in statuses.items() if status == "sent" and one not in self._accepted]
        assert not invented, f"{when}: sent, but never accepted: {invented[:5]}"
        gained = standing.doubtful - self._before.doubtful
        bounded = figures.bound is not None and self._exact
        figures.bound = (figures.bound or 0) + self._most_in_doubt if bounded else None
        figures.in_doubt += gained
        figures.most_at_once = max(figures.most_at_once, gained)
        most = 0 if strike is moments.only_the_parent else self._most_in_doubt
        if self._exact:
            assert 0 <= gained <= most, f"{when}: {gained} more in doubt"
            assert set(standing.counts) <= {"sent", "sending", "in_doubt", "pending"}, f"{when}: {standing.counts}"
        self._before = standing

    def _keep_going(self) -> None:
        """Add some more people, as an operator might between two runs, when few are left."""
        if self._people - len(self._before.statuses) < self._reserve:
            self._add_people(self._reserve)

    def _reorder(self) -> None:
        """The same people in another order: they are read anew."""
        self._chance.shuffle(self._order)
        self._write()

    def _add_people(self, count: int) -> None:
        self._people += count
        self._order = [f"p{number}@people.example" for number in range(self._people)]
        self._write()

    def _write(self) -> None:
        self._campaign.contacts((address, f"Person {address[1:-15]}") for address in self._order)

    def _hear(self) -> None:
        """Take down what has been accepted since."""
        self._accepted.update(address.lower() for address in self._record.news())

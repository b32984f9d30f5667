"""A run's writes, replayed up to a moment at which the power fails; and what the same command makes of what is left.

    PowerCuts    for one run's log: an image of the disk after each of many cuts, and
        resume   the same command run on it, held against the server: nobody lost, nobody mailed twice, each row's final
                 word, in doubt within the bound
        look     its ledger opened, as that command would begin: not refused, whole, with a claim or an outcome for
                 everybody who was mailed. It costs a hundredth of a resume.
    moments_of   the moments worth a cut: around each sync and each body, the others by chance

A cut may follow a cut: `PowerCuts.base` takes an image's files and those who had been mailed before it, and the log of
the run that resumed there.
"""

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.campaigns import SmallCampaign, assert_agreement
from tests.crashes.disk import Disk, FileSystem
from tests.crashes.record import Record
from tests.crashes.sender import Sender
from tests.crashes.write_log import Event, Sent, SyncBegan, SyncEnded

CONNECTIONS = 4


def settings_of(in_flight: int) -> dict[str, dict[str, object]]:
    """What the campaigns have that are cut."""
    return {"smtp": {"connections": CONNECTIONS, "in_flight": in_flight, "timeout": "1m"}}


@dataclass
class Figures:
    """What the replays have shown."""

    cuts: Counter[str] = field(default_factory=Counter)
    """By file system."""
    looks: int = 0
    resumes: int = 0
    before: int = 0
    """Bodies that had left before a cut, all cuts together."""
    in_doubt: int = 0
    most_at_once: int = 0
    lost: int = 0
    twice: int = 0
    bound: int = 2 * CONNECTIONS
    """The most that may be in doubt by one cut."""

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {name}" for name, count in self.cuts.most_common())
        return (
            f"{self.cuts.total()} power cuts ({kinds}), {self.before} bodies sent before them; {self.looks} ledgers "
            f"opened, {self.resumes} runs resumed: lost {self.lost}, twice {self.twice}, in doubt {self.in_doubt} (at "
            f"most {self.most_at_once} in one run; allowed are {self.bound} for each cut)"
        )


@dataclass(frozen=True, kw_only=True)
class Base:
    """A folder before a run: its files, whom the server had mail for, and how many cuts there were."""

    files: Mapping[str, bytes]
    mailed: Sequence[str] = ()
    cuts: int = 0

    @classmethod
    def of(cls, folder: Path, mailed: Sequence[str] = ()) -> "Base":
        """As the folder is now, and has been for long."""
        return cls(files={path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}, mailed=mailed)


def moments_of(log: Sequence[Event], chance: random.Random, count: int) -> list[int]:
    """So many events before which the power is to fail, in order: a third of them just before or after a sync, a third
    just after a body has left, the others anywhere.
    """
    syncs = [at + number for number, one in enumerate(log) if isinstance(one, SyncBegan | SyncEnded) for at in (0, 1)]
    bodies = [number + 1 for number, one in enumerate(log) if isinstance(one, Sent)]
    anywhere = range(len(log) + 1)
    kinds = [kind for kind in (syncs, bodies, anywhere) if kind]
    return sorted(chance.choice(kinds[number % len(kinds)]) for number in range(count))


class PowerCuts:
    """`launch` starts the command; `record` is the server's, at `port`; images are made in `folder`."""

    def __init__(
        self,
        folder: Path,
        port: int,
        record: Record,
        launch: Callable[..., Sender],
        chance: random.Random,
        *,
        in_flight: int,
    ) -> None:
        self.figures = Figures(bound=2 * CONNECTIONS * in_flight)
        self._in_flight = in_flight
        self._folder = folder
        self._port = port
        self._record = record
        self._launch = launch
        self._chance = chance
        self._images = 0

    def after_each(
        self,
        base: Base,
        log: Sequence[Event],
        moments: Sequence[int],
        *,
        systems: Sequence[FileSystem] = tuple(FileSystem),
        lies_about: Callable[[str], bool] = lambda _: False,
    ) -> Iterator[Base]:
        """What the disk has after a cut at each of these moments, on one file system after the other."""
        disk, done = Disk(base.files, lies_about=lies_about), 0
        for number, moment in enumerate(moments):
            for event in log[done:moment]:
                disk.follow(event)
            done = moment
            system = systems[number % len(systems)]
            files = disk.after_a_cut(self._chance, system)
            self.figures.cuts[system.name.lower()] += 1
            self.figures.before += len(disk.sent)
            yield Base(files=files, mailed=(*base.mailed, *disk.sent), cuts=base.cuts + 1)

    def put(self, image: Base) -> SmallCampaign:
        """A campaign with these files."""
        self._images += 1
        campaign = SmallCampaign(self._folder / str(self._images), settings=settings_of(self._in_flight))
        for name, content in image.files.items():
            (campaign.folder / name).write_bytes(content)
        campaign.load(self._port)
        return campaign

    def look(self, image: Base) -> None:
        """Open the ledger as the next run would, and hold it against those who were mailed."""
        forgotten = self.forgotten(image)
        assert not forgotten, f"mailed, and the ledger knows nothing of it: {forgotten[:5]}"

    def forgotten(self, image: Base) -> list[str]:
        """Open the ledger; gives those who were mailed, and it does not know. Raises LedgerError."""
        self.figures.looks += 1
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            for name, content in image.files.items():
                (Path(folder) / name).write_bytes(content)
            with SqliteRunLedger.open(Path(folder) / "small.ledger", "small") as ledger:
                ledger.recover()
                rows = ledger.database.execute("SELECT address, status FROM delivery JOIN contact ON contact = id")
                statuses = dict(rows.fetchall())
        doubtful = list(statuses.values()).count("in_doubt")
        assert doubtful <= self.figures.bound * image.cuts, f"{doubtful} in doubt"
        return [address for address in image.mailed if statuses.get(address) not in ("sent", "in_doubt")]

    def resume(self, image: Base) -> None:
        """Run the same command on what is left, to its end, and hold the results against the server's record."""
        self.figures.resumes += 1
        campaign = self.put(image)
        self._record.news()
        log = campaign.folder / "log.txt"
        sender = self._launch("send", str(campaign.path), "--yes", "--processes", "2", log=log)
        code = sender.wait()
        sender.wait_for_silence()
        self.judge(campaign, image, code, sender.said)

    def judge(self, campaign: SmallCampaign, image: Base, code: int, said: str) -> None:
        """Hold a run that has ended against the record of it."""
        mailed = [address.lower() for address in (*image.mailed, *self._record.news())]
        when = f"in {campaign.folder}, a run said (exit code {code}):\n{said[-2000:]}"
        twice = [address for address, count in Counter(mailed).items() if count > 1]
        self.figures.twice += len(twice)
        assert not twice, f"mailed twice: {twice[:5]}; {when}"
        assert code in (0, 1), f"the ledger is of no use after the cut; {when}"
        people = (campaign.folder / "contacts.csv").read_text().splitlines()[1:]
        rows = campaign.results()
        assert [row["email"] for row in rows] == [line.partition(",")[0] for line in people], when
        found = assert_agreement(campaign, mailed)
        self.figures.lost += found["pending"]
        assert set(found) <= {"sent", "in_doubt"}, f"{found}; {when}"
        assert code == int(found["in_doubt"] > 0), when
        self.figures.in_doubt += found["in_doubt"]
        self.figures.most_at_once = max(self.figures.most_at_once, found["in_doubt"])
        assert found["in_doubt"] <= self.figures.bound * image.cuts, f"{found['in_doubt']} in doubt; {when}"

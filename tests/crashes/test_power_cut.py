"""The power fails while a campaign is being sent, and nobody may be lost or mailed twice.

One run of the real command is recorded, system call by system call, and replayed up to many moments; from each, chance
makes a disk as a power cut may leave it, and the command is run again on that, or (far quicker) its ledger is opened
as that command would. Some cuts are among the tests that always run; the siege has more. To repeat one's choices set
CAMPAIGN_CHANCE to the number that it printed (the run itself is another each time, so that much is chance still):

    CAMPAIGN_CUTS=1000 pytest -m siege tests/test_power_cut.py
"""

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from tests.campaigns import SmallCampaign
from tests.conftest import Figures
from tests.crashes.disk import FileSystem
from tests.crashes.launcher import Launcher
from tests.crashes.power_cut import Base, PowerCuts, moments_of, settings_of
from tests.crashes.record import FaultServerRecord
from tests.crashes.write_log import Event, Sent, record
from tests.in_flight import DEPTH, DEPTHS
from tests.smtp_server import ServerProcess

_CUTS = int(os.environ.get("CAMPAIGN_CUTS", "90"))
_CHANCE = int(os.environ.get("CAMPAIGN_CHANCE", "0")) or random.randrange(1, 1 << 32)
_PEOPLE = 40
_LOOKS = 10
"""Ledgers opened for each run that is resumed."""


class Bench:
    """A campaign whose runs are recorded, and the cuts that are tried on their logs."""

    def __init__(self, folder: Path, port: int, record_file: Path, launcher: Launcher, in_flight: int) -> None:
        self.chance = random.Random(_CHANCE)
        self.record = FaultServerRecord(record_file)
        self.folder = folder
        self.campaign = SmallCampaign(folder / "campaign", settings=settings_of(in_flight)).people(_PEOPLE)
        self.campaign.load(port)
        self.cuts = PowerCuts(folder, port, self.record, launcher.warm, self.chance, in_flight=in_flight)

    def show(self, figures: Figures) -> None:
        """Have them shown once the test is over."""
        figures(lambda: f"{self.cuts.figures}; CAMPAIGN_CHANCE={_CHANCE}")

    def run(self, campaign: SmallCampaign, *more: str) -> list[Event]:
        """Have it sent under strace, and check that the log knows every body."""
        self.record.news()
        trace = self.folder / "trace"
        log = record(campaign.folder, trace, "send", str(campaign.path), "--yes", "--processes", "2", *more)
        sent = [recipient for event in log if isinstance(event, Sent) for recipient in event.recipients]
        assert sorted(sent) == sorted(self.record.news())
        return log

    def cut(self, base: Base, log: list[Event], count: int) -> None:
        """So many cuts in one run, and a resume after each."""
        for image in self.cuts.after_each(base, log, moments_of(log, self.chance, count)):
            self.cuts.resume(image)
        for image in self.cuts.after_each(base, log, moments_of(log, self.chance, _LOOKS * count)):
            self.cuts.look(image)


@pytest.fixture
def in_flight() -> int:
    """Where a test does not say it."""
    return DEPTH


@pytest.fixture
def bench(tmp_path: Path, in_flight: int) -> Iterator[Bench]:
    file = tmp_path / "record.jsonl"
    with ServerProcess(file, *["--chunking"] * (in_flight > 1)) as server, Launcher() as launcher:
        yield Bench(tmp_path, server.port, file, launcher, in_flight)


def first_run(bench: Bench, cuts: int, *more: str) -> None:
    """From nothing: the ledger is made, the contacts are read while the first of them are mailed."""
    base = Base.of(bench.campaign.folder)
    bench.cut(base, bench.run(bench.campaign, *more), cuts)


def new_contacts(bench: Bench, cuts: int, *more: str) -> None:
    """A finished campaign gets more contacts, in another order: its ledger enrols them, then mails the new ones."""
    bench.run(bench.campaign)
    people = [f"p{number}@people.example" for number in range(_PEOPLE)]
    bench.chance.shuffle(order := [f"p{number}@people.example" for number in range(2 * _PEOPLE)])
    bench.campaign.contacts((address, "Somebody") for address in order)
    base = Base.of(bench.campaign.folder, mailed=people)
    bench.cut(base, bench.run(bench.campaign, *more), cuts)


def twice_over(bench: Bench, cuts: int, *more: str) -> None:
    """The power fails in a run, and again in the one that resumes it."""
    base = Base.of(bench.campaign.folder)
    log = bench.run(bench.campaign, *more)
    bodies = [number for number, event in enumerate(log) if isinstance(event, Sent)]
    # Two bodies in three are left to the resume. (With none, or all, its log would show little.)
    system = bench.chance.choice([*FileSystem])
    [image] = bench.cuts.after_each(base, log, [bodies[len(bodies) // 3] + 1], systems=[system])
    resumed = bench.cuts.put(image)
    before = Base(files=Base.of(resumed.folder).files, mailed=image.mailed, cuts=image.cuts)
    bench.cut(before, bench.run(resumed, *more), cuts)


_SCENES = pytest.mark.parametrize("scene", [first_run, new_contacts, twice_over])


@pytest.mark.parametrize(
    ("scene", "in_flight"), [(first_run, 1), (twice_over, 8)], ids=["first_run", "twice_over, 8 in flight"]
)
def test_a_power_cut(bench: Bench, figures: Figures, scene: Callable[..., None]) -> None:
    bench.show(figures)
    scene(bench, 5)


@pytest.mark.siege
@pytest.mark.parametrize("in_flight", DEPTHS)
@_SCENES
def test_siege_of_power_cuts(bench: Bench, figures: Figures, scene: Callable[..., None]) -> None:
    """Slower mailing, so that the ledger is folded in (every two seconds) in the midst of it, too."""
    bench.show(figures)
    scene(bench, _CUTS // 6, "--rate", "12")


@pytest.mark.parametrize(
    ("part", "disks"),
    [
        ("beginning", 1),
        ("end", 2),
        pytest.param("beginning", 8, marks=pytest.mark.siege),
        pytest.param("end", 8, marks=pytest.mark.siege),
    ],
)
def test_a_power_cut_at_any_moment_of_the_beginning_or_the_end_leaves_a_ledger_that_is_not_refused(
    bench: Bench, figures: Figures, part: str, disks: int
) -> None:
    """Ledger made and folded in, the first contacts enrolled; results renamed, WAL folded in, emptied and removed: at
    each step, so many disks, of one kind or the other.
    """
    bench.show(figures)
    base = Base.of(bench.campaign.folder)
    log = bench.run(bench.campaign)
    bodies = [number for number, event in enumerate(log) if isinstance(event, Sent)]
    steps = range(bodies[0] + 1) if part == "beginning" else range(bodies[-1] + 1, len(log) + 1)
    for image in bench.cuts.after_each(base, log, [moment for moment in steps for _ in range(disks)]):
        bench.cuts.look(image)


def test_a_disk_that_lies_about_syncs_is_found_out(bench: Bench) -> None:
    """What the other tests rest on: were the WAL not synced before a body leaves, they would fail."""
    base = Base.of(bench.campaign.folder)
    log = bench.run(bench.campaign)
    bodies = [number + 1 for number, event in enumerate(log) if isinstance(event, Sent)] * 10
    forgetful = []
    for image in bench.cuts.after_each(base, log, sorted(bodies), lies_about=lambda name: name.endswith("-wal")):
        with contextlib.suppress(LedgerError):  # so much may be gone that the ledger says so itself
            if bench.cuts.forgotten(image):
                forgetful.append(image)
    assert len(forgetful) > len(bodies) / 10
    with pytest.raises(AssertionError, match="mailed twice"):
        bench.cuts.resume(forgetful[-1])

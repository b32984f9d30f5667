"""The campaign is killed at random moments, and must lose nobody and mail nobody twice.

A skirmish of a few kills is among the tests that always run. The siege has 100 with one message in flight, and 100 with
eight, of the kinds in tests/crashes/moments.py, and some more against a server that misbehaves. For a longer one set
CAMPAIGN_KILLS; to repeat one's choices, CAMPAIGN_CHANCE to the number that it printed:

    CAMPAIGN_KILLS=2000 pytest -m siege tests/test_crash.py
"""

import os
import random
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.conftest import Figures
from tests.crashes.launcher import Launcher
from tests.crashes.sender import Sender
from tests.crashes.siege import Siege
from tests.smtp_server import ServerProcess, read_record

_KILLS = int(os.environ.get("CAMPAIGN_KILLS", "100"))
_CHANCE = int(os.environ.get("CAMPAIGN_CHANCE", "0")) or random.randrange(1, 1 << 32)
_CONNECTIONS = 8
_COLD = 0.15
"""Share of the starts that are the bare command; the rest are the same from a warm start."""
_AWKWARD = (
    *("--misbehave", "rcpt_5xx,local=p1"),
    *("--misbehave", "rcpt_greylist,local=p2"),
    *("--misbehave", "rcpt_cut,every=97"),
    *("--misbehave", "body_4xx,local=p3,every=2"),
    *("--misbehave", "body_cut,every=151"),
    *("--misbehave", "body_accepted_reset,every=149"),
)


_SERVERS = {
    "honest server": (True, 1, ()),
    "honest server, 8 in flight": (True, 8, ("--chunking",)),
    "awkward server": (False, 1, _AWKWARD),
    "awkward server, 8 in flight": (False, 8, ("--chunking", *_AWKWARD)),
    "awkward server, plain dialogue": (False, 1, ("--no-pipelining", *_AWKWARD)),
}
_SHORT = ("honest server, 8 in flight", "awkward server", "awkward server, plain dialogue")


def _against(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("exact", "in_flight", "options"), [_SERVERS[name] for name in names], ids=names)


@_against(*_SHORT)
def test_skirmish(tmp_path: Path, figures: Figures, exact: bool, in_flight: int, options: tuple[str, ...]) -> None:
    kills = 5 if exact else 2
    hold_out(tmp_path, figures, kills=kills, reserve=400, exact=exact, in_flight=in_flight, options=options)


@pytest.mark.siege
@_against(*_SERVERS)
def test_siege(tmp_path: Path, figures: Figures, exact: bool, in_flight: int, options: tuple[str, ...]) -> None:
    kills = _KILLS if exact else _KILLS // 8
    hold_out(tmp_path, figures, kills=kills, reserve=1500, exact=exact, in_flight=in_flight, options=options)


def hold_out(
    tmp_path: Path,
    figures: Figures,
    *,
    kills: int,
    reserve: int,
    exact: bool,
    in_flight: int,
    options: tuple[str, ...],
) -> None:
    chance = random.Random(_CHANCE)
    record = tmp_path / "record.jsonl"
    settings: dict[str, dict[str, object]] = {
        "smtp": {"connections": _CONNECTIONS, "in_flight": in_flight, "timeout": "1m"},
        # What the awkward server refuses may come twenty in a row by chance; when to stop is not what is tested here.
        "retry": {"stop_after": 1_000_000},
    }
    with ServerProcess(record, *options) as server, Launcher() as launcher:
        campaign = SmallCampaign(tmp_path / "campaign", settings=settings)
        campaign.load(server.port)

        def launch(*arguments: str, log: Path) -> Sender:
            return (launcher.cold if chance.random() < _COLD else launcher.warm)(*arguments, log=log)

        siege = Siege(
            campaign,
            record,
            launch,
            connections=_CONNECTIONS,
            in_flight=in_flight,
            chance=chance,
            exact=exact,
            reserve=reserve,
        )
        figures(lambda: f"{siege.figures}; CAMPAIGN_CHANCE={_CHANCE}")
        siege.kill(kills)
        assert siege.finish().kills.total() == kills
        assert any(message.chunked for message in read_record(record).accepted) == (in_flight > 1)

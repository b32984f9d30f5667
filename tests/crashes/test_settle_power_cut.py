"""The power fails, or a kill comes, while a campaign is settled: what was moved is whole, and the same command does the
rest. The real command is recorded, system call by system call, and replayed up to many moments.
"""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.ledger.sql.tally import counted, tally
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.campaigns import SmallCampaign
from tests.crashes.disk import Disk, FileSystem
from tests.crashes.launcher import Launcher
from tests.crashes.power_cut import Base, moments_of
from tests.crashes.write_log import SyncEnded, record
from tests.smtp_server import FaultServer

_CHANCE = int(os.environ.get("CAMPAIGN_CHANCE", "0")) or random.randrange(1, 1 << 32)
_PEOPLE, _BATCHES = 40, 4
_BATCH = 500
"""Pieces of evidence in a transaction: `campaign.run.settle`."""


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


@pytest.fixture
def campaign(tmp_path: Path) -> SmallCampaign:
    """One that was sent; in events.json each batch makes ten bounce, and has others of which nothing is news."""
    campaign = SmallCampaign(tmp_path / "c").people(_PEOPLE)
    with FaultServer() as server:
        campaign.send(server.port)
    sent = campaign.results()
    events = []
    for batch in range(_BATCHES):
        for number in range(_BATCH):
            row = sent[10 * batch + number if number < 10 else number % _PEOPLE]
            words = {"reason": "550 5.1.1 no such user", "status": "5.1.1", "bounce_classification": "Invalid Address"}
            of = {"email": row["email"], "smtp-id": row["message_id"], "timestamp": int(time.time())}
            kind = {
                "event": "bounce" if number < 10 else "delivered",
                "type": "bounce",
                "sg_event_id": f"{batch}-{number}",
            }
            events.append(kind | of | words)
    (campaign.folder / "events.json").write_text(json.dumps(events))
    return campaign


def bounced(place: Path) -> int:
    """How many have bounced: of each batch all or none. The ledger is whole."""
    with closing(connect(place)) as database:
        (count,) = database.execute("SELECT count(*) FROM delivery WHERE status = 'bounced'").fetchone()
        assert database.execute("SELECT count(*) FROM evidence").fetchone() == (count,)
        assert tally(database) == counted(database)
    assert count % 10 == 0
    return int(count)


def test_after_a_power_cut(tmp_path: Path, campaign: SmallCampaign, launcher: Launcher) -> None:
    print(f"CAMPAIGN_CHANCE={_CHANCE}")
    chance = random.Random(_CHANCE)
    base = Base.of(campaign.folder)
    log = record(
        campaign.folder, tmp_path / "trace", "settle", str(campaign.path), str(campaign.folder / "events.json")
    )
    assert bounced(campaign.ledger) == _PEOPLE
    wal = f"{campaign.ledger.name}-wal"
    seen = set()
    for number, moment in enumerate(moments_of(log, chance, 12)):
        disk = Disk(base.files)
        for event in log[:moment]:
            disk.follow(event)
        synced = sum(isinstance(event, SyncEnded) and event.name == wal for event in log[:moment])
        folder = tmp_path / f"cut{number}"
        folder.mkdir()
        for name, content in disk.after_a_cut(chance, tuple(FileSystem)[number % 2]).items():
            (folder / name).write_bytes(content)
        with SqliteRunLedger.open(folder / campaign.ledger.name, campaign.name) as ledger:
            ledger.recover()
        found = bounced(folder / campaign.ledger.name)
        assert found >= min(_PEOPLE, 10 * (synced - 1)), "what was said to be durable is there"
        if found not in seen:
            seen.add(found)
            said = tmp_path / f"{number}.txt"
            run = launcher.warm("settle", str(folder / "campaign.toml"), str(folder / "events.json"), log=said)
            assert run.wait() == 0, run.said
            assert bounced(folder / campaign.ledger.name) == _PEOPLE
    assert len(seen) > 1


@pytest.mark.siege
def test_after_kills(campaign: SmallCampaign, launcher: Launcher) -> None:
    """Again and again, each time as soon as it has begun or has moved something more."""
    done = 0
    for number in range(4):
        log = campaign.folder / "log.txt"
        run = launcher.warm("settle", str(campaign.path), str(campaign.folder / "events.json"), log=log)
        with closing(connect(campaign.ledger, readonly=True)) as looking:
            while number and run.poll() is None:
                sql = "SELECT count(*) FROM delivery WHERE status = 'bounced'"
                if looking.execute(sql).fetchone()[0] >= min(_PEOPLE, done + 10):
                    break
        run.signal_all(signal.SIGKILL)
        run.wait()
        now = bounced(campaign.ledger)
        assert now >= done
        done = now
    again = launcher.warm("settle", str(campaign.path), str(campaign.folder / "events.json"), log=log)
    assert again.wait() == 0, again.said
    assert bounced(campaign.ledger) == _PEOPLE
    assert set(campaign.statuses().values()) == {"bounced"}

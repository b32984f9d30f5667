"""What an operator allows holds for all workers of a run together, by the database: connections, domains, days."""

from pathlib import Path

import pytest

from campaign.model import Status
from tests.campaigns import SmallCampaign, assert_agreement
from tests.clocks import noon
from tests.end_to_end.test_limits import UnderWay, mixed
from tests.postgres.cluster import Cluster
from tests.postgres.shared_campaign import SharedCampaign
from tests.smtp_server import CATALOGUE, FaultServer, ServerProcess, read_record

pytestmark = pytest.mark.postgres


def test_three_workers_never_open_more_connections_than_there_are(tmp_path: Path, database: str) -> None:
    """The server takes just as many, and says so to whoever opens one more."""
    settings: dict[str, dict[str, object]] = {"smtp": {"connections": 4}, "ledger": {"url": database}}
    campaign = SmallCampaign(tmp_path / "c", settings, name="small").people(300)
    with FaultServer(CATALOGUE["body_slow"](delay=0.02), max_connections=4) as server:
        summary = campaign.send(server.port, processes=3)
        assert summary.exit_code == 0, summary.trouble
        assert_agreement(campaign, [one.recipients[0] for one in server.accepted])
        assert len(server.accepted) == 300
        assert {one.action for one in server.connections} <= {"quit"}  # none was refused


def test_a_domain_gets_no_more_at_once_than_it_may_from_all_workers_together(tmp_path: Path, database: str) -> None:
    seen = UnderWay()
    settings: dict[str, dict[str, object]] = {
        "smtp": {"connections": 8},
        "limits": {'"narrow.example"': {"connections": 2}},
        "ledger": {"url": database},
    }
    campaign = mixed(tmp_path, settings, *["narrow.example", "wide.example"] * 60)
    with FaultServer(*seen.watching(), CATALOGUE["body_slow"](delay=0.01)) as server:
        summary = campaign.send(server.port, processes=3)
        assert summary.exit_code == 0, summary.trouble
        assert_agreement(campaign, [one.recipients[0] for one in server.accepted])
        assert len(server.accepted) == 120
    assert 1 <= seen.most["narrow.example"] <= 2


def test_the_number_of_the_day_holds_over_workers_and_runs(tmp_path: Path, database: str) -> None:
    settings: dict[str, dict[str, object]] = {
        "smtp": {"connections": 4},
        "window": {"daily_limit": 30, "timezone": noon()},
        "ledger": {"url": database},
    }
    campaign = SmallCampaign(tmp_path / "c", settings).people(50)
    del campaign.settings["window"]["daily_limit"]
    with FaultServer() as server:
        assert campaign.send(server.port, limit=12).sent_now == 12
        campaign.settings["window"]["daily_limit"] = [30]
        second = campaign.send(server.port, wait=False, processes=2)
        assert (second.exit_code, second.sent_now, second.counts[Status.PENDING]) == (3, 18, 20)
        assert second.trouble is None
        assert second.reason == "daily_limit"
        connections = len(server.connections)
        assert campaign.send(server.port, wait=False).sent_now == 0
        assert len(server.connections) == connections
        campaign.settings["window"]["daily_limit"] = [40]
        assert campaign.send(server.port, wait=False, processes=2).sent_now == 10
        assert_agreement(campaign, [one.recipients[0] for one in server.accepted])


def test_an_even_pace_takes_its_time(tmp_path: Path, database: str) -> None:
    settings: dict[str, dict[str, object]] = {
        "smtp": {"connections": 4},
        "window": {"lasts": "12s", "pace": "spread"},
        "ledger": {"url": database},
    }
    campaign = SmallCampaign(tmp_path / "c", settings).people(16)
    with FaultServer() as server:
        summary = campaign.send(server.port, processes=2)
        moments = [one.time for one in server.accepted]
        assert_agreement(campaign, [one.recipients[0] for one in server.accepted])
    assert summary.sent_now == len(moments) >= 6
    assert moments[-1] - moments[0] >= 4


@pytest.mark.siege
def test_the_number_of_the_day_holds_where_workers_are_killed(tmp_path: Path, postgres: Cluster, database: str) -> None:
    """Two of three are killed in the middle; the next run sends the rest of the day's number, and no more."""
    limit, record = 400, tmp_path / "record.jsonl"
    with (
        ServerProcess(record, "--keep", "nothing") as server,
        SharedCampaign(
            tmp_path, postgres, database.rpartition("/")[2], server, people=900, smtp={"connections": 6, "rate": 40}
        ) as shared,
    ):
        shared.files.settings["window"] = {"daily_limit": limit, "timezone": noon()}
        shared.files.load(server.port)
        owner = shared.send("owner", more=["--no-wait"])
        workers = [shared.work(f"worker{number}") for number in range(2)]
        shared.await_workers(3)
        shared.await_accepted(len(read_record(record).accepted) + 50)
        for worker in workers:
            worker.kill()
        assert owner.wait() in (1, 3), shared.said()
        first = len(read_record(record).accepted)
        assert limit / 2 <= first <= limit
        assert shared.send("again", more=["--no-wait"]).wait() in (1, 3), shared.said()
        second = len(read_record(record).accepted)
        in_doubt = 2 * 6
        assert limit - in_doubt <= second <= limit, (first, second)

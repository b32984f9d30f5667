"""`campaign work`: the real command, beside the owner of a run, over a database that both reach."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crashes.sender import Sender, start
from tests.postgres.cluster import Cluster
from tests.postgres.shared_campaign import NAME, SharedCampaign
from tests.smtp_server import ServerProcess

pytestmark = pytest.mark.postgres

_RATE = 100
_PEOPLE = 700


@pytest.fixture
def shared(tmp_path: Path, postgres: Cluster, database: str) -> Iterator[SharedCampaign]:
    smtp: dict[str, object] = {"connections": 6, "rate": _RATE}
    name = database.rpartition("/")[2]
    with (
        ServerProcess(tmp_path / "record.jsonl") as server,
        SharedCampaign(tmp_path, postgres, name, server, people=_PEOPLE, smtp=smtp) as made,
    ):
        yield made


def _waiting(worker: Sender) -> Sender:
    """Wait until a worker waits for the run: it takes a while to start, and the run is over in some seconds."""
    worker.wait_until(lambda: "waiting for one to begin" in worker.said)
    return worker


def test_workers_that_were_there_first_join_share_and_end_with_the_run(shared: SharedCampaign) -> None:
    workers = [_waiting(shared.work(name)) for name in ("one", "two")]
    owner = shared.send("owner")
    assert owner.wait() == 0, shared.said()
    for worker in workers:
        assert worker.wait() == 0, shared.said()
        assert f"working for {NAME}, begun by " in worker.said
        assert " sent, in " in worker.said, shared.said()
    shared.judge.finish()
    assert shared.judge.figures.sent == _PEOPLE


def test_a_worker_that_is_told_to_end_finishes_what_is_under_way_and_the_others_do_the_rest(
    shared: SharedCampaign,
) -> None:
    worker = _waiting(shared.work("one"))
    owner = shared.send("owner")
    shared.await_workers(2)
    shared.await_accepted(200)
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0, shared.said()
    assert "ending: what is under way is finished first" in worker.said
    assert owner.poll() is None, "it ended before the run did"
    assert owner.wait() == 0, shared.said()
    shared.judge.finish()
    assert (shared.judge.figures.sent, shared.judge.figures.in_doubt) == (_PEOPLE, 0)


def test_an_owner_that_is_told_to_end_has_its_workers_end(shared: SharedCampaign) -> None:
    worker = _waiting(shared.work("one"))
    owner = shared.send("owner")
    shared.await_workers(2)
    shared.await_accepted(200)
    owner.signal(signal.SIGTERM)
    assert owner.wait() == 3, shared.said()
    assert worker.wait() == 0, shared.said()
    assert shared.send("again").wait() == 0, shared.said()
    shared.judge.finish()
    assert (shared.judge.figures.sent, shared.judge.figures.in_doubt) == (_PEOPLE, 0)


def _work_with(shared: SharedCampaign, name: str, environ: dict[str, str]) -> Sender:
    return start(*shared.work_arguments(name), log=shared.log(name), more=environ)


def test_a_worker_that_does_not_fit_is_refused_and_disturbs_nobody(shared: SharedCampaign) -> None:
    stranger = _waiting(_work_with(shared, "stranger", {"CAMPAIGN_LINK__SECRET": "x" * 40}))
    greedy = _waiting(_work_with(shared, "greedy", {"CAMPAIGN_SMTP__CONNECTIONS": "500"}))
    owner = shared.send("owner")
    assert (stranger.wait(), greedy.wait()) == (2, 2), shared.said()
    assert "the link secret here is not the run's" in stranger.said and "x" * 40 not in stranger.said
    assert "CAMPAIGN_SMTP__CONNECTIONS is not what the run was begun with" in greedy.said
    assert owner.wait() == 0, shared.said()
    shared.judge.finish()
    assert shared.judge.figures.sent == _PEOPLE

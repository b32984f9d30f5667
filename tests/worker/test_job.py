"""A worker's orders: divided among processes, and sent to them."""

import pickle
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from campaign.run.plan import open_window
from campaign.settings import LinkSettings, MessageSettings
from campaign.smtp.session.server import Server
from campaign.worker.job import Job, MessagePlan, ServerOrders
from tests.campaigns import SECRET

JOB = Job(
    ledger=Path("small.ledger"),
    message_plan=MessagePlan(
        campaign="small",
        message=MessageSettings.model_validate({"template": "template", "from": "a@acme.example"}),
        link=LinkSettings.model_validate({"domain": "acme.myclickfunnels.com"}),
        link_secret=SECRET,
        window=open_window(),
    ),
    servers=(
        ServerOrders(
            server=Server(host="mx.example", port=587, security="starttls", username="us", password="pass-word"),
            connections=1,
            rate=None,
            pipelining="auto",
            messages_per_connection=500,
            seconds_per_connection=600.0,
        ),
    ),
    tries=5,
    first_wait=1.0,
    longest_wait=60.0,
    stop_after=20,
)


@given(connections=st.integers(1, 200), processes=st.integers(1, 64))
def test_connections_are_divided_among_the_processes_and_the_rate_is_not(connections: int, processes: int) -> None:
    """The rate is everybody's: the ledger gives leave."""
    (orders,) = JOB.servers
    whole = replace(JOB, servers=(replace(orders, connections=connections, rate=12.5), orders))
    shares = list(whole.shares(processes))
    assert len(shares) == processes
    found = [share.servers[0].connections for share in shares]
    assert min(found) >= 1
    if processes <= connections:
        assert sum(found) == connections
        assert max(found) - min(found) <= 1
    for share in shares:
        assert share.servers[1] == orders
        whole_again = replace(share.servers[0], connections=connections)
        assert replace(share, servers=(whole_again, orders)) == whole


def test_a_job_travels_whole() -> None:
    assert pickle.loads(pickle.dumps(JOB)) == JOB


def test_what_is_shown_of_a_job_holds_no_secret() -> None:
    assert SECRET not in repr(JOB)
    assert "pass-word" not in repr(JOB)

"""Throttling is not failure: everybody gets it in the end, no try is spent, and the server's limits are kept."""

import itertools
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.campaigns import Silent, SmallCampaign, assert_agreement
from tests.clocks import HurriedClock
from tests.ports import silent_port
from tests.smtp_server import CATALOGUE, Action, FaultServer, Misbehaviour, nth_connection

BACKOFF = 0.005


def small(tmp_path: Path, people: int, **smtp: object) -> SmallCampaign:
    settings: dict[str, dict[str, object]] = {"smtp": {"timeout": "1m"} | smtp}
    return SmallCampaign(tmp_path / "c", settings=settings).people(people)


def all_sent(campaign: SmallCampaign, server: FaultServer) -> None:
    """One run: everybody, at the first try."""
    summary = campaign.send(server.port, backoff=BACKOFF)
    assert summary.exit_code == 0, summary.trouble
    rows = campaign.results()
    assert assert_agreement(campaign, [one.recipients[0] for one in server.accepted]) == {"sent": len(rows)}
    assert {row["attempts"] for row in rows} == {"1"}, "throttling used up tries"
    assert not server.defects


def all_sent_or_in_doubt(campaign: SmallCampaign, server: FaultServer) -> None:
    """Where a server hangs up with messages in flight behind the one that it refuses, nobody knows of those."""
    assert campaign.send(server.port, backoff=BACKOFF).trouble is None
    found = assert_agreement(campaign, [one.recipients[0] for one in server.accepted])
    assert set(found) <= {"sent", "in_doubt"}
    assert found["in_doubt"] <= sum(one.action == "cut" for one in server.connections) * 7
    assert {row["attempts"] for row in campaign.results()} == {"1"}, "throttling used up tries"


def slowed(campaign: SmallCampaign) -> list[str]:
    return [words for words in campaign.observer.notices if "slow down" in words]


@pytest.mark.parametrize(
    ("pipelining", "in_flight", "connections"),
    [
        (True, 1, 4),
        pytest.param(True, 1, 1, marks=pytest.mark.siege),
        pytest.param(True, 8, 4, marks=pytest.mark.siege),
        (False, 1, 4),
    ],
)
@pytest.mark.parametrize(
    "limit",
    [
        CATALOGUE["mail_throttle"](above_rate=60.0),
        CATALOGUE["mail_throttle_421"](above_rate=60.0),
        CATALOGUE["rcpt_throttle"](above_rate=60.0),
        CATALOGUE["body_throttle"](above_rate=60.0),
        CATALOGUE["body_throttle"](
            above_rate=60.0, reply=b"454 Throttling failure: Maximum sending rate exceeded.\r\n"
        ),
        CATALOGUE["body_throttle"](above_rate=60.0, reply=b"421 4.7.28 Unusual rate of mail\r\n"),
    ],
    ids=["454 MAIL", "421 MAIL", "450 RCPT", "451 body", "454 body", "421 body"],
)
def test_above_a_rate(tmp_path: Path, limit: Misbehaviour, pipelining: bool, in_flight: int, connections: int) -> None:
    campaign = small(tmp_path, 90, connections=connections, in_flight=in_flight)
    with FaultServer(limit, pipelining=pipelining, chunking=in_flight > 1, clock=HurriedClock(70)) as server:
        if limit.action is Action.CUT and in_flight > 1:
            all_sent_or_in_doubt(campaign, server)
        else:
            all_sent(campaign, server)
    assert slowed(campaign), "nobody was told"


@pytest.mark.parametrize(
    "reply", [b"432 4.3.2 Concurrent connections limit exceeded\r\n", b"421 Too many connections from your host\r\n"]
)
def test_for_a_while_too_many_connections(tmp_path: Path, reply: bytes) -> None:
    campaign = small(tmp_path, 12, connections=4)
    with FaultServer(CATALOGUE["body_4xx"](reply=reply, times=10)) as server:
        all_sent(campaign, server)
    assert not slowed(campaign), "the rate is not what is too high"


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize(
    "reply",
    [
        b"421 4.7.0 Try again later\r\n",
        b"450 4.7.1 Slow down\r\n",
        b"451 4.7.500 Server busy\r\n",
        b"454 Throttling failure: Maximum sending rate exceeded.\r\n",
        b"550 5.7.0 Requested action not taken: too many emails per second\r\n",
    ],
)
def test_for_a_while_nothing_at_all(tmp_path: Path, reply: bytes, connections: int) -> None:
    campaign = small(tmp_path, 12, connections=connections)
    with FaultServer(CATALOGUE["body_4xx"](reply=reply, times=20)) as server:
        all_sent(campaign, server)
    assert slowed(campaign)


def test_for_ever(tmp_path: Path) -> None:
    """Without a window there must be another end; and still nobody is marked."""
    campaign = small(tmp_path, 12)
    with FaultServer(
        CATALOGUE["mail_4xx"](reply=b"454 Throttling failure: Daily message quota exceeded\r\n")
    ) as server:
        summary = campaign.send(server.port, backoff=BACKOFF)
    assert summary.exit_code == 3 and summary.trouble is not None
    assert "Daily message quota exceeded" in summary.trouble.what
    assert Counter(campaign.statuses().values()) == {"pending": 12}
    assert {row["attempts"] for row in campaign.results()} == {"0"}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_more_connections_than_the_server_takes(tmp_path: Path, limit: int, pipelining: bool) -> None:
    campaign = small(tmp_path, 60, connections=10, in_flight=1)
    with FaultServer(max_connections=limit, pipelining=pipelining) as server:
        all_sent(campaign, server)
    counted = "1 connection" if limit == 1 else f"{limit} connections"
    assert any(words.endswith(f"now at most {counted}") for words in campaign.observer.notices)
    assert sum(one.accepted > 0 for one in server.connections) <= limit
    assert not slowed(campaign), "the limit is one of connections, not of messages"


@pytest.mark.siege
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_more_connections_than_the_server_takes_with_many_in_flight(tmp_path: Path, limit: int) -> None:
    """The probe has a connection for itself: how many are left for messages is learned beside it."""
    campaign = small(tmp_path, 600, connections=10, in_flight=8)
    with FaultServer(max_connections=limit, chunking=True) as server:
        all_sent(campaign, server)
        assert sum(one.chunked for one in server.accepted) > 300
    assert any("now at most" in words for words in campaign.observer.notices)
    assert not slowed(campaign), "the limit is one of connections, not of messages"


@pytest.mark.parametrize(("pipelining", "in_flight"), [(True, 1), (True, 8), (False, 1)])
@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("limit", [1, 3])
def test_fewer_messages_per_connection_than_configured(
    tmp_path: Path, limit: int, connections: int, pipelining: bool, in_flight: int
) -> None:
    campaign = small(tmp_path, 30, connections=connections, in_flight=in_flight)
    chunking = in_flight > 1
    with FaultServer(messages_per_connection=limit, pipelining=pipelining, chunking=chunking) as server:
        (all_sent_or_in_doubt if chunking else all_sent)(campaign, server)
    assert max(one.accepted for one in server.connections) == limit
    assert not slowed(campaign), "a session that is full asks for another session, not for less"


@pytest.mark.parametrize("words", ["421 4.3.2 Service shutting down", "421 bye"])
def test_a_session_that_ends_between_messages_is_renewed(tmp_path: Path, words: str) -> None:
    ends = CATALOGUE["mail_421"](reply=f"{words}\r\n".encode(), match=lambda now: now.message % 4 == 0)
    campaign = small(tmp_path, 30)
    with FaultServer(ends) as server:
        all_sent(campaign, server)
    assert not slowed(campaign)


def test_one_connection_in_trouble_is_not_all(tmp_path: Path) -> None:
    campaign = small(tmp_path, 40, connections=4)
    with FaultServer(CATALOGUE["mail_reset"](match=nth_connection(2))) as server:
        all_sent(campaign, server)


def test_a_server_that_comes_up_late(tmp_path: Path) -> None:
    class Starter(Silent):
        """Starts the server once it has been missed."""

        def notice(self, words: str) -> None:
            super().notice(words)
            if len(self.notices) == 1:
                stack.enter_context(late)

    campaign = small(tmp_path, 10, connections=4)
    campaign.observer = Starter()
    with silent_port() as bound, ExitStack() as stack:
        late = FaultServer(bound=bound)
        assert campaign.send(bound.getsockname()[1], backoff=0.5).exit_code == 0
    assert_agreement(campaign, [one.recipients[0] for one in late.accepted])
    assert "connection refused" in campaign.observer.notices[0]


@pytest.mark.parametrize("connections", [1, 5])
def test_the_rate_that_is_set_is_kept(tmp_path: Path, connections: int) -> None:
    campaign = small(tmp_path, 50, connections=connections, rate=50)
    with FaultServer() as server:
        all_sent(campaign, server)
    moments = sorted(one.time for one in server.accepted)
    assert moments[-1] - moments[0] >= 0.8
    for first, last in itertools.combinations(range(len(moments)), 2):
        allowed = 50 * (moments[last] - moments[first]) + 5
        assert last - first + 1 <= allowed + 2 * connections + 5, "replies arrive in waves, but not in such"

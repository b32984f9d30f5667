"""A session is one that carries mail: those that do not are failures, and one that wears out is renewed in time."""

import socket
from pathlib import Path

import pytest

from campaign.model import Attempt, Phase, Reply, Status
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.session import Session
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.session_failures import SessionFailures
from tests.attempts import attempt
from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp.recording_handler import Clock, RecordingHandler, pool_to, work
from tests.smtp_server import CATALOGUE, Misbehaviour, nth_message
from tests.smtp_server.misbehaviours import Situation

BACKOFF = 0.002


def small(folder: Path, count: int, *, stop_after: int = 20, **smtp: object) -> SmallCampaign:
    settings: dict[str, dict[str, object]] = {
        "smtp": {"timeout": "1m"} | smtp,
        "retry": {"first_wait": "1ms", "stop_after": stop_after},
    }
    return SmallCampaign(folder / "c", settings).people(count)


def unsolicited(words: bytes) -> Misbehaviour:
    return CATALOGUE["ehlo_extra_after"](after=words)


@pytest.mark.parametrize("connections", [pytest.param(1, marks=pytest.mark.siege), 4])
@pytest.mark.parametrize(
    "fault",
    [
        unsolicited(b"421 4.3.2 shutting down\r\n"),
        unsolicited(b"250 2.0.0 One line too many\r\n"),
        unsolicited(b"that is no reply\r\n"),
        CATALOGUE["mail_cut"](),
        CATALOGUE["mail_reset"](),
        CATALOGUE["data_354_cut"](),
        Misbehaviour(name="354 twice", phase=Phase.DATA, after=b"354 Go ahead, I said\r\n"),
    ],
    ids=lambda fault: fault.name,
)
def test_sessions_that_carry_nothing_end_the_run_and_nobody_suffers(
    tmp_path: Path, fault: Misbehaviour, connections: int, smtp_server: StartServer
) -> None:
    """However short the retries are, it is the server's fault or ours."""
    campaign = small(tmp_path, 400, connections=connections)
    server = smtp_server(fault, allow_defects=True)
    summary = campaign.send(server.port, backoff=BACKOFF)
    assert summary.exit_code == 3 and summary.trouble is not None
    counts = assert_agreement(campaign, [one.recipients[0] for one in server.accepted])
    assert counts[Status.PENDING] >= 380 and not counts[Status.REJECTED]
    assert len(server.connections) <= 20 + connections
    if fault.name.startswith("ehlo"):
        assert any("before it carried a message" in words for words in campaign.observer.notices)
        assert counts == {Status.PENDING: 400}


@pytest.mark.parametrize("connections", [pytest.param(1, marks=pytest.mark.siege), 4])
@pytest.mark.parametrize("name", ["mail_421", "mail_421_open", "rcpt_421", "data_421"])
def test_421_to_every_message_ends_the_run_after_so_many_sessions(
    tmp_path: Path, name: str, connections: int, smtp_server: StartServer
) -> None:
    """421 asks to slow down, which costs no row a try; but a server that says nothing else is not asked for ever. How
    many rows there are plays no part: after the first waits, connections are few and far between.
    """
    campaign = small(tmp_path, 400, connections=connections)
    server = smtp_server(CATALOGUE[name]())
    summary = campaign.send(server.port, backoff=BACKOFF)
    assert summary.exit_code == 3 and summary.trouble is not None and summary.trouble.reason == "failures"
    assert assert_agreement(campaign, []) == {Status.PENDING: 400}
    assert len(server.connections) <= 250
    assert any("421" in words or "slow down" in words for words in campaign.observer.notices)


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY])
def test_sessions_that_end_by_421_to_their_message_stop_the_run_for_the_same_reason_as_the_messages(
    phase: Phase,
) -> None:
    """Whether messages or sessions are first to be too many is a matter of time, and so nothing to tell a program."""
    breaker = CircuitBreaker(stop_after=3, where="smtp")
    sessions = SessionFailures(breaker, stop_after=3, backoff=BACKOFF, where="smtp")
    sessions.session_opened()
    reply = Reply(code=421, enhanced=None, text="Service shutting down")
    for _ in range(3):
        assert breaker.reason is None
        sessions.session_failed(SessionError("it ended", phase=phase, reply=reply), others=0)
    assert breaker.reason is not None and breaker.reason.reason == "failures"


def test_a_session_that_is_full_at_once_makes_way_for_another(tmp_path: Path, smtp_server: StartServer) -> None:
    """postscreen: once a client has passed its tests, this session says 450 for ever, and the next is free."""

    def first_one(now: Situation) -> bool:
        return now.connection <= 4

    fault = CATALOGUE["rcpt_4xx"](reply=b"450 4.3.2 Service currently unavailable\r\n", match=first_one)
    campaign = small(tmp_path, 40, connections=4)
    server = smtp_server(fault)
    summary = campaign.send(server.port, backoff=0.05)
    assert summary.counts[Status.SENT] == 40
    assert {row["attempts"] for row in campaign.results()} == {"1"}
    assert summary.seconds < 5


def test_one_session_says_it_for_ever(tmp_path: Path, smtp_server: StartServer) -> None:
    fault = CATALOGUE["rcpt_4xx"](reply=b"450 4.3.2 Service currently unavailable\r\n")
    campaign = small(tmp_path, 100, connections=4)
    summary = campaign.send(smtp_server(fault).port, backoff=BACKOFF)
    assert summary.exit_code == 3 and summary.trouble is not None
    assert summary.counts[Status.PENDING] == 100


@pytest.mark.parametrize("pipelining", [True, False])
def test_many_refused_recipients_wear_no_session_out(smtp_server: StartServer, pipelining: bool) -> None:
    """RSET between two messages is free; further ones are counted by servers, which hang up after ten."""
    server = smtp_server(CATALOGUE["rcpt_5xx"](), pipelining=pipelining)
    handler = RecordingHandler(attempt(number) for number in range(40))
    pool = pool_to(server, handler)
    work(pool, lambda: handler.settled)
    pool.close()
    assert handler.last_words() == {"RCPT 550": 40}
    server.wait_until(lambda: all(one.action is not None for one in server.connections))
    resets = [sum(read.count(b"RSET") for read in one.reads) for one in server.connections]
    assert max(resets) <= 10 and len(server.connections) <= 6


def test_mail_that_is_refused_needs_no_reset(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["mail_4xx"]())
    handler = RecordingHandler(attempt(number) for number in range(5))
    pool = pool_to(server, handler)
    work(pool, lambda: handler.settled)
    pool.close()
    assert server.record.commands["RSET"] == 0


def test_a_reset_that_is_refused_ends_the_session_and_costs_no_row(tmp_path: Path, smtp_server: StartServer) -> None:
    def odd(now: Situation) -> bool:
        return int(now.addresses[0][1:].partition("@")[0]) % 2 == 1

    campaign = small(tmp_path, 20)
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=odd), resets=3)
    summary = campaign.send(server.port, backoff=BACKOFF)
    assert summary.trouble is None
    assert summary.counts[Status.SENT] == 10 and summary.counts[Status.REJECTED] == 10
    assert campaign.observer.notices == []


def test_a_session_that_is_not_used_says_goodbye() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        Session(sock=ours, features={}, leftover=b"").hang_up()
        assert theirs.recv(100) == b"QUIT\r\n" and theirs.recv(100) == b""


def test_sessions_that_come_after_the_work_is_done_say_goodbye(smtp_server: StartServer) -> None:
    server = smtp_server()
    handler = RecordingHandler([attempt(1)])
    pool = pool_to(server, handler, limit=8)
    work(pool, lambda: handler.settled)
    pool.close()
    server.wait_until(lambda: all(one.action == "quit" for one in server.connections))


def test_what_stands_behind_a_body_has_the_patience_of_commands(smtp_server: StartServer) -> None:
    """Ten times as long is for a message's own reply: RFC 5321 section 4.5.3.2.6."""

    def second(now: Situation) -> bool:
        return now.message == 3

    server = smtp_server(CATALOGUE["mail_hang"](match=second))
    handler, clock = RecordingHandler([attempt(number) for number in range(4)]), Clock()
    pool = pool_to(server, handler, timeout=100.0, clock=clock)
    work(pool, lambda: any(one.silent for one in server.connections) and handler.last_words() == {"body 250": 2})
    clock.ahead = 150.0
    work(pool, lambda: handler.settled)
    pool.close()
    assert handler.last_words() == {"body 250": 3, "not_sent": 1}


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_second_reply_makes_the_refusal_before_it_doubtful(
    tmp_path: Path, smtp_server: StartServer, pipelining: bool
) -> None:
    """450, then 250 for one body: whoever tried again would mail it twice."""
    fault = Misbehaviour(
        name="450, then 250",
        phase=Phase.BODY,
        reply=b"450 4.3.0 Not now\r\n",
        after=b"",
        accept=True,
        match=lambda now: any(address.startswith("p1@") for address in now.addresses),
        times=1,
    )
    late = Misbehaviour(name="late", phase=Phase.MAIL, before=b"250 2.0.0 Taken after all\r\n", match=nth_message(3))
    campaign = small(tmp_path, 4, connections=1, pipelining="envelope")
    server = smtp_server(fault, late, pipelining=pipelining, allow_defects=True)  # it is misled
    summary = campaign.send(server.port, backoff=1.0)  # no second try before the late reply
    assert summary.trouble is None
    assert assert_agreement(campaign, [one.recipients[0] for one in server.accepted]) == {"sent": 3, "in_doubt": 1}
    assert campaign.statuses()["p1@people.example"] == "in_doubt"


def test_who_stands_behind_a_message_that_is_answered_by_421_is_not_charged(smtp_server: StartServer) -> None:
    """The session ends by what was said of another message: its own sessions did not fail it."""

    heard = []

    class Noting(RecordingHandler):
        def not_sent(self, attempt: Attempt, why: str) -> None:
            heard.append(why)
            super().not_sent(attempt, why)

    server = smtp_server(CATALOGUE["body_4xx"](reply=b"421 4.7.0 Try again later\r\n", match=nth_message(2)))
    handler = Noting(attempt(number) for number in range(4))
    pool = pool_to(server, handler)
    work(pool, lambda: handler.settled)
    pool.close()
    assert handler.last_words() == {"body 250": 2, "body 421": 1, "not_sent": 1}
    assert heard == [""]

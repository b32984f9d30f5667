"""How fast a server can be mailed through, as a session shows it."""

import socket
from dataclasses import replace

import pytest

from campaign.model import Phase, Reply
from campaign.run.quick_measure import quick_measure
from campaign.run.server_pace import ServerPace, round_trips
from campaign.smtp.envelope_probe import EnvelopeProbe, EnvelopeStep
from campaign.smtp.pipelining.trials import Pipelining
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer

OK = Reply(code=250, enhanced=None, text="ok")


@pytest.mark.parametrize(
    ("greeting", "features", "mode", "trips"),
    [
        ("mx ESMTP", {"pipelining": ""}, "auto", 1),
        ("mx ESMTP", {"pipelining": ""}, "envelope", 2),
        ("mx ESMTP", {"pipelining": ""}, "off", 4),
        ("mx ESMTP", {}, "auto", 4),
        ("mx ESMTP Haraka/3.0", {"pipelining": ""}, "auto", 2),
    ],
)
def test_what_a_server_offers_says_how_many_round_trips_a_message_takes(
    greeting: str, features: dict[str, str], mode: Pipelining, trips: int
) -> None:
    assert round_trips(greeting, features, mode=mode) == trips


def test_what_the_server_takes_for_an_envelope_counts_beside_the_round_trip() -> None:
    sock = socket.socket()
    session = Session(sock=sock, features={"pipelining": ""}, leftover=b"", greeting="mx")
    sock.close()
    steps = (
        EnvelopeStep(phase=Phase.MAIL, command="MAIL", reply=OK, seconds=0.039),
        EnvelopeStep(phase=Phase.RCPT, command="RCPT", reply=OK, seconds=0.240),
    )
    pace = ServerPace.of(session, EnvelopeProbe(steps=steps, round_trip=0.040), opening=0.3, mode="auto")
    assert pace.envelope == pytest.approx(0.2)
    assert pace.seconds_per_message == pytest.approx(0.24, abs=0.005)


def test_more_connections_and_shorter_ways_make_it_faster_and_renewing_costs() -> None:
    pace = ServerPace(round_trip=0.1, trips=1, opening=0.5)
    ten = pace.per_second(10, messages_per_connection=500)
    assert ten == pytest.approx(100, rel=0.05)
    assert pace.per_second(20, messages_per_connection=500) == pytest.approx(2 * ten)
    assert pace.per_second(10, messages_per_connection=1) == pytest.approx(10 / 0.603, rel=0.01)


def test_the_first_connection_is_opened_alone_and_the_others_together() -> None:
    pace = ServerPace(round_trip=0.1, trips=1, opening=0.5)
    assert pace.delay(1, 1) == 0.5
    assert pace.delay(10, 1) == pytest.approx(0.5 * 1.9)
    assert pace.delay(10, 10) == 0.5
    assert pace.delay(33, 1) == pytest.approx(0.5 * (1 + 16 * 2 + 16 * 3) / 33)


def test_messages_in_flight_share_a_round_trip_and_what_they_waited_for_each_other() -> None:
    """What a message took in a run with eight in flight is mostly its wait behind the other seven."""
    pace = ServerPace(round_trip=0.1, trips=1, opening=0.5, in_flight=8)
    assert pace.seconds_per_message == pytest.approx(0.103 / 8)
    assert pace.with_accepting(0.15).seconds_per_message == pytest.approx(0.153 / 8)
    assert replace(pace, envelope=0.05).seconds_per_message == pytest.approx(0.05), "no two envelopes at a time"


@pytest.mark.parametrize(
    ("features", "mode", "shared"),
    [
        ({"pipelining": "", "chunking": ""}, "auto", 8),
        ({"pipelining": ""}, "auto", 1),
        ({"chunking": ""}, "auto", 1),
        ({"pipelining": "", "chunking": ""}, "envelope", 1),
    ],
)
def test_what_a_server_offers_says_whether_they_can(features: dict[str, str], mode: Pipelining, shared: int) -> None:
    session = Session(sock=socket.socket(), features=features, leftover=b"")
    with session.sock:
        found = EnvelopeProbe(steps=(), round_trip=0.1)
        assert ServerPace.of(session, found, opening=0.1, mode=mode, in_flight=8).in_flight == shared


def given(server: FaultServer) -> Server:
    return Server(host=server.host, port=server.port, security="none", timeout=60)


def test_servers_are_measured_without_a_message(smtp_server: StartServer) -> None:
    server, other = smtp_server(CATALOGUE["mail_5xx"]()), smtp_server(pipelining=False)
    paces = quick_measure({"one": (given(server), "auto", 1), "two": (given(other), "auto", 1)}, patience=60)
    assert (paces["one"].trips, paces["two"].trips) == (1, 4)
    assert paces["one"].round_trip > 0 and paces["one"].opening > 0
    server.record.wait_until(lambda: server.record.connections[0].commands[-1:] == [b"QUIT"])
    assert [one[:4] for one in server.record.connections[0].commands] == [b"EHLO", *[b"NOOP"] * 5, b"QUIT"]


@pytest.mark.parametrize("name", ["connect_hang", "connect_5xx", "ehlo_cut"])
def test_nobody_waits_long_for_a_server_that_does_not_answer(smtp_server: StartServer, name: str) -> None:
    server = smtp_server(CATALOGUE[name]())
    assert quick_measure({"one": (given(server), "auto", 1)}, patience=0.2 if "hang" in name else 60) == {}

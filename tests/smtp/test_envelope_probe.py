"""Asking a server about our envelope, without sending anything."""

import pytest

from campaign.model import Phase
from campaign.smtp.envelope_probe import ROUND_TRIPS, EnvelopeStep, probe_envelope
from campaign.smtp.session.connect import connect
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer


def ask(server: FaultServer, *, return_path: str = "bounces@acme.example", timeout: float = 60) -> list[EnvelopeStep]:
    session = connect(Server(host=server.host, port=server.port, security="none", timeout=60))
    try:
        probe = probe_envelope(session, return_path=return_path, recipient="hello@acme.example", timeout=timeout)
        assert probe.round_trip > 0 and all(one.seconds > 0 for one in probe.steps)
        return list(probe.steps)
    finally:
        assert session.sock.fileno() == -1, "left open"


def commands(server: FaultServer) -> list[bytes]:
    server.record.wait_until(lambda: server.record.connections[0].commands[-1:] == [b"QUIT"])
    commands = server.record.connections[0].commands
    assert commands[1 : 1 + ROUND_TRIPS] == [b"NOOP"] * ROUND_TRIPS
    return commands[1 + ROUND_TRIPS :]


def test_an_envelope_is_taken_and_taken_back(smtp_server: StartServer) -> None:
    server = smtp_server()
    steps = ask(server)
    assert [(one.phase, one.command, one.reply.code, one.reply.enhanced) for one in steps] == [
        (Phase.MAIL, "MAIL FROM:<bounces@acme.example>", 250, "2.1.0"),
        (Phase.RCPT, "RCPT TO:<hello@acme.example>", 250, "2.1.5"),
    ]
    expected = [b"MAIL FROM:<bounces@acme.example>", b"RCPT TO:<hello@acme.example>", b"RSET", b"QUIT"]
    assert commands(server) == expected
    assert server.accepted == [] and not server.defects


@pytest.mark.parametrize(
    ("name", "codes"),
    [("mail_5xx", [550]), ("mail_4xx", [451]), ("mail_multiline", [250, 250]), ("rcpt_5xx", [250, 550])],
)
def test_what_the_server_says_is_given_as_it_is(smtp_server: StartServer, name: str, codes: list[int]) -> None:
    server = smtp_server(CATALOGUE[name]())
    assert [one.reply.code for one in ask(server)] == codes
    assert commands(server)[-2:] == [b"RSET", b"QUIT"]
    assert len(commands(server)) == len(codes) + 2, "where the sender is refused, nobody is named"


@pytest.mark.parametrize("phase", ["mail", "rcpt"])
def test_a_reply_may_come_in_pieces(smtp_server: StartServer, phase: str) -> None:
    assert [one.reply.code for one in ask(smtp_server(CATALOGUE[f"{phase}_in_pieces"]()))] == [250, 250]


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT])
@pytest.mark.parametrize("what", ["cut", "reset", "hang", "malformed_letters", "extra_before"])
def test_no_reply_is_an_error_of_ours_and_says_where(smtp_server: StartServer, phase: Phase, what: str) -> None:
    with pytest.raises(SessionError) as caught:
        ask(smtp_server(CATALOGUE[f"{phase.lower()}_{what}"]()), timeout=1 if what == "hang" else 60)
    assert caught.value.phase is phase
    assert caught.value.what.startswith("MAIL FROM was not" if phase is Phase.MAIL else "RCPT TO was not")


def test_an_address_beyond_ascii_says_so(smtp_server: StartServer) -> None:
    server = smtp_server()
    ask(server, return_path="ünzustellbar@acme.example")
    assert commands(server)[0].endswith("<ünzustellbar@acme.example> SMTPUTF8".encode())


def test_the_envelope_asks_of_bounces_what_a_message_asks(smtp_server: StartServer) -> None:
    able, refusing, without = smtp_server(dsn=True), smtp_server(dsn=True, dsn_refusal=b"555 No\r\n"), smtp_server()
    for server, taken, said in [
        (able, True, [b"MAIL FROM:<b@acme.example> RET=HDRS ENVID=k"]),
        (refusing, False, [b"MAIL FROM:<b@acme.example> RET=HDRS ENVID=k", b"MAIL FROM:<b@acme.example>"]),
        (without, None, [b"MAIL FROM:<b@acme.example>"]),
    ]:
        session = connect(Server(host=server.host, port=server.port, security="none", timeout=60))
        asked = probe_envelope(
            session, return_path="b@acme.example", recipient="h@acme.example", timeout=60, envelope_id="k"
        )
        assert asked.dsn is taken and [one.reply.code for one in asked.steps] == [250, 250]
        assert [line for line in commands(server) if line.startswith(b"MAIL")] == said


def test_a_sender_that_is_refused_with_the_parameters_and_without_is_refused_once(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["mail_5xx"](reply=b"501 5.1.7 Bad sender\r\n"), dsn=True)
    session = connect(Server(host=server.host, port=server.port, security="none", timeout=60))
    asked = probe_envelope(
        session, return_path="b@acme.example", recipient="h@acme.example", timeout=60, envelope_id="k"
    )
    assert asked.dsn is None and [one.reply.code for one in asked.steps] == [501]

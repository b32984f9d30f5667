"""Every misbehaviour by name, seen from the other end of the wire: the server does wrong what it is told, no more."""

import time
from collections.abc import Sequence

import pytest

from campaign.model import Phase
from tests.conftest import StartServer
from tests.smtp_server import (
    CATALOGUE,
    Action,
    FaultServer,
    Misbehaviour,
    Tls,
    address,
    local_part,
)
from tests.smtp_server.raw_client import GROUP, MAIL, MESSAGE, RCPT, RawClient

COMMANDS = {
    Phase.CONNECT: b"",
    Phase.EHLO: b"EHLO client.example\r\n",
    Phase.STARTTLS: b"STARTTLS\r\n",
    Phase.AUTH: b"AUTH PLAIN AHUAcA==\r\n",
    Phase.MAIL: MAIL,
    Phase.RCPT: RCPT,
    Phase.DATA: b"DATA\r\n",
    Phase.BODY: MESSAGE + b".\r\n",
}
RIGHT = {
    Phase.CONNECT: "banner",
    Phase.STARTTLS: "starttls",
    Phase.AUTH: "signed_in",
    Phase.MAIL: "sender_ok",
    Phase.RCPT: "recipient_ok",
    Phase.DATA: "go_ahead",
    Phase.BODY: "accepted",
}
APART = {
    name
    for name in CATALOGUE
    if CATALOGUE[name]().above_rate or CATALOGUE[name]().after_bytes or CATALOGUE[name]().of_refused_chunk
} | {
    "connect_reset",
    "body_unanswered",
    "mail_behind_a_body_5xx",
    "body_envelope_behind_lost",
    "body_envelope_behind_kills",
}


def start(smtp_server: StartServer, what: Misbehaviour) -> FaultServer:
    """A server that has what the misbehaviour's phase needs."""
    return smtp_server(
        what,
        tls=Tls.GOOD if what.phase is Phase.STARTTLS else Tls.NONE,
        logins={"u": "p"} if what.phase is Phase.AUTH else None,
    )


def right_answer(server: FaultServer, phase: Phase) -> bytes:
    return server.features.ehlo(encrypted=False) if phase is Phase.EHLO else server.features.replies[RIGHT[phase]]


def go_to(phase: Phase, client: RawClient, server: FaultServer) -> None:
    """The dialogue as it should be, up to that phase's command."""
    for earlier in list(COMMANDS)[: list(COMMANDS).index(phase)]:
        if earlier in (Phase.STARTTLS, Phase.AUTH):
            continue
        client.send(COMMANDS[earlier])
        answer = right_answer(server, earlier)
        assert client.hear(len(answer)) == answer


def check_end(action: Action, client: RawClient, server: FaultServer) -> None:
    match action:
        case Action.ANSWER:
            server.catch_up()
            assert server.connections[0].action is None
        case Action.CUT:
            assert client.end() == "FIN"
        case Action.RESET:
            assert client.end() == "RST"
        case Action.HANG | Action.STALL:
            server.wait_until(lambda: [connection.action for connection in server.connections] == [action.value])
            client.send(b"NOOP\r\n")
            server.catch_up()
            assert client.is_silent()


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - APART))
def test_it_does_what_it_says(smtp_server: StartServer, name: str) -> None:
    what = CATALOGUE[name]()
    assert what.name == name
    assert name.startswith(what.phase.lower() + "_")
    server = start(smtp_server, what)
    with RawClient(server.host, server.port) as client:
        go_to(what.phase, client, server)
        began = time.monotonic()
        client.send(COMMANDS[what.phase])
        right = right_answer(server, what.phase) if what.action is Action.ANSWER else b""
        expected = what.before + (right if what.reply is None else what.reply) + what.after
        assert client.hear(len(expected)) == expected
        assert time.monotonic() - began >= what.delay
        check_end(what.action, client, server)
        taken = what.accept or (what.action is Action.ANSWER and what.reply is None)
        assert len(server.accepted) == (what.phase is Phase.BODY and taken)
        assert server.unanswered == (server.accepted if expected == b"" else [])


ENVELOPE = b"MAIL FROM:<b@acme.example>\r\nRCPT TO:<c@people.example>\r\nDATA\r\n"


def behind_a_body(smtp_server: StartServer, name: str, answers: Sequence[bytes]) -> FaultServer:
    """Sends a message whose body has an envelope behind it, and sees that just these codes come back."""
    server = smtp_server(CATALOGUE[name]())
    with RawClient(server.host, server.port) as client:
        go_to(Phase.BODY, client, server)
        client.send(COMMANDS[Phase.BODY] + ENVELOPE)
        for code in answers:
            assert client.reply().startswith(code)
        assert client.say(b"RSET\r\n").startswith(b"250 2.0.0 Ok\r\n")  # and nothing was said in between
    return server


def test_an_envelope_behind_a_body_is_refused_command_by_command(smtp_server: StartServer) -> None:
    server = behind_a_body(smtp_server, "mail_behind_a_body_5xx", [b"250", b"503", b"503", b"503"])
    assert len(server.accepted) == 1


def test_an_envelope_behind_a_body_is_lost(smtp_server: StartServer) -> None:
    server = behind_a_body(smtp_server, "body_envelope_behind_lost", [b"250"])
    assert len(server.accepted) == 1


def test_an_envelope_behind_a_body_kills_the_connection(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["body_envelope_behind_kills"]())
    with RawClient(server.host, server.port) as client:
        go_to(Phase.BODY, client, server)
        client.send(COMMANDS[Phase.BODY] + ENVELOPE)
        assert client.end() == "RST"
    assert server.unanswered == server.accepted and len(server.accepted) == 1


@pytest.mark.parametrize("name", ["mail_behind_a_body_5xx", "body_envelope_behind_lost", "body_envelope_behind_kills"])
def test_an_envelope_by_itself_is_none_of_their_business(smtp_server: StartServer, name: str) -> None:
    server = smtp_server(CATALOGUE[name]())
    with RawClient(server.host, server.port) as client:
        go_to(Phase.BODY, client, server)
        client.send(COMMANDS[Phase.BODY])
        assert client.reply().startswith(b"250")
        client.send(ENVELOPE)
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]


def test_reset_at_connect(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["connect_reset"]())

    def connect() -> None:
        with RawClient(server.host, server.port) as client:
            client.hear(1)

    with pytest.raises(ConnectionResetError):  # from connect() itself, or from the first read: both can happen
        connect()


@pytest.mark.parametrize("name", sorted(name for name in CATALOGUE if CATALOGUE[name]().after_bytes))
def test_inside_the_body(smtp_server: StartServer, name: str) -> None:
    what = CATALOGUE[name]()
    server = start(smtp_server, what)
    with RawClient(server.host, server.port) as client:
        go_to(Phase.BODY, client, server)
        client.send(b"x" * 99)
        server.wait_until(lambda: server.record.commands["DATA"] == 1)
        server.catch_up()
        assert server.connections[0].action is None
        client.send(b"x")
        assert client.hear(len(what.reply or b"")) == (what.reply or b"")
        check_end(what.action, client, server)
    assert server.record.unfinished == 1
    assert server.accepted == []


def test_a_body_shorter_than_the_place_where_it_would_be_cut_is_cut_at_its_end(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["body_cut_inside"](after_bytes=10_000))
    with RawClient(server.host, server.port) as client:
        go_to(Phase.BODY, client, server)
        client.send(MESSAGE + b".\r\n")
        assert client.end() == "FIN"
    assert server.accepted == []


def test_an_answer_inside_the_body_does_not_end_it(smtp_server: StartServer) -> None:
    early = Misbehaviour(name="early", phase=Phase.BODY, reply=b"452 4.3.1 Disk is filling\r\n", after_bytes=5)
    server = smtp_server(early)
    with RawClient(server.host, server.port) as client:
        go_to(Phase.BODY, client, server)
        assert client.say(MESSAGE[:20]) == early.reply
        assert client.say(MESSAGE[20:] + b".\r\n").startswith(b"250 ")
    assert [message.data for message in server.accepted] == [MESSAGE]


@pytest.mark.parametrize("name", sorted(name for name in CATALOGUE if CATALOGUE[name]().above_rate))
def test_throttling(smtp_server: StartServer, name: str) -> None:
    now = [0.0]
    what = CATALOGUE[name](above_rate=2.0)
    server = smtp_server(what, clock=lambda: now[0])
    assert what.reply is not None

    def send_one() -> bool:
        """Whether it was throttled."""
        for phase in (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY):
            if (reply := client.say(COMMANDS[phase])) == what.reply:
                if what.action is Action.ANSWER:
                    client.say(b"RSET\r\n")
                return True
            assert reply == right_answer(server, phase)
        return False

    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert [send_one(), send_one(), send_one()] == [False, False, True]
    now[0] += 0.5
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert [send_one(), send_one()] == [False, True]
    assert len(server.accepted) == 3


def test_greylisting_counts_for_each_recipient(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["rcpt_greylist"](times=2))
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.say(MAIL)
        heard = [client.say(b"RCPT TO:<%b@example.com>\r\n" % who)[:3] for who in (b"a", b"b", b"A", b"a", b"b", b"b")]
    assert heard == [b"451", b"451", b"451", b"250", b"451", b"250"]


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("rcpt_refused_354_554", b"554 "),
        ("rcpt_deferred_354_554", b"554 "),
        ("rcpt_refused_354_250", b"250 "),
        ("rcpt_refused_354_cut", None),
    ],
)
def test_354_for_nobody(smtp_server: StartServer, name: str, last: bytes | None) -> None:
    server = smtp_server(CATALOGUE[name](match=local_part("anna")))
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.send(GROUP)
        assert [client.reply()[:1] for _ in range(3)] in ([b"2", b"5", b"3"], [b"2", b"4", b"3"])
        client.send(b".\r\n")
        if last is None:
            assert client.end() == "FIN"
        else:
            assert client.reply().startswith(last)
            client.send(GROUP.replace(b"anna", b"bert"))
            assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
            assert client.say(MESSAGE + b".\r\n").startswith(b"250 ")
    assert server.count_by_recipient() == ({} if last is None else {"bert@example.com": 1})


def test_a_message_for_nobody_is_a_defect(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["rcpt_refused_354_554"](), allow_defects=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.send(GROUP)
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"550", b"354"]
        assert client.say(MESSAGE + b".\r\n").startswith(b"554 ")
    assert [defect.what for defect in server.defects] == ["a message though every recipient was refused"]
    assert server.accepted == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("mail_5xx", [b"550", b"503", b"503"]),
        ("rcpt_5xx", [b"250", b"550", b"554"]),
        ("rcpt_4xx", [b"250", b"450", b"554"]),
        ("data_4xx", [b"250", b"250", b"451"]),
        ("mail_421", [b"421"]),
        ("rcpt_421", [b"250", b"421"]),
        ("data_421", [b"250", b"250", b"421"]),
        ("rcpt_cut", [b"250"]),
        ("rcpt_slow", [b"250", b"250", b"354"]),
        ("rcpt_in_pieces", [b"250", b"250", b"354"]),
        ("rcpt_extra_after", [b"250", b"250", b"250", b"354"]),
    ],
)
def test_in_a_pipelined_group(smtp_server: StartServer, name: str, codes: list[bytes]) -> None:
    what = CATALOGUE[name]()
    server = smtp_server(what)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.send(GROUP)
        assert [client.reply()[:3] for _ in codes] == codes
        check_end(what.action, client, server)


def test_discarded_is_accepted_and_marked(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["body_discarded"](match=address("ANNA@example.com"), times=1))
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        for _ in range(2):
            client.send(GROUP)
            assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
            assert client.say(MESSAGE + b".\r\n").startswith(b"250 ")
    assert [message.discarded for message in server.accepted] == [True, False]


def test_after_a_refusal_at_connect_only_quit_is_heard(smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["connect_5xx"]())
    with RawClient(server.host, server.port) as client:
        assert client.reply().startswith(b"554 ")
        assert client.say(b"EHLO client.example\r\n").startswith(b"503 ")
        assert client.say(b"QUIT\r\n").startswith(b"221 ")

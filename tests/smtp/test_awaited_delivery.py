"""Messages over one session, each waited for: what the server said last, and whether the message may have arrived."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from campaign.model import Attempt, Envelope, Message, Phase
from campaign.smtp.awaited_delivery import AwaitedDelivery
from campaign.smtp.session.connect import connect
from campaign.smtp.session.server import Server
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hQHBlb3BsZS5leGFtcGxlIn0.b3RoZXJzIHdvdWxkIHNpZ24gaW4gYnkgdGhpcw"


def attempt(number: int = 1, size: int = 100, *, envelope_id: str = "") -> Attempt:
    data = b"Message-ID: <%d@acme.example>\r\nSubject: x\r\n\r\n%b.\r\n" % (number, b"yyyyyyyy\r\n" * (size // 10))
    envelope = Envelope(return_path="bounces@acme.example", recipient="me@acme.example", envelope_id=envelope_id)
    message = Message(envelope=envelope, message_id=f"<{number}@acme.example>", data=data)
    return Attempt(contact=number, message=message, link_expires_at=0, link_fingerprint="", token=TOKEN)


@contextmanager
def line(server: FaultServer, *, timeout: float = 60, pipelining: bool = True) -> Iterator[AwaitedDelivery]:
    session = connect(Server(host=server.host, port=server.port, security="none", timeout=60))
    delivery = AwaitedDelivery(session, timeout=timeout, pipelining=pipelining)
    try:
        yield delivery
    finally:
        delivery.close()
        assert session.sock.fileno() == -1, "left open"


@pytest.mark.parametrize("offered", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
def test_messages_go_one_after_the_other_over_one_session(
    smtp_server: StartServer, offered: bool, wanted: bool
) -> None:
    server = smtp_server(pipelining=offered)
    with line(server, pipelining=wanted) as to:
        for number in (1, 2, 3):
            said = to.deliver(attempt(number, size=10 ** (2 * number)))
            assert said.phase is Phase.BODY and said.reply is not None and said.reply.code == 250 and not to.over
    assert [one.message_id for one in server.accepted] == ["<1@acme.example>", "<2@acme.example>", "<3@acme.example>"]
    assert len(server.connections) == 1


@pytest.mark.parametrize("offered", [True, False])
@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY])
@pytest.mark.parametrize("kind", ["4xx", "5xx", "5xx_multiline"])
def test_a_refusal_is_the_messages_own_and_the_next_one_goes(
    smtp_server: StartServer, phase: Phase, kind: str, offered: bool
) -> None:
    server = smtp_server(CATALOGUE[f"{phase.lower()}_{kind}"](times=1), pipelining=offered)
    with line(server) as to:
        said = to.deliver(attempt(1))
        assert said.phase is phase and said.reply is not None and said.reply.code >= 400
        second = to.deliver(attempt(2))
        assert second.reply is not None and second.reply.code == 250
    assert [one.message_id for one in server.accepted] == ["<2@acme.example>"]


@pytest.mark.parametrize("name", ["rcpt_refused_354_554", "rcpt_refused_354_250"])
def test_354_for_nobody_is_answered_with_an_empty_message(smtp_server: StartServer, name: str) -> None:
    server = smtp_server(CATALOGUE[name](times=1))
    with line(server) as to:
        said = to.deliver(attempt(1))
        assert said.phase is Phase.RCPT and said.reply is not None and said.reply.code == 550
        assert not to.over
        second = to.deliver(attempt(2))
        assert second.reply is not None and second.reply.code == 250


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA])
@pytest.mark.parametrize("kind", ["cut", "reset", "hang", "malformed_letters"])
def test_without_a_reply_before_the_body_nothing_has_left(smtp_server: StartServer, phase: Phase, kind: str) -> None:
    server = smtp_server(CATALOGUE[f"{phase.lower()}_{kind}"](), pipelining=False, allow_defects=True)
    with line(server, timeout=0.5 if kind == "hang" else 60) as to:
        said = to.deliver(attempt())
        assert said.reply is None and said.why and not said.body_left and to.over


@pytest.mark.parametrize("name", ["body_accepted_cut", "body_accepted_hang", "body_malformed_letters"])
def test_without_a_reply_after_the_body_nobody_can_know(smtp_server: StartServer, name: str) -> None:
    server = smtp_server(CATALOGUE[name](), allow_defects=True)
    with line(server, timeout=0.05 if "hang" in name else 60) as to:
        said = to.deliver(attempt())
        assert said.reply is None and said.why and said.body_left and said.phase is Phase.BODY and to.over


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.BODY])
def test_421_is_the_last_word_of_a_session(smtp_server: StartServer, phase: Phase) -> None:
    server = smtp_server(CATALOGUE[f"{phase.lower()}_421"]())
    with line(server) as to:
        said = to.deliver(attempt())
        assert said.reply is not None and said.reply.code == 421 and to.over


def test_what_a_server_quotes_of_the_link_is_taken_out(smtp_server: StartServer) -> None:
    quoting = CATALOGUE["body_5xx"](reply=f"554 5.7.1 spam: {TOKEN}\r\n".encode())
    with line(smtp_server(quoting)) as to:
        said = to.deliver(attempt())
    assert said.reply is not None and "spam" in said.reply.text
    assert TOKEN.rpartition(".")[2] not in said.reply.text


@pytest.mark.parametrize("offered", [True, False])
@pytest.mark.parametrize("refusal", [None, b"501 5.5.4 Syntax error\r\n"])
def test_what_is_asked_of_bounces_costs_no_message_its_delivery(
    smtp_server: StartServer, offered: bool, refusal: bytes | None
) -> None:
    server = smtp_server(pipelining=offered, dsn=True, dsn_refusal=refusal)
    with line(server) as to:
        for number in (1, 2):
            said = to.deliver(attempt(number, envelope_id=f"key{number}"))
            assert said.phase is Phase.BODY and said.reply is not None and said.reply.code == 250
    assert [one.envelope_id for one in server.accepted] == ([None, None] if refusal else ["key1", "key2"])
    assert len(server.connections) == 1

"""What MAIL asks of bounces: only where DSN is offered, and only for as long as the server takes it. A server that does
not costs no row anything, and a sender that is refused is refused.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.model import Phase
from campaign.smtp.dialogue import Dialogue
from campaign.smtp.dialogue_events import Event, FinalReply, ParametersRefused, ReadyForBody, SessionClosing
from campaign.smtp.dsn import DsnUse, DsnUses, xtext
from campaign.smtp.pipelining.server_memory import PrivateMemory
from campaign.smtp.session.connect import connect
from campaign.smtp.session.server import Server
from tests.attempts import attempt
from tests.conftest import StartServer
from tests.smtp.recording_handler import RecordingHandler, deliver
from tests.smtp_server import CATALOGUE, Tls, client_context

OK = b"250 2.0.0 Ok\r\n"
GO = b"354 Go ahead\r\n"
SYNTAX = b"501 5.5.4 Syntax error\r\n"
UNKNOWN = b"555 5.5.4 Unsupported option: ENVID=k1\r\n"
SEQUENCE = b"503 5.5.1 Need MAIL\r\n"
WITH = b"MAIL FROM:<b@acme.example> RET=HDRS ENVID=k1\r\n"
WITHOUT = b"MAIL FROM:<b@acme.example>\r\n"
REST = b"RCPT TO:<p1@people.example>\r\nDATA\r\n"
ONE = attempt(1, envelope_id="k1")
TWO = attempt(2, envelope_id="k2")


class Learned:
    """A server's standing, and whether it was remembered that it can't."""

    def __init__(self) -> None:
        self.unable = False
        self.use = DsnUse(self._learn, able=True)

    def _learn(self) -> None:
        self.unable = True


def begun(pipelining: bool, learned: Learned) -> Dialogue:
    """One message whose MAIL has gone, with the parameters."""
    dialogue = Dialogue(pipelining=pipelining, dsn=learned.use)
    assert dialogue.begin_envelope(ONE) == WITH + (REST if pipelining else b"")
    return dialogue


def kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events]


@given(st.text(max_size=30))
def test_xtext_is_what_a_parameter_can_hold_and_nothing_is_lost(text: str) -> None:
    """RFC 3461 section 4."""
    written = xtext(text)
    assert re.fullmatch(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*", written)
    octets = re.sub(rb"\+(..)", lambda found: bytes.fromhex(found[1].decode()), written.encode())
    assert octets == text.encode("utf-8", "surrogatepass")


def test_where_it_is_not_offered_or_there_is_no_key_mail_is_as_ever() -> None:
    assert Dialogue(pipelining=False).begin_envelope(ONE) == WITHOUT
    assert Dialogue(pipelining=False, dsn=Learned().use).begin_envelope(attempt(1)) == WITHOUT


@pytest.mark.parametrize("pipelining", [True, False])
class TestRefusedParameters:
    @pytest.mark.parametrize("reply", [SYNTAX, UNKNOWN, b"504 No\r\n", b"500 What\r\n", b"550 5.7.1 No ENVID\r\n"])
    def test_the_same_message_goes_without_them_on_the_same_session(self, pipelining: bool, reply: bytes) -> None:
        learned = Learned()
        dialogue = begun(pipelining, learned)
        events, written = dialogue.feed(reply + SEQUENCE * 2 if pipelining else reply)
        assert kinds(events) == [ParametersRefused] and written == WITHOUT and not learned.unable
        assert dialogue.feed(OK) == ([], b"RCPT TO:<p1@people.example>\r\n")
        assert learned.unable and dialogue.feed(OK) == ([], b"DATA\r\n")
        assert kinds(dialogue.feed(GO)[0]) == [ReadyForBody]
        dialogue.body()
        dialogue.feed(OK)
        assert dialogue.begin_envelope(TWO).startswith(WITHOUT)

    def test_a_sender_that_is_refused_without_them_too_is_refused(self, pipelining: bool) -> None:
        learned = Learned()
        dialogue = begun(pipelining, learned)
        dialogue.feed(SYNTAX + SEQUENCE * 2 if pipelining else SYNTAX)
        (answer,), _ = dialogue.feed(b"553 5.1.8 No such sender\r\n" + (SEQUENCE * 2 if pipelining else b""))
        assert isinstance(answer, FinalReply) and (answer.phase, answer.reply.code) == (Phase.MAIL, 553)
        assert dialogue.idle and not learned.unable
        assert b"ENVID=k2" in dialogue.begin_envelope(TWO), "they were not to blame"

    @pytest.mark.parametrize("reply", [b"550 5.1.8 Sender unknown\r\n", b"554 No\r\n", b"503 5.5.1 Sequence\r\n"])
    def test_nor_needs_a_refusal_name_them_as_long_as_none_was_taken(self, pipelining: bool, reply: bytes) -> None:
        """It may have had a reason that has passed, so the next run asks again."""
        learned = Learned()
        dialogue = begun(pipelining, learned)
        events, written = dialogue.feed(reply + SEQUENCE * 2 if pipelining else reply)
        assert kinds(events) == [ParametersRefused] and written == WITHOUT
        dialogue.feed(OK)
        assert not learned.use.asked and not learned.unable

    @pytest.mark.parametrize("reply", [b"550 5.1.8 Sender unknown\r\n", b"451 4.3.0 No\r\n", b"503 5.5.1 Sequence\r\n"])
    def test_what_names_no_parameter_counts_at_once_where_they_were_taken(self, pipelining: bool, reply: bytes) -> None:
        learned = Learned()
        learned.use.taken()
        (answer,), written = begun(pipelining, learned).feed(reply + SEQUENCE * 2 if pipelining else reply)
        assert isinstance(answer, FinalReply) and answer.phase is Phase.MAIL and not written
        assert learned.use.asked

    def test_a_sender_that_is_always_refused_costs_three_commands_more_and_no_further_one(
        self, pipelining: bool
    ) -> None:
        learned, refused = Learned(), SYNTAX + SEQUENCE * 2 if pipelining else SYNTAX
        dialogue = Dialogue(pipelining=pipelining, dsn=learned.use)
        asked_again = 0
        for number in range(6):
            dialogue.begin_envelope(attempt(number, envelope_id="k"))
            events, _ = dialogue.feed(refused)
            if kinds(events) == [ParametersRefused]:
                asked_again += 1
                events, _ = dialogue.feed(refused)
            assert kinds(events) == [FinalReply]
        assert asked_again == 3 and not learned.unable


def test_354_for_nobody_is_ended_before_the_message_goes_again() -> None:
    """RFC 2920 section 3.1."""
    dialogue = begun(True, Learned())
    events, written = dialogue.feed(SYNTAX + SEQUENCE + GO)
    assert kinds(events) == [ParametersRefused] and written == b".\r\n"
    assert dialogue.feed(b"554 5.5.1 No valid recipients\r\n") == ([], WITHOUT)


def test_a_session_that_ends_with_it_gives_the_message_back() -> None:
    dialogue = begun(True, Learned())
    events, _ = dialogue.feed(SYNTAX + b"421 4.3.2 Bye\r\n")
    assert events[0] == ParametersRefused(ONE, begun_anew=False) and kinds(events)[1] is SessionClosing
    assert dialogue.upcoming is None


def test_an_envelope_behind_a_body_has_them_only_once_they_were_taken() -> None:
    """What a server says of where the envelope stands is never taken for what it says of them."""
    use = Learned().use
    first, second = Dialogue(pipelining=True, dsn=use), Dialogue(pipelining=True, dsn=use)
    second.begin_envelope(attempt(9))  # without a key, and so without them
    second.feed(OK + OK + GO)
    second.body()
    assert second.begin_envelope(TWO).startswith(WITHOUT)
    first.begin_envelope(ONE)
    first.feed(OK + OK + GO)
    first.body()
    assert b"ENVID=k2" in first.begin_envelope(TWO)


def test_a_refusal_behind_a_body_has_the_message_go_again_and_teaches_nothing() -> None:
    learned = Learned()
    dialogue = begun(True, learned)
    dialogue.feed(OK + OK + GO)
    dialogue.body()
    dialogue.begin_envelope(TWO)
    events, written = dialogue.feed(OK + SYNTAX + SEQUENCE * 2)
    assert kinds(events) == [FinalReply, ParametersRefused] and written == WITHOUT
    dialogue.feed(OK)
    assert learned.use.asked and not learned.unable


def test_a_server_that_hangs_up_on_them_three_times_is_not_asked_again() -> None:
    learned = Learned()
    for _ in range(3):
        assert learned.use.asked
        begun(False, learned).dsn.connection_lost()
    assert not learned.use.asked and not learned.unable
    known = Learned()
    known.use.taken()
    for _ in range(9):
        begun(False, known).dsn.connection_lost()
    assert known.use.asked, "one that has taken them hangs up for another reason"


class TestPool:
    """Against a server: no row pays for what the server thinks of the parameters."""

    PEOPLE = 30

    def handler(self) -> RecordingHandler:
        return RecordingHandler(attempt(number, envelope_id=f"key{number}") for number in range(self.PEOPLE))

    @pytest.mark.parametrize("lmtp", [False, True])
    @pytest.mark.parametrize("pipelining", [True, False])
    def test_every_message_has_its_key_and_asks_for_headers_alone(
        self, smtp_server: StartServer, pipelining: bool, lmtp: bool
    ) -> None:
        server = smtp_server(dsn=True, pipelining=pipelining, lmtp=lmtp)
        to = Server(
            host=server.host, port=server.port, security="none", timeout=60.0, protocol="lmtp" if lmtp else "smtp"
        )
        handler = deliver(server, self.handler(), limit=3, connect=lambda: connect(to))
        assert handler.last_words() == {"body 250": self.PEOPLE}
        assert {(one.recipients[0], one.envelope_id, one.returns) for one in server.accepted} == {
            (f"p{number}@people.example", f"key{number}", "HDRS") for number in range(self.PEOPLE)
        }

    @pytest.mark.parametrize("reply", [SYNTAX, b"504 5.5.4 No\r\n", UNKNOWN])
    @pytest.mark.parametrize("refused", ["RET", "ENVID"])
    @pytest.mark.parametrize("pipelining", [True, False])
    def test_where_one_is_refused_everybody_is_mailed_without(
        self, smtp_server: StartServer, pipelining: bool, refused: str, reply: bytes
    ) -> None:
        server = smtp_server(dsn=True, pipelining=pipelining, dsn_refusal=reply, dsn_refused=(refused,))
        handler = deliver(server, self.handler(), limit=3)
        assert all(words == ["body 250"] for words in handler.words.values()) and handler.settled
        assert len(server.accepted) == self.PEOPLE and {one.envelope_id for one in server.accepted} == {None}
        asked = sum(b"ENVID" in line for connection in server.connections for line in connection.commands)
        assert 1 <= asked <= 3, "one for each connection that was open before the first refusal, at most"

    def test_it_is_remembered_for_the_sessions_and_runs_that_follow(self, smtp_server: StartServer) -> None:
        server, memory = smtp_server(dsn=True, dsn_refusal=UNKNOWN), PrivateMemory()
        deliver(server, self.handler(), dsn=DsnUses(memory))
        asked = [line for connection in server.connections for line in connection.commands if b"ENVID" in line]
        deliver(server, self.handler(), dsn=DsnUses(memory))
        assert len(asked) == 1
        assert sum(b"ENVID" in line for one in server.connections for line in one.commands) == 1

    def test_a_server_that_refuses_them_once_the_line_is_encrypted(self, smtp_server: StartServer) -> None:
        server = smtp_server(dsn=True, tls=Tls.GOOD, dsn_refusal=UNKNOWN, dsn_refused_encrypted=True)
        to = Server(host="localhost", port=server.port, security="starttls", timeout=60.0)
        handler = deliver(server, self.handler(), connect=lambda: connect(to, tls=client_context()))
        assert handler.last_words() == {"body 250": self.PEOPLE}
        assert {one.envelope_id for one in server.accepted} == {None}

    def test_refused_senders_stay_refused(self, smtp_server: StartServer) -> None:
        server = smtp_server(CATALOGUE["mail_5xx"](reply=SYNTAX), dsn=True)
        handler = deliver(server, self.handler())
        assert handler.last_words() == {"MAIL 501": self.PEOPLE} and handler.settled

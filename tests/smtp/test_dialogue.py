"""The transaction without a socket: what is written, what replies say, and that nobody is counted wrongly."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.model import Attempt, Phase
from campaign.smtp.dialogue import Dialogue
from campaign.smtp.dialogue_events import (
    Event,
    FinalReply,
    PipeliningRefused,
    ProtocolViolation,
    ReadyForBody,
    SessionClosing,
)
from campaign.smtp.dsn import DsnUse
from tests.attempts import attempt, unstuffed

GROUP_1 = b"MAIL FROM:<b@acme.example>\r\nRCPT TO:<p1@people.example>\r\nDATA\r\n"
OK = b"250 2.0.0 Ok\r\n"
GO = b"354 Go ahead\r\n"
NO = b"550 5.1.1 No such user\r\n"
BYE = b"421 4.3.2 SessionClosing\r\n"


def said(dialogue: Dialogue, wire: bytes) -> tuple[list[tuple[str, int, str]], bytes]:
    """The events, in short: what, for whom, at which phase with which code."""
    events, written = dialogue.feed(wire)
    found = []
    for event in events:
        match event:
            case ReadyForBody():
                found.append(("ready", event.attempt.contact, ""))
            case FinalReply():
                found.append(("answered", event.attempt.contact, f"{event.phase} {event.reply.code}"))
            case SessionClosing():
                found.append(("closing", 0, str(event.reply.code)))
            case ProtocolViolation():
                found.append(("broken", 0, event.why))
    return found, written


class TestPipelining:
    def test_one_write_a_message(self) -> None:
        dialogue = Dialogue(pipelining=True)
        assert dialogue.begin_envelope(attempt(1)) == GROUP_1
        assert said(dialogue, OK + OK + GO) == ([("ready", 1, "")], b"")
        assert dialogue.body() == attempt(1).message.data + b".\r\n"
        assert dialogue.begin_envelope(attempt(2)).startswith(b"MAIL FROM:")
        events, _ = said(dialogue, OK + OK + OK + GO)
        assert events == [("answered", 1, "body 250"), ("ready", 2, "")]

    def test_it_is_not_ready_before_every_reply_is_there(self) -> None:
        dialogue = Dialogue(pipelining=True)
        dialogue.begin_envelope(attempt(1))
        assert said(dialogue, OK + OK) == ([], b"")
        assert not dialogue.ready and dialogue.awaiting is Phase.DATA
        assert said(dialogue, GO)[0] == [("ready", 1, "")]

    @pytest.mark.parametrize(
        ("wire", "phase"),
        [
            (b"550 no\r\n503 no\r\n503 no\r\n", "MAIL 550"),
            (OK + NO + b"554 no valid recipients\r\n", "RCPT 550"),
            (OK + OK + b"451 not now\r\n", "DATA 451"),
        ],
    )
    def test_the_first_refusal_is_the_answer(self, wire: bytes, phase: str) -> None:
        dialogue = Dialogue(pipelining=True)
        dialogue.begin_envelope(attempt(1))
        assert said(dialogue, wire) == ([("answered", 1, phase)], b"")
        assert dialogue.idle

    @pytest.mark.parametrize("after", [OK, b"554 5.5.1 no valid recipients\r\n"])
    def test_354_for_nobody_is_answered_with_an_empty_message(self, after: bytes) -> None:
        """RFC 2920 section 3.1."""
        dialogue = Dialogue(pipelining=True)
        dialogue.begin_envelope(attempt(1))
        assert said(dialogue, OK + NO + GO) == ([("answered", 1, "RCPT 550")], b".\r\n")
        assert not dialogue.idle
        assert said(dialogue, after) == ([], b"")
        assert dialogue.idle
        assert dialogue.begin_envelope(attempt(2)).startswith(b"MAIL"), "the empty message has ended the transaction"

    def test_354_within_a_transaction_that_a_refused_message_has_left_open_is_not_answered(self) -> None:
        """The recipient would have an empty message. Postfix does so for `smtpd_end_of_data_restrictions`."""
        dialogue = Dialogue(pipelining=True)
        dialogue.begin_envelope(attempt(1))
        said(dialogue, OK + OK + GO)
        dialogue.body()
        dialogue.begin_envelope(attempt(2))
        nested = b"503 5.5.1 Error: nested MAIL command\r\n"
        events, written = dialogue.feed(b"554 5.7.1 not this\r\n" + nested + OK + GO)
        assert written == b"", "no end of any message"
        assert [type(event) for event in events] == [FinalReply, SessionClosing, PipeliningRefused]
        assert isinstance(events[0], FinalReply) and events[0].reply.code == 554

    def test_a_transaction_that_was_left_open_is_reset(self) -> None:
        dialogue = Dialogue(pipelining=True)
        dialogue.begin_envelope(attempt(1))
        said(dialogue, OK + NO + b"554 no\r\n")
        assert dialogue.begin_envelope(attempt(2)).startswith(b"RSET\r\nMAIL FROM:")
        assert said(dialogue, OK + OK + OK + GO)[0] == [("ready", 2, "")]

    def test_a_refused_sender_leaves_nothing_open(self) -> None:
        dialogue = Dialogue(pipelining=True)
        dialogue.begin_envelope(attempt(1))
        said(dialogue, b"550 no\r\n503 no\r\n503 no\r\n")
        assert dialogue.begin_envelope(attempt(2)).startswith(b"MAIL FROM:")


class TestPlain:
    def test_each_command_waits(self) -> None:
        dialogue = Dialogue(pipelining=False)
        assert dialogue.begin_envelope(attempt(1)) == b"MAIL FROM:<b@acme.example>\r\n"
        assert said(dialogue, OK) == ([], b"RCPT TO:<p1@people.example>\r\n")
        assert said(dialogue, OK) == ([], b"DATA\r\n")
        assert said(dialogue, GO) == ([("ready", 1, "")], b"")
        dialogue.body()
        assert said(dialogue, OK) == ([("answered", 1, "body 250")], b"")

    def test_after_a_refusal_the_rest_is_not_said(self) -> None:
        dialogue = Dialogue(pipelining=False)
        dialogue.begin_envelope(attempt(1))
        assert said(dialogue, OK)[1] == b"RCPT TO:<p1@people.example>\r\n"
        assert said(dialogue, NO) == ([("answered", 1, "RCPT 550")], b"")
        assert dialogue.begin_envelope(attempt(2)) == b"RSET\r\n"
        assert said(dialogue, OK) == ([], b"MAIL FROM:<b@acme.example>\r\n")


@pytest.mark.parametrize("pipelining", [True, False])
class TestOutOfStep:
    def begun(self, pipelining: bool) -> Dialogue:
        """One message whose body has gone."""
        dialogue = Dialogue(pipelining=pipelining)
        dialogue.begin_envelope(attempt(1))
        for reply in (OK, OK, GO):
            dialogue.feed(reply)
        dialogue.body()
        return dialogue

    def test_a_reply_that_answers_nothing(self, pipelining: bool) -> None:
        events, _ = said(Dialogue(pipelining=pipelining), OK)
        assert events == [("broken", 0, "a reply that answers nothing: 250 Ok")]

    @pytest.mark.parametrize("wire", [b"354 for MAIL\r\n", OK + b"354 for RCPT\r\n", OK + OK + b"250 for DATA\r\n"])
    def test_a_yes_of_the_wrong_kind(self, pipelining: bool, wire: bytes) -> None:
        dialogue = Dialogue(pipelining=pipelining)
        dialogue.begin_envelope(attempt(1))
        assert said(dialogue, wire)[0][-1][0] == "broken"

    def test_354_in_answer_to_a_message(self, pipelining: bool) -> None:
        dialogue = self.begun(pipelining)
        events, _ = said(dialogue, GO)
        assert events == [("broken", 0, "354 in answer to a message")]
        assert dialogue.current is not None, "nobody can know what became of it"

    def test_421_between_messages_is_a_farewell(self, pipelining: bool) -> None:
        dialogue = Dialogue(pipelining=pipelining)
        assert said(dialogue, BYE + BYE)[0] == [("closing", 0, "421")]

    def test_421_ends_the_envelope_and_whatever_follows_is_not_heard(self, pipelining: bool) -> None:
        dialogue = Dialogue(pipelining=pipelining)
        dialogue.begin_envelope(attempt(1))
        assert said(dialogue, BYE + OK + GO)[0] == [("answered", 1, "MAIL 421")]

    def test_421_for_a_message_with_another_reply_behind_it_was_no_answer(self, pipelining: bool) -> None:
        """Unsolicited (a timeout, a shutdown) ahead of the real one: the message may well have been taken."""
        events, _ = said(self.begun(pipelining), BYE + OK)
        assert events == [("answered", 1, "body 421"), ("broken", 0, "a reply that answers nothing: 250 Ok")]

    def test_421_for_a_message_and_for_what_follows_it(self, pipelining: bool) -> None:
        assert said(self.begun(pipelining), BYE + BYE)[0] == [("answered", 1, "body 421"), ("closing", 0, "421")]

    def test_421_for_rset(self, pipelining: bool) -> None:
        dialogue = Dialogue(pipelining=pipelining)
        dialogue.begin_envelope(attempt(1))
        for reply in (OK, NO, b"554 no\r\n")[: 3 if pipelining else 2]:
            dialogue.feed(reply)
        dialogue.begin_envelope(attempt(2))
        assert said(dialogue, BYE)[0] == [("closing", 0, "421")]
        assert dialogue.upcoming is not None, "it was never begun"

    def test_what_was_said_before_nonsense_stands(self, pipelining: bool) -> None:
        events, _ = self.begun(pipelining).feed(OK + b"nonsense\r\n")
        assert isinstance(events[0], FinalReply) and events[0].reply.code == 250
        assert isinstance(events[1], ProtocolViolation) and not events[1].extra_reply

    def test_what_was_said_before_a_reply_too_many_may_be_another_s(self, pipelining: bool) -> None:
        events, _ = self.begun(pipelining).feed(OK + OK)
        assert isinstance(events[1], ProtocolViolation) and events[1].extra_reply

    def test_no_reply_at_all(self, pipelining: bool) -> None:
        events, _ = said(self.begun(pipelining), b"whatever\r\n")
        assert events[0][0] == "broken"


class TestFarewell:
    """421 for a message, with the next envelope behind it: a refusal, or an unsolicited reply ahead of the real one?"""

    def begun(self) -> Dialogue:
        dialogue = Dialogue(pipelining=True)
        dialogue.begin_envelope(attempt(1))
        dialogue.feed(OK + OK + GO)
        dialogue.body()
        dialogue.begin_envelope(attempt(2))
        assert said(dialogue, BYE) == ([], b"")
        assert dialogue.held_refusal is not None and not dialogue.idle
        return dialogue

    def test_a_server_that_goes_on_has_meant_it(self) -> None:
        dialogue = self.begun()
        assert said(dialogue, OK) == ([], b"")
        assert said(dialogue, OK + GO)[0] == [("answered", 1, "body 421"), ("ready", 2, "")]

    @pytest.mark.parametrize(
        ("wire", "phase"), [(BYE, "MAIL 421"), (OK + NO + b"554 no\r\n", "RCPT 550"), (NO + NO + NO, "MAIL 550")]
    )
    def test_a_server_that_refuses_the_next_has_meant_it(self, wire: bytes, phase: str) -> None:
        assert said(self.begun(), wire)[0] == [("answered", 1, "body 421"), ("answered", 2, phase)]

    def test_a_server_that_says_one_too_many_has_not(self) -> None:
        dialogue = self.begun()
        assert said(dialogue, OK)[0] == said(dialogue, OK)[0] == []
        events, _ = dialogue.feed(OK)
        assert isinstance(events[0], FinalReply) and events[0].attempt.contact == 1
        assert isinstance(events[1], ProtocolViolation) and events[1].extra_reply, (
            "so that the answer before it is doubted"
        )

    def test_nonsense_behind_it_changes_nothing(self) -> None:
        events, _ = self.begun().feed(b"nonsense\r\n")
        assert isinstance(events[0], FinalReply)
        assert isinstance(events[1], ProtocolViolation) and not events[1].extra_reply


class TestCommands:
    def test_extensions_are_used_where_they_are_offered_and_wanted(self) -> None:
        mail = Dialogue(pipelining=True, size_offered=True).begin_envelope(attempt(1, b"x" * 1234))
        assert mail.startswith(b"MAIL FROM:<b@acme.example> SIZE=1234\r\n")
        mail = Dialogue(pipelining=True).begin_envelope(attempt(1, recipient="jürgen@example.com", smtputf8=True))
        assert mail.startswith("MAIL FROM:<b@acme.example> SMTPUTF8\r\nRCPT TO:<jürgen@example.com>\r\n".encode())

    @pytest.mark.parametrize("bad", ["a@b\r\nRSET", "a@b\nDATA", "a@b\rx", "a\0@b"])
    @pytest.mark.parametrize("field", ["recipient", "sender"])
    def test_no_address_begins_another_command(self, bad: str, field: str) -> None:
        evil = attempt(1, recipient=bad) if field == "recipient" else attempt(1, sender=bad)
        dialogue = Dialogue(pipelining=True)
        with pytest.raises(AssertionError, match="another"):
            dialogue.begin_envelope(evil)
        assert dialogue.idle

    def test_used_out_of_order_it_says_so(self) -> None:
        dialogue = Dialogue(pipelining=True)
        with pytest.raises(AssertionError):
            dialogue.body()
        dialogue.begin_envelope(attempt(1))
        with pytest.raises(AssertionError):
            dialogue.begin_envelope(attempt(2))
        with pytest.raises(AssertionError):
            dialogue.body()


lines = st.lists(st.sampled_from([b"", b".", b"..", b".hidden", b"x", b"x.", b" ."]), max_size=8)


@given(lines)
def test_a_body_is_what_the_server_will_read(content: list[bytes]) -> None:
    data = b"".join(line + b"\r\n" for line in content)
    dialogue = Dialogue(pipelining=True)
    dialogue.begin_envelope(attempt(1, data))
    dialogue.feed(OK + OK + GO)
    wire = dialogue.body()
    assert unstuffed(wire) == data
    assert wire.count(b"\r\n") == data.count(b"\r\n") + 1


@dataclass
class Client:
    """Drives a dialogue as the pool does, and remembers what it wrote and heard."""

    dialogue: Dialogue
    waiting: list[Attempt]
    wrote: list[int] = field(default_factory=list)
    """Whose body has been written, in order."""
    answers: list[FinalReply] = field(default_factory=list)
    over: bool = False

    def go_on(self) -> None:
        dialogue = self.dialogue
        if dialogue.ready and dialogue.current is None:
            assert dialogue.upcoming is not None
            self.wrote.append(dialogue.upcoming.contact)
            dialogue.body()
            if dialogue.pipelining and self.waiting:
                dialogue.begin_envelope(self.waiting.pop(0))
        elif dialogue.idle and self.waiting:
            dialogue.begin_envelope(self.waiting.pop(0))

    def handle_replies(self, wire: bytes) -> list[Event]:
        events, _ = self.dialogue.feed(wire)
        for event in events:
            if isinstance(event, FinalReply):
                self.answers.append(event)
            self.over = self.over or isinstance(event, ProtocolViolation | SessionClosing)
            self.over = self.over or (isinstance(event, FinalReply) and event.reply.code == 421)
        return events


server_says = st.lists(
    st.sampled_from(
        [OK, OK, OK, GO, GO, NO, BYE, b"451 4.3.0 No\r\n", b"251 Ok\r\n", b"503 What\r\n", b"501 No\r\n", b"?\r\n"]
    ),
    max_size=40,
)


@settings(max_examples=400)
@given(st.booleans(), st.booleans(), server_says, st.data())
def test_whatever_the_server_says_nobody_is_counted_wrongly(
    pipelining: bool, dsn: bool, replies: list[bytes], data: st.DataObject
) -> None:
    dialogue = Dialogue(pipelining=pipelining, dsn=DsnUse(lambda: None, able=True) if dsn else None)
    client = Client(dialogue, [attempt(number, envelope_id="k") for number in range(20)])
    client.go_on()
    while replies and not client.over:
        count = data.draw(st.integers(1, 4))
        batch, replies = replies[:count], replies[count:]
        client.handle_replies(b"".join(batch))
        unanswered = set(client.wrote) - {one.attempt.contact for one in client.answers}
        assert len(unanswered) <= 1, "two bodies without their replies"
        assert len(client.wrote) == len(set(client.wrote)), "a body was written twice"
        if not client.over:
            client.go_on()
    assert max(Counter(one.attempt.contact for one in client.answers).values(), default=0) <= 1
    for one in client.answers:
        if one.phase is Phase.BODY:
            assert one.attempt.contact in client.wrote
            assert one.reply.code // 100 != 3
        else:
            assert one.attempt.contact not in client.wrote, "refused before its body, yet the body was written"
            assert one.reply.code >= 400


@given(st.booleans(), st.integers(1, 6), st.data())
def test_against_a_model_server(pipelining: bool, count: int, data: st.DataObject) -> None:
    """A server that keeps to the rules: every attempt gets exactly the answer that it gave."""
    outcomes = {
        number: data.draw(st.sampled_from(["sent", "MAIL", "RCPT", "DATA", "body", "354 for nobody"]))
        for number in range(count)
    }
    client = Client(Dialogue(pipelining=pipelining), [attempt(number) for number in range(count)])
    client.go_on()
    for _ in range(count * 10):
        if client.dialogue.idle:
            break
        phase, upcoming = client.dialogue.awaiting, client.dialogue.upcoming
        if phase is None:
            client.handle_replies(OK)
        elif phase is Phase.BODY:
            assert client.dialogue.current is not None
            client.handle_replies(OK if outcomes[client.dialogue.current.contact] == "sent" else NO)
        else:
            assert upcoming is not None
            client.handle_replies(_envelope_reply(outcomes[upcoming.contact], phase))
        client.go_on()
    got = {one.attempt.contact: f"{one.phase}" if one.reply.code >= 400 else "sent" for one in client.answers}
    assert got == {number: "RCPT" if what == "354 for nobody" else what for number, what in outcomes.items()}


def _envelope_reply(outcome: str, phase: Phase) -> bytes:
    order = [Phase.MAIL, Phase.RCPT, Phase.DATA]
    if outcome == "354 for nobody":
        return {Phase.MAIL: OK, Phase.RCPT: NO, Phase.DATA: GO}[phase]
    if outcome in order and order.index(Phase(outcome)) <= order.index(phase):
        return NO
    return GO if phase is Phase.DATA else OK

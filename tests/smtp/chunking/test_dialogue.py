"""The transactions of whole messages: what is written, and how each reply is read."""

from typing import Any

import pytest

from campaign.model import Phase
from campaign.smtp.chunking.dialogue import ChunkedDialogue, ChunkedEvent, WholeMessage
from campaign.smtp.dialogue_events import ProtocolViolation, SessionClosing
from campaign.smtp.dsn import DsnUse
from tests.attempts import attempt

ALL = 1 << 30
RESET = b"250 2.0.0 Ok\r\n"
MAIL, RCPT, YES = b"250 2.1.0 Ok\r\n", b"250 2.1.5 Ok\r\n", b"250 2.0.0 Ok: queued as 4F1\r\n"
TAKEN = MAIL + RCPT + YES + RESET
TWO_ALIKE = 2 * (MAIL + RCPT + RESET + RESET)


def dialogue(
    messages: int = 1, *, heard: bytes = b"", dsn: DsnUse | None = None, envelope_id: str = ""
) -> ChunkedDialogue:
    one = ChunkedDialogue(size_offered=False, dsn=dsn)
    for number in range(messages):
        one.begin(attempt(number + 1, envelope_id=envelope_id), now=0.0)
    if heard:
        assert not any(isinstance(said, ProtocolViolation) for said in one.feed(heard, left=ALL))
    return one


def heard(one: ChunkedDialogue, data: bytes, *, left: int = ALL) -> list[Any]:
    return [word(said) for said in one.feed(data, left=left)]


def word(said: ChunkedEvent) -> Any:
    if isinstance(said, WholeMessage):
        assert said.answer is not None
        return (said.attempt.contact, str(said.answer[0]), said.answer[1].code)
    if isinstance(said, SessionClosing):
        return "closing"
    return "extra" if said.extra_reply else "garbage"


class TestWhatIsWritten:
    def test_a_message_is_one_piece_and_the_first_has_rset_before_it(self) -> None:
        one = ChunkedDialogue(size_offered=True, dsn=None)
        data = b"Subject: x\r\n\r\n.\r\n"
        message = b"MAIL FROM:<b@acme.example> SIZE=%d\r\nRCPT TO:<p1@people.example>\r\nBDAT %d LAST\r\n%bRSET\r\n" % (
            len(data), len(data), data,
        )  # fmt: skip
        assert one.begin(attempt(1, data), now=0.0) == b"RSET\r\n" + message
        assert one.begin(attempt(1, data), now=0.0) == message

    def test_it_ends_with_its_chunk(self) -> None:
        one = ChunkedDialogue(size_offered=False, dsn=None)
        first, second = one.begin(attempt(1), now=0.0), one.begin(attempt(2), now=0.0)
        assert [(m.begins, m.ends, m.alone) for m in one.in_flight] == [
            (6, len(first) - 6, True),
            (len(first), len(first + second) - 6, False),
        ]


class TestAnswers:
    def test_the_answers_are_told_in_order(self) -> None:
        refused = MAIL + b"550 5.1.1 No\r\n" + b"554 5.5.1 Nobody\r\n" + RESET
        deferred = MAIL + RCPT + b"451 4.3.0 Later\r\n" + RESET
        unwanted = b"450 4.7.1 Later\r\n503 5.5.1 Bad\r\n503 5.5.1 Bad\r\n" + RESET
        one = dialogue(4)
        assert heard(one, RESET + TAKEN + refused + deferred + unwanted) == [
            (1, "body", 250), (2, "RCPT", 550), (3, "body", 451), (4, "MAIL", 450)
        ]  # fmt: skip
        assert one.resets == 2 and not one.in_flight

    def test_a_message_has_its_answer_once_rset_has_its_own(self) -> None:
        one = dialogue()
        assert heard(one, RESET + MAIL + RCPT + YES) == []
        assert heard(one, RESET) == [(1, "body", 250)]

    def test_421_is_the_last_word_on_one_message_and_the_others_are_read_on(self) -> None:
        said = heard(dialogue(2), RESET + b"421 4.7.0 Enough\r\n503 5.5.1 No\r\n503 5.5.1 No\r\n" + RESET + TAKEN)
        assert said == ["closing", (1, "MAIL", 421), (2, "body", 250)]

    def test_421_where_nothing_is_due_is_about_the_session(self) -> None:
        one = dialogue(heard=RESET + TAKEN)
        assert heard(one, b"421 4.4.2 Idle\r\n") == ["closing"]
        one.begin(attempt(2), now=0.0)
        left = one.in_flight[0].begins
        assert heard(one, b"421 4.4.2 Idle\r\n", left=left) == ["closing"] and one.in_flight[0].answer is None


class TestOutOfStep:
    @pytest.mark.parametrize(
        "replies",
        [
            pytest.param(MAIL + RCPT + RESET + MAIL, id="the answer to a message is missing"),
            pytest.param(RCPT + YES + RESET + MAIL, id="the answer to MAIL is missing"),
            pytest.param(MAIL + RCPT + YES + MAIL, id="the answer to RSET is missing"),
            pytest.param(MAIL + RCPT + b"451 4.3.0 Later\r\n" + YES, id="451 nobody asked for before a yes"),
            pytest.param(MAIL + RCPT + b"421 4.3.0 Bye\r\n" + YES, id="421 nobody asked for before a yes"),
            pytest.param(MAIL + RCPT + b"554 5.3.0 No\r\n" + YES, id="554 nobody asked for before a yes"),
            pytest.param(RESET + MAIL + RCPT + YES, id="a yes nobody asked for before MAIL"),
            pytest.param(b"550 5.1.0 No\r\n" + RCPT, id="MAIL is refused and RCPT is not"),
            pytest.param(MAIL + b"550 5.1.1 No\r\n" + YES, id="RCPT is refused and the chunk is not"),
            pytest.param(MAIL + RCPT + b"354 Go on\r\n", id="354"),
            pytest.param(MAIL + RCPT + YES + b"500 5.5.2 What?\r\n", id="RSET is refused"),
        ],
    )
    def test_a_reply_too_many_or_too_few_is_seen_before_anything_is_told(self, replies: bytes) -> None:
        said = heard(dialogue(3), RESET + replies)
        assert said[-1] == "extra" and not any(isinstance(one, tuple) for one in said)

    def test_what_answers_nothing(self) -> None:
        assert heard(dialogue(heard=RESET + TAKEN), b"250 2.0.0 Ok\r\n") == ["extra"]

    def test_what_is_no_reply_says_nothing_of_those_before(self) -> None:
        assert heard(dialogue(2), RESET + TAKEN + b"what?\r\n") == [(1, "body", 250), "garbage"]

    def test_a_yes_before_the_message_has_left_is_none(self) -> None:
        one = dialogue()
        assert heard(one, RESET + MAIL + RCPT + YES, left=one.in_flight[0].ends - 1) == ["garbage"]
        assert one.in_flight[0].answer is None

    def test_a_chunk_for_nobody_may_be_refused_before_it_has_left(self) -> None:
        one = dialogue()
        left = one.in_flight[0].ends - 1
        assert heard(one, RESET + MAIL + b"550 5.1.1 No\r\n554 5.5.1 Nobody\r\n", left=left) == []
        assert heard(one, RESET) == [(1, "RCPT", 550)]

    def test_a_refusal_before_the_message_has_left_counts(self) -> None:
        one = dialogue()
        assert heard(one, RESET + MAIL + RCPT + b"552 5.3.4 Big\r\n", left=one.in_flight[0].ends - 1) == ["garbage"]
        assert one.in_flight[0].answer is not None and one.in_flight[0].answer[0] is Phase.BODY


class TestWords:
    def test_a_number_in_them_makes_no_difference(self) -> None:
        one = dialogue(2)
        replies = b"250 2.1.5 Flushed d2-1.%d - gsmtp\r\n"
        assert heard(one, replies % 1 + MAIL + RCPT + YES + replies % 2 + MAIL + RCPT + YES + replies % 3) == [
            (1, "body", 250), (2, "body", 250)
        ]  # fmt: skip
        assert not one.indistinct

    def test_the_same_words_for_a_message_alone_are_believed(self) -> None:
        one = dialogue()
        assert heard(one, RESET + MAIL + RCPT + RESET) == [] and one.in_flight[0].unsure
        assert heard(one, RESET) == [(1, "body", 250)] and one.indistinct

    def test_the_same_words_with_others_in_flight_are_not(self) -> None:
        one = dialogue(2)
        assert heard(one, RESET + MAIL + RCPT + RESET) == ["extra"]

    def test_from_then_on_the_messages_of_a_group_are_answered_together(self) -> None:
        one = dialogue()
        heard(one, (RESET + MAIL + RCPT + RESET + RESET))
        for number in (2, 3):
            one.begin(attempt(number), 0.0)
        assert heard(one, MAIL + RCPT + RESET + RESET + MAIL + b"550 5.1.1 No\r\n" + b"554 5.5.1 Nobody\r\n") == []
        assert heard(one, RESET) == [(2, "body", 250), (3, "RCPT", 550)]

    @pytest.mark.parametrize("replies", [TWO_ALIKE + RESET, TWO_ALIKE[: -len(RESET)]])
    def test_none_of_a_group_is_while_there_is_a_reply_too_many_or_too_few(self, replies: bytes) -> None:
        one = dialogue()
        heard(one, RESET + MAIL + RCPT + RESET + RESET)
        for number in (2, 3):
            one.begin(attempt(number), 0.0)
        assert (2, "body", 250) not in heard(one, replies)
        assert [message.unsure for message in one.take_unanswered() if message.answer] == [True, True]

    def test_other_words_for_rset_each_time_are_no_guard(self) -> None:
        one = dialogue()
        assert heard(one, RESET + MAIL + RCPT + YES + b"250 2.0.0 Flushed\r\n") == [(1, "body", 250)] and one.indistinct


class TestDsn:
    """What MAIL asks of bounces, where the answer comes when the next messages have left."""

    def use(self) -> tuple[DsnUse, list[str]]:
        learned: list[str] = []
        return DsnUse(lambda: learned.append("unable"), able=True), learned

    def test_until_it_was_taken_only_a_message_that_is_alone_has_it(self) -> None:
        use, _ = self.use()
        one = dialogue(2, dsn=use, envelope_id="e1")
        assert [bool(m.dsn) for m in one.in_flight] == [True, False]
        one.feed(RESET + TAKEN + TAKEN, left=ALL)
        one.begin(attempt(3, envelope_id="e3"), now=0.0)
        assert b"ENVID" in one.begin(attempt(4, envelope_id="e4"), now=0.0)

    def test_refused_for_it_the_message_goes_without_and_once_that_is_taken_so_do_all(self) -> None:
        use, learned = self.use()
        one = dialogue(dsn=use, envelope_id="e1")
        (message,) = one.feed(RESET + b"555 5.5.4 ENVID?\r\n503 5.5.1 No\r\n503 5.5.1 No\r\n" + RESET, left=ALL)
        assert isinstance(message, WholeMessage) and message.goes_without
        assert b"ENVID" not in one.begin(attempt(1, envelope_id="e1"), now=0.0) and not learned
        one.feed(TAKEN, left=ALL)
        assert learned and not use.asked

    def test_refused_without_it_as_well_it_was_not_to_blame(self) -> None:
        use, learned = self.use()
        one = dialogue(dsn=use, envelope_id="e1")
        refused = b"550 5.7.1 No\r\n503 5.5.1 No\r\n503 5.5.1 No\r\n" + RESET
        one.feed(RESET + refused, left=ALL)
        one.begin(attempt(1, envelope_id="e1"), now=0.0)
        (message,) = one.feed(refused, left=ALL)
        assert isinstance(message, WholeMessage) and not message.goes_without
        assert use.asked and not learned

"""What a server says of messages in flight, and what a connection's end means for them, told to the handler."""

from collections.abc import Iterable

import pytest

from campaign.model import Attempt, Phase, Reply
from campaign.smtp.chunking.replies import handle_stream_lost, handle_stream_replies
from campaign.smtp.chunking.trials import ChunkingTrial
from campaign.smtp.connection import Connection
from tests.attempts import attempt
from tests.smtp.chunking.modelled import Lines, connection_over, trial_of
from tests.smtp.recording_handler import RecordingHandler

RESET = b"250 2.0.0 Ok\r\n"
ENVELOPE = b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"
TAKEN = ENVELOPE + b"250 2.0.0 Ok: queued as 4F1\r\n" + RESET
TOKEN = "eyJhbGciOiJFZERTQSJ9." + "x" * 20 + "." + "Zk3" * 14 + "Q"


class Told(RecordingHandler):
    """With the texts of the replies."""

    def __init__(self, attempts: Iterable[Attempt]) -> None:
        super().__init__(attempts)
        self.texts: list[str] = []

    def reply_received(self, attempt: Attempt, phase: Phase, reply: Reply, *, served: bool) -> bool:
        self.texts.append(reply.text)
        return super().reply_received(attempt, phase, reply, served=served)


class Sent:
    """So many messages in flight on one connection."""

    def __init__(
        self, *waves: int, trial: ChunkingTrial | None = None, takes: int = 1 << 30, token: str = "", more: int = 0
    ) -> None:
        """`waves`: so many at once, the next when all of those are taken; `more` have not begun."""
        self.lines = Lines(takes)
        self.trial = trial or trial_of()
        self.connection: Connection = connection_over(self.lines, trial=self.trial)
        self.handler = Told(
            attempt(number)._replace(token=token and f"{token}{number}") for number in range(1, 1 + sum(waves) + more)
        )
        for wave in waves:
            if self.connection.messages:
                self.hear((b"" if self.connection.served else RESET) + TAKEN * len(self.in_flight))
            self.begin(wave)

    def begin(self, count: int) -> None:
        for _ in range(count):
            one = self.handler.next_attempt(self.connection.session)
            assert one is not None
            self.connection.send(self.connection.begin_message(one, 0.0))

    @property
    def in_flight(self) -> list[int]:
        assert self.connection.stream is not None
        return [message.attempt.contact for message in self.connection.stream.dialogue.in_flight]

    def hear(self, data: bytes) -> str | None:
        return handle_stream_replies(self.connection, data, self.handler, 0.04)

    def lose(self, why: str = "the server hung up") -> dict[int, list[str]]:
        handle_stream_lost(self.connection, self.handler, why)
        assert not self.in_flight
        return self.handler.words


class TestLost:
    def test_in_doubt_is_what_had_left_whole_and_the_rest_goes_again(self) -> None:
        whole = Sent(3)
        begins = whole.connection.stream.dialogue.in_flight[2].begins  # type: ignore[union-attr]
        assert Sent(3, takes=begins + 40).lose() == {1: ["unknown"], 2: ["unknown"], 3: ["not_sent"]}
        assert Sent(3, takes=begins - 6).lose() == {1: ["unknown"], 2: ["unknown"], 3: ["not_sent"]}

    def test_a_refusal_that_was_heard_counts_though_more_replies_were_due(self) -> None:
        sent = Sent(2)
        sent.hear(RESET + b"250 2.1.0 Ok\r\n550 5.1.1 No\r\n")
        assert sent.lose() == {1: ["RCPT 550"], 2: ["unknown"]}

    def test_a_yes_in_the_words_for_rset_does_not(self) -> None:
        sent = Sent(1)
        sent.hear(RESET + ENVELOPE + RESET)
        assert sent.lose() == {1: ["unknown"]}

    def test_421_is_the_last_word_for_one_and_nothing_for_those_behind(self) -> None:
        sent = Sent(1, 3)
        sent.hear(b"421 4.7.0 Enough\r\n")
        assert sent.connection.closing
        assert sent.lose() == {1: ["body 250"], 2: ["MAIL 421"], 3: ["unknown"], 4: ["unknown"]}

    def test_closed_by_us_the_reason_is_said_all_the_same(self) -> None:
        assert Sent(1).lose("") == {1: ["unknown"]}


class TestTrial:
    def trial(self) -> ChunkingTrial:
        trial = trial_of(able=None)
        trial.allows()
        return trial

    def test_a_message_taken_behind_another_passes_it(self) -> None:
        sent = Sent(1, 2, trial=self.trial())
        sent.hear(TAKEN)
        assert sent.trial.able is None, "that one was alone when it went"
        sent.hear(TAKEN)
        assert sent.trial.able

    @pytest.mark.parametrize("refusal", [b"503 5.5.1 No\r\n", b"554 5.5.0 pipelining error\r\n"])
    def test_a_refusal_for_where_it_stood_fails_it_and_the_message_goes_again(self, refusal: bytes) -> None:
        sent = Sent(1, 2, trial=self.trial())
        sent.hear(TAKEN + refusal + b"503 5.5.1 No\r\n" * 2 + RESET)
        assert sent.trial.able is False and sent.connection.closing
        assert sent.handler.words[3] == ["not_sent"]

    def test_another_refusal_shows_nothing_and_is_not_the_rows(self) -> None:
        sent = Sent(1, 2, trial=self.trial())
        sent.hear(TAKEN + b"250 2.1.0 Ok\r\n550 5.1.1 No\r\n554 5.5.1 No\r\n" + RESET)
        assert sent.trial.able is None and sent.connection.closing
        assert sent.handler.words[3] == ["not_sent"]
        sent.lose("")
        assert sent.trial.allows(), "another connection may"

    def test_a_server_that_wants_it_later_is_not_unable(self) -> None:
        sent = Sent(1, 2, trial=self.trial())
        sent.hear(TAKEN + b"451 4.7.0 Slow down\r\n503 5.5.1 No\r\n503 5.5.1 No\r\n" + RESET)
        assert sent.trial.able is None and sent.handler.words[3] == ["not_sent"]

    def test_alone_a_refusal_is_the_rows_own(self) -> None:
        sent = Sent(1, trial=self.trial())
        sent.hear(RESET + b"550 5.7.1 No\r\n503 5.5.1 No\r\n503 5.5.1 No\r\n" + RESET)
        assert sent.handler.words == {1: ["MAIL 550"]}

    def test_a_connection_that_dies_with_two_in_flight_fails_it(self) -> None:
        sent = Sent(1, 2, trial=self.trial())
        assert sent.lose() == {1: ["body 250"], 2: ["unknown"], 3: ["unknown"]}
        assert sent.trial.able is False

    def test_one_that_dies_with_one_in_flight_does_not(self) -> None:
        sent = Sent(1, trial=self.trial())
        sent.lose()
        assert sent.trial.able is None and sent.trial.allows()

    def test_a_server_that_says_the_same_to_a_message_and_to_rset_passes_it_with_a_group(self) -> None:
        sent = Sent(1, trial=self.trial(), more=2)
        sent.hear(RESET + ENVELOPE + RESET + RESET)
        assert sent.handler.words == {1: ["body 250"]} and sent.trial.able is None
        sent.begin(2)
        sent.hear(2 * (ENVELOPE + RESET + RESET))
        assert sent.handler.words == {number: ["body 250"] for number in (1, 2, 3)} and sent.trial.able

    def test_whoever_is_in_flight_is_in_doubt_and_nobody_does_it_again(self) -> None:
        sent = Sent(1, 3)
        assert sent.hear(TAKEN + ENVELOPE + RESET) is not None
        assert sent.handler.words == {1: ["body 250"], 2: ["body 250"], 3: ["unknown"], 4: ["unknown"]}
        assert sent.trial.able is False

    def test_a_deferral_just_before_is_doubted(self) -> None:
        sent = Sent(1)
        sent.hear(RESET + ENVELOPE + b"451 4.3.0 Later\r\n" + RESET)
        assert sent.hear(RESET) is not None
        assert sent.handler.words == {1: ["body 451"]} and sent.handler.doubted == [1]


def test_sessions_that_end_with_several_in_flight_set_a_limit_and_those_in_good_order_none() -> None:
    trial = trial_of()
    for _ in range(2):
        Sent(1, 1, 1, 1, 3, trial=trial).lose()
    assert trial.most_messages == 3
    for waves, why in ((1, 1), "the server hung up"), ((1, 3), ""):
        trial = trial_of()
        for _ in range(2):
            Sent(*waves, trial=trial).lose(why)
        assert trial.most_messages > 1000


def test_messages_that_are_taken_after_a_session_was_ended_allow_as_many_in_flight_again() -> None:
    ended = Sent(1, 8)
    ended.lose()
    assert ended.trial.most_in_flight == 4
    assert Sent(*[1] * 1001, trial=ended.trial).trial.most_in_flight == 8


def test_later_and_goodbye_leave_fewer_in_flight() -> None:
    sent = Sent(1, 2, 2)
    stream = sent.connection.stream
    assert stream is not None and stream.depth.allowed == 4
    sent.hear(ENVELOPE + b"451 4.3.0 Later\r\n" + RESET)
    assert stream.depth.allowed == 2
    sent.hear(b"421 4.3.0 Bye\r\n")
    assert stream.depth.allowed == 1


def test_where_many_are_refused_there_are_fewer_in_flight() -> None:
    sent = Sent(1, 2, 3, 6)
    stream = sent.connection.stream
    assert stream is not None and stream.allowed == 7
    sent.hear((b"250 2.1.0 Ok\r\n550 5.1.1 No\r\n554 5.5.1 No\r\n" + RESET) * 5)
    assert stream.allowed == 3 and sent.connection.resets == 5


def test_the_links_of_all_messages_in_flight_are_kept_out_of_what_the_server_says() -> None:
    sent = Sent(1, 8, token=TOKEN)
    quoting = b"554 5.7.1 Spam: %b\r\n"
    for number in range(2, 10):
        sent.hear(ENVELOPE + quoting % f"{TOKEN[30:]}{11 - number}".encode() + RESET)
    assert len(sent.handler.texts) == 9
    assert not any(TOKEN[40:50] in text for text in sent.handler.texts)

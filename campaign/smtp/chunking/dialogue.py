"""The transactions of whole messages, without a socket: each goes in one write, and its replies are read in order.

    RSET   MAIL  RCPT  BDAT n LAST <n octets>  RSET   MAIL  RCPT  BDAT n LAST <n octets>  RSET   (RFC 2920, RFC 3030)

RSET ends the transaction where the server has refused the recipient and keeps it open, so that the next MAIL is none
within another's. And it guards the order: the first one shows what this server says to RSET, so the words behind a
message's answer show whether that was the message's. With a reply too few they would be its answer; with one too many
they would not be there. So a message has its answer once RSET has its own, and every command behind a refused one must
be refused (RFC 5321 section 4.1.4: out of order, 503), a chunk once its octets are thrown away (RFC 3030 section 2).

`feed` gives events; `ProtocolViolation` among them says that the session is out of step and must be closed.

A server that says the same to a message and to RSET can't be judged so. It is `indistinct`, found out with a message
that is alone in flight: from then on messages go in groups, the next one once each command of the one before has its
reply, and are given as answered all together. If the session ends before, all of a group are in doubt.

Limits: two faults at once may hide each other: a reply too many right before one too few, or just before the session's
end.
"""

import re
from collections import deque

from campaign.model import Attempt, Phase, Reply
from campaign.smtp.dialogue_events import BODY, MAIL, RCPT, TOO_EARLY, ProtocolViolation, SessionClosing
from campaign.smtp.dsn import DsnUse
from campaign.smtp.envelope_commands import envelope_commands
from campaign.smtp.reply.parser import ReplyParser
from campaign.smtp.reply_order import OutOfStepError, parsed

RSET = b"RSET\r\n"
_PHASES = (MAIL, RCPT, BODY)
_MAIL, _BODY, _RSET = 0, 2, 3
"""Which command's reply is due next."""
_OF_ITS_OWN = re.compile(r"\S*[0-9]\S*")
"""A word that may be another one the next time: a number, an identifier."""


class WholeMessage:
    """A message that has been begun, and what has been said of it."""

    __slots__ = ("alone", "answer", "attempt", "began", "begins", "dsn", "due", "ends", "goes_without", "unsure")

    def __init__(self, attempt: Attempt, *, begins: int, ends: int, alone: bool, dsn: str, began: float) -> None:
        self.attempt = attempt
        self.begins = begins
        self.ends = ends
        """Octets of this dialogue before its first, and up to the last of its chunk."""
        self.alone = alone
        """Whether no other was in flight when it was begun."""
        self.dsn = dsn
        """What its MAIL asks of bounces."""
        self.began = began
        """When it was begun (monotonic seconds)."""
        self.due = _MAIL
        self.answer: tuple[Phase, Reply] | None = None
        """The reply that is its last word, and what that answers: the first refusal, or what was said to the chunk."""
        self.unsure = False
        """Whether that may be the answer to another command, as long as no more is known."""
        self.goes_without = False
        """Whether that is about the parameters of its MAIL: it is to go again without them."""


ChunkedEvent = WholeMessage | SessionClosing | ProtocolViolation
"""A message that has its answer; or what is said of the session."""


class _EarlyError(OutOfStepError):
    """A reply to a message that had not left whole. A refusal counts; nothing more can be said."""

    extra_reply = False


class ChunkedDialogue:
    """One SMTP session's. Begun where nothing is under way and nothing is awaited."""

    def __init__(self, *, size_offered: bool, dsn: DsnUse | None) -> None:
        """`dsn`: of the session's server; None where it does not offer that."""
        self.in_flight: deque[WholeMessage] = deque()
        """Those without their last word, the oldest first."""
        self.resets = 0
        """How often RSET was said where no message had begun: servers count these."""
        self.heard = 0
        """How many replies have come."""
        self.indistinct = False
        """Whether the server's words for RSET are those for a message, or change: messages then go in groups."""
        self._group: list[WholeMessage] = []  # of these, those that have all their replies
        self._size_offered = size_offered
        self._dsn = dsn
        self._parser = ReplyParser()
        self._octets = 0
        self._reset: Reply | None = None
        """What the server said to RSET the first time."""
        self._reset_words = ""

    def take_unanswered(self) -> list[WholeMessage]:
        """Take out the messages that have not been given as answered, the oldest first."""
        messages = [*self._group, *self.in_flight]
        self._group.clear()
        self.in_flight.clear()
        return messages

    @property
    def octets_in_flight(self) -> int:
        """How many octets there are from the oldest message in flight on."""
        return self._octets - self.in_flight[0].begins if self.in_flight else 0

    def lost(self) -> None:
        """The session has ended, not by our doing."""
        first = self.in_flight[0] if self.in_flight else None
        if self._dsn is not None and first is not None and first.due == _MAIL and first.dsn:
            self._dsn.connection_lost()

    def begin(self, attempt: Attempt, now: float) -> bytes:
        """Give all of a message: envelope, chunk, RSET; one before the first, too. `now`: monotonic seconds."""
        alone = not self.in_flight
        named = attempt.message.envelope.envelope_id
        asked = "" if self._dsn is None else self._dsn.parameters(named, behind_body=not alone)
        mail, rcpt, _ = envelope_commands(attempt, size_offered=self._size_offered, more=asked)
        chunk = attempt.message.data
        first = b"" if self._octets else RSET
        data = b"%b%b%bBDAT %d LAST\r\n%b%b" % (first, mail, rcpt, len(chunk), chunk, RSET)
        begins = self._octets + len(first)
        self._octets += len(data)
        ends = self._octets - len(RSET)
        self.in_flight.append(WholeMessage(attempt, begins=begins, ends=ends, alone=alone, dsn=asked, began=now))
        return data

    def feed(self, data: bytes, *, left: int) -> list[ChunkedEvent]:
        """Take what arrived; give what it says. `left`: octets of this dialogue that have left this machine. Never
        raises.
        """
        events: list[ChunkedEvent] = []
        replies, garbage = parsed(self._parser, data)
        try:
            for reply in replies:
                self._judge(reply, events, left)
        except OutOfStepError as error:
            garbage = error.violation
        if garbage is not None:
            events.append(garbage)
        elif self._group and not self.in_flight:  # as many replies as there should be
            events[:0] = self._group
            self._group = []
        return events

    def _judge(self, reply: Reply, events: list[ChunkedEvent], left: int) -> None:
        self.heard += 1
        good = reply.code // 100 == 2
        if self.in_flight and self._reset is None and good:
            self._reset, self._reset_words = reply, _words(reply)
            return
        message = self.in_flight[0] if self.in_flight else None
        if message is None or (message.due == _MAIL and left <= message.begins):
            if reply.code != 421:
                raise OutOfStepError(f"a reply that answers nothing: {reply.code} {reply.text}")
            events.append(SessionClosing(reply))
            return
        due = message.due
        if not good and reply.code < 400:
            raise OutOfStepError(f"{reply.code} in answer to {'RSET' if due == _RSET else _PHASES[due]}")
        if self._reset is None and reply.code != 421:
            raise OutOfStepError(f"{reply.code} in answer to RSET")
        message.due = due + 1
        if due == _RSET:
            self._ended(message, reply, events)
            return
        if message.answer is not None:
            if good:
                raise OutOfStepError(
                    f"{reply.code} in answer to {_PHASES[due]}, though {message.answer[0]} was refused"
                )
        elif due == _BODY and good and left < message.ends:
            raise _EarlyError(TOO_EARLY)
        elif not good or due == _BODY:
            message.answer = (_PHASES[due], reply)
            message.unsure = self.indistinct or (good and self._is_usual(reply))
            if message.unsure and not self.indistinct and not self._is_alone(message):
                raise OutOfStepError(f"what RSET is answered by, in answer to a message: {reply.code} {reply.text}")
            if due == _BODY and left < message.ends:  # where it was refused before, its chunk is thrown away
                raise _EarlyError(TOO_EARLY)
        elif due == _MAIL and self._dsn is not None:
            self._dsn.whole_taken(had_them=bool(message.dsn))
        if reply.code == 421:  # the last word on this message; nobody else is answered by it
            events.append(SessionClosing(reply))

    def _ended(self, message: WholeMessage, reply: Reply, events: list[ChunkedEvent]) -> None:
        """RSET is answered: so the answer before it was the message's."""
        assert message.answer is not None
        phase, answer = message.answer
        if message.unsure or (reply.code != 421 and not self._is_usual(reply)):
            alone = answer.code < 300 and self._is_alone(message)
            if (reply.code >= 300 and reply.code != 421) or not (alone or self.indistinct):
                raise OutOfStepError(f"{reply.code} {reply.text} in answer to RSET")
            self.indistinct = True
        self.in_flight.popleft()
        if phase is not BODY:
            self.resets += 1
        if phase is MAIL and self._dsn is not None:
            message.goes_without = self._dsn.whole_refused(answer, had_them=bool(message.dsn))
        (self._group if self.indistinct else events).append(message)
        if reply.code == 421:
            events.append(SessionClosing(reply))

    def _is_alone(self, message: WholeMessage) -> bool:
        """Whether every reply until the next message begins is this one's."""
        return message.alone and len(self.in_flight) == 1

    def _is_usual(self, reply: Reply) -> bool:
        """Whether it is what RSET is answered by."""
        usual = self._reset
        if reply is usual or usual is None:  # nearly always the parser gives the same again
            return usual is not None
        alike = reply.code == usual.code and reply.enhanced == usual.enhanced
        return alike and _words(reply) == self._reset_words


def _words(reply: Reply) -> str:
    """What is the same whenever the server says this."""
    return _OF_ITS_OWN.sub("#", reply.text)

"""The transactions of whole messages, without a socket: each goes in one write, and its replies are read in order.

    MAIL  RCPT  BDAT n LAST <n octets>  RSET        of one message; the next may follow at once (RFC 2920, RFC 3030)

RSET ends the transaction where the server has refused the recipient and keeps it open, so that the next MAIL is none
within another's. And it guards the order: a message's answer counts once RSET is answered by its 2xx. With a reply too
many before it, the message's own answer would stand there; with one too few, one of the next message: so a "yes" that
was meant for a recipient is never taken for the message's, where the two differ.

Beside that, every command behind a refused one must be refused, as RFC 3030 section 2 and RFC 5321 section 4.1.4 have
it, and a message's "yes" must not read like RSET's, if its server's first one did not. `feed` gives events;
`ProtocolViolation` among them says that the session is out of step and must be closed.
"""

from collections import deque

from campaign.model import Attempt, Phase, Reply
from campaign.smtp.dialogue_events import ProtocolViolation, SessionClosing
from campaign.smtp.dsn import DsnUse, SessionDsn
from campaign.smtp.envelope_commands import envelope_commands
from campaign.smtp.reply.parser import ReplyError, ReplyParser

RSET = b"RSET\r\n"
_PHASES = (Phase.MAIL, Phase.RCPT, Phase.BODY)
_MAIL, _BODY, _RSET = 0, 2, 3
"""Which command's reply is due next."""


class WholeMessage:
    """A message that has been begun, and what has been said of it."""

    __slots__ = ("alone", "answer", "attempt", "began", "begins", "dsn", "due", "ends", "goes_without")

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
        self.goes_without = False
        """Whether that is about the parameters of its MAIL: it is to go again without them."""


Said = WholeMessage | SessionClosing | ProtocolViolation
"""A message that has its answer; or what is said of the session."""


class _OutOfStepError(Exception):
    """A reply that can't be the one that is due."""

    extra = True
    """Whether there may be a reply too many, or too few."""


class _EarlyError(_OutOfStepError):
    """A reply to a message that had not left whole. A refusal counts; nothing more can be said."""

    extra = False


class ChunkedDialogue:
    """One SMTP session's. Begun where nothing is under way and nothing is awaited."""

    def __init__(self, *, size_offered: bool, dsn: DsnUse | None) -> None:
        """`dsn`: of the session's server; None where it does not offer that."""
        self.in_flight: deque[WholeMessage] = deque()
        """Those without their last word, the oldest first."""
        self.resets = 0
        """How often RSET was said where no message had begun: servers count these."""
        self._size_offered = size_offered
        self._dsn = SessionDsn(dsn)
        self._parser = ReplyParser()
        self._octets = 0
        self._usual_reset: Reply | None = None
        self._told_apart: bool | None = None

    def begin(self, attempt: Attempt, now: float) -> bytes:
        """Give all of a message: its envelope, its chunk, and RSET. `now`: monotonic seconds."""
        alone = not self.in_flight
        asked = self._dsn.begin(attempt.message.envelope.envelope_id, behind_body=not alone)
        mail, rcpt, _ = envelope_commands(attempt, size_offered=self._size_offered, more=asked)
        chunk = attempt.message.data
        data = b"%b%bBDAT %d LAST\r\n%b%b" % (mail, rcpt, len(chunk), chunk, RSET)
        begins = self._octets
        self._octets += len(data)
        ends = self._octets - len(RSET)
        self.in_flight.append(WholeMessage(attempt, begins=begins, ends=ends, alone=alone, dsn=asked, began=now))
        return data

    def feed(self, data: bytes, *, left: int) -> list[Said]:
        """Take what arrived; give what it says. `left`: octets of this dialogue that have left this machine. Never
        raises.
        """
        events: list[Said] = []
        try:
            replies, garbage = self._parser.feed(data), None
        except ReplyError as error:
            replies, garbage = error.before, ProtocolViolation(str(error), extra_reply=False)
        try:
            for reply in replies:
                self._judge(reply, events, left)
        except _OutOfStepError as error:
            garbage = ProtocolViolation(str(error), extra_reply=error.extra)
        if garbage is not None:
            events.append(garbage)
        return events

    def _judge(self, reply: Reply, events: list[Said], left: int) -> None:
        if not self.in_flight:
            if reply.code != 421:
                raise _OutOfStepError(f"a reply that answers nothing: {reply.code} {reply.text}")
            events.append(SessionClosing(reply))
            return
        message = self.in_flight[0]
        due, good = message.due, reply.code // 100 == 2
        if not good and reply.code < 400:
            raise _OutOfStepError(f"{reply.code} in answer to {'RSET' if due == _RSET else _PHASES[due]}")
        message.due = due + 1
        if due == _RSET:
            self._ended(message, reply, events)
            return
        if left <= message.begins:
            raise _OutOfStepError(f"{reply.code} in answer to what had not left")
        if message.answer is not None:
            if good:
                raise _OutOfStepError(
                    f"{reply.code} in answer to {_PHASES[due]}, though {message.answer[0]} was refused"
                )
        elif due == _BODY and good and left < message.ends:
            raise _EarlyError("the server answered before the message had left")
        elif not good or due == _BODY:
            message.answer = (_PHASES[due], reply)
        elif due == _MAIL:
            self._dsn.whole_accepted(message.dsn)
        if due == _BODY and left < message.ends:
            raise _EarlyError("the server answered before the message had left")
        if reply.code == 421:  # the last word on this message; nobody else is answered by it
            events.append(SessionClosing(reply))

    def _ended(self, message: WholeMessage, reply: Reply, events: list[Said]) -> None:
        """RSET is answered: so the answer before it was the message's."""
        assert message.answer is not None
        phase, answer = message.answer
        if reply.code >= 400 and reply.code != 421:
            raise _OutOfStepError(f"{reply.code} in answer to RSET")
        if answer.code < 300 and self._told_apart is None:
            self._usual_reset, self._told_apart = reply, answer != reply
        if self._told_apart and answer == self._usual_reset:
            raise _OutOfStepError(f"what RSET is answered by, in answer to a message: {answer.code} {answer.text}")
        self.in_flight.popleft()
        if phase is Phase.MAIL:
            self.resets += 1
            message.goes_without = self._dsn.whole_goes_without(message.dsn, answer)
        events.append(message)
        if reply.code == 421:
            events.append(SessionClosing(reply))

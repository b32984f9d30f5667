"""The SMTP transaction, without a socket: commands out, replies in, what they say of each message.

At most two messages are under way: `current`, whose body has gone and whose reply has not come, and `upcoming`, whose
envelope has been begun. Where the server offers PIPELINING the envelope (MAIL, RCPT, DATA) is one write, which the
caller may join to the previous message's body (RFC 2920 section 3.1); elsewhere each command waits for its reply.
Only ever one body is without its reply, so pipelining adds no doubt about who got the mail.

Not every server that offers PIPELINING takes an envelope there. What one says of it is told apart from what it says of
the message: `PipeliningRefused`, or `behind_body` in the other events (`pipelining.trials` makes use of both).

`feed` gives events; `ProtocolViolation` among them says that the session is out of step and must be closed.
"""

from collections import deque

from campaign.model import Attempt, Phase, Reply
from campaign.smtp.dialogue_events import (
    BODY,
    DATA,
    MAIL,
    RCPT,
    Aside,
    Event,
    FinalReply,
    ParametersRefused,
    PipeliningRefused,
    ReadyForBody,
    SessionClosing,
)
from campaign.smtp.dsn import DsnUse, SessionDsn
from campaign.smtp.envelope_commands import TERMINATOR, envelope_commands, stuffed
from campaign.smtp.envelope_refusals import SEQUENCE_WORDS, out_of_sequence
from campaign.smtp.reply.parser import ReplyParser
from campaign.smtp.reply_order import OutOfStepError, parsed

_ENVELOPE = (MAIL, RCPT, DATA)


class Dialogue:
    """One SMTP session after sign-in. Raises AssertionError when it is used out of order: a fault of ours."""

    def __init__(self, *, pipelining: bool, size_offered: bool = False, dsn: DsnUse | None = None) -> None:
        """`dsn`: of the session's server; None where it does not offer that."""
        self.pipelining = pipelining
        self.current: Attempt | None = None
        self.upcoming: Attempt | None = None
        self.ready = False
        """Whether the upcoming message's body may go."""
        self.behind_body = False
        """Whether the upcoming message's envelope stands behind a body, and not all of its replies have come."""
        self.resets = 0
        """How often RSET was said, but for one time between two messages: servers count these."""
        self.held_refusal: FinalReply | None = None
        """A message's refusal, with an envelope behind it: an answer once that is answered, too. Until then it may be
        the answer to the envelope, and the message taken: its own reply was lost, or is still to come.
        """
        self.dsn = SessionDsn(dsn)
        """What MAIL asks of bounces."""
        self._size_offered = size_offered
        self._parser = ReplyParser()
        self._expected: deque[Phase | Aside] = deque()
        self._queued: deque[tuple[Phase | Aside, bytes]] = deque()  # commands held back without PIPELINING
        self._refusal: tuple[Phase, Reply] | None = None
        self._open = False  # MAIL was accepted and no body has ended it: RSET before the next
        self._may_reset = True  # without its being counted
        self._not_taken = False  # the server has refused MAIL for where it stands
        self._within_anothers = False  # and taken RCPT
        self._over = False  # nothing more is to be heard: no message is without its reply
        self._cut_short = False  # with it the replies to an envelope behind a body have ended
        self._write = b""

    @property
    def idle(self) -> bool:
        """Whether nothing is under way and nothing is awaited."""
        return self.current is None and self.upcoming is None and not self._expected and self.held_refusal is None

    def begin_envelope(self, attempt: Attempt) -> bytes:
        """Give the bytes that begin the attempt's envelope. Only while no other is upcoming."""
        assert self.upcoming is None and (self.pipelining or not self._expected)
        behind = self.current is not None
        asked = self.dsn.begin(attempt.message.envelope.envelope_id, behind_body=behind)
        mail, rcpt, data = envelope_commands(attempt, size_offered=self._size_offered, more=asked)
        self.upcoming, self.ready, self._refusal, self._not_taken = attempt, False, None, False
        self.behind_body, self._within_anothers = behind, False
        if self.pipelining:
            self._expected += _ENVELOPE
            if self._open:
                self._reset()
                self._expected.insert(len(self._expected) - 3, Aside.RESET)
                return b"RSET\r\n" + mail + rcpt + data
            return mail + rcpt + data
        if self._open:
            self._reset()
            self._queued.append((Aside.RESET, b"RSET\r\n"))
        self._queued += (MAIL, mail), (RCPT, rcpt), (DATA, data)
        return self._advance()

    def body(self) -> bytes:
        """Give the upcoming message's body, dot-stuffed (RFC 5321 section 4.5.2) and ended; it is now current."""
        attempt = self.upcoming
        assert attempt is not None and self.ready and self.current is None
        self.current, self.upcoming, self.ready, self._open = attempt, None, False, False
        self._expected.append(BODY)
        return stuffed(attempt.message.data) + TERMINATOR

    def feed(self, data: bytes) -> tuple[list[Event], bytes]:
        """Take what arrived; give what it says, and what to write because of it. Never raises."""
        events: list[Event] = []
        replies, garbage = parsed(self._parser, data)
        try:
            for reply in replies:
                self._judge(reply, events)
        except OutOfStepError as error:
            garbage = error.violation
        if self.held_refusal is not None and (events or garbage is not None):
            cut_short = self._cut_short or garbage is not None
            events.insert(0, self.held_refusal._replace(cut_short=cut_short))
            self.held_refusal = None
        if garbage is not None:
            events.append(garbage)
        written, self._write = self._write, b""
        return events, written

    @property
    def awaiting(self) -> Phase | None:
        """Which phase's reply is due next, if any."""
        first = self._expected[0] if self._expected else None
        return first if isinstance(first, Phase) else None

    def _judge(self, reply: Reply, events: list[Event]) -> None:
        if self._over:  # RFC 5321 section 3.8: 421 is the last word
            return
        if not self._expected:
            if reply.code != 421:
                raise OutOfStepError(f"a reply that answers nothing: {reply.code} {reply.text}")
            self._over = True
            events.append(SessionClosing(reply))
            return
        phase = self._expected.popleft()
        if reply.code == 250 and not self._queued and not self._refusal and (phase is MAIL or phase is RCPT):
            if phase is MAIL:  # as nearly always: no more follows from it
                self._open = True
                self.dsn.accepted()
        elif isinstance(phase, Aside):
            self._over = reply.code == 421
            # RSET can't be refused (RFC 5321 section 4.1.1.5): a server that does has had enough of this session.
            if self._over or (phase is Aside.RESET and reply.code >= 400):
                events.append(SessionClosing(reply))
            if not self._over:
                self._write += self._advance()
        elif phase is BODY:
            if reply.code // 100 == 3:
                raise OutOfStepError(f"{reply.code} in answer to a message")
            attempt, self.current = self.current, None
            assert attempt is not None
            self._may_reset = True
            answer = FinalReply(attempt, BODY, reply, False, self.upcoming is not None)
            if reply.code >= 400 and self.upcoming is not None:
                self.held_refusal = answer
            else:
                events.append(answer)
        else:
            self._judge_envelope(phase, reply, events)

    def _judge_envelope(self, phase: Phase, reply: Reply, events: list[Event]) -> None:
        """RFC 2920 section 3.1: every reply of the group is looked at, whatever the earlier ones said."""
        if reply.code == 421:  # RFC 5321 section 3.8: the replies to the rest of the group will not come
            assert self.upcoming is not None
            self._over = True
            self._cut_short = self.behind_body
            if self.behind_body and SEQUENCE_WORDS.search(reply.text):
                events += PipeliningRefused(self.upcoming), SessionClosing(reply)
            elif self._refusal and self._goes_without():
                events += ParametersRefused(self.upcoming, begun_anew=False), SessionClosing(reply)
            else:  # which says nothing of where the envelope stood
                events.append(FinalReply(self.upcoming, *(self._refusal or (phase, reply))))
            self.upcoming, self.behind_body = None, False
            self._queued.clear()
            self._expected.clear()
            return
        accepted = reply.code == 354 if phase is DATA else reply.code // 100 == 2
        if not accepted and reply.code < 400:
            raise OutOfStepError(f"{reply.code} in answer to {phase}")
        if phase is MAIL and accepted:
            self._open = True
            self.dsn.accepted()
        if not accepted and self._refusal is None:
            self._refusal = (phase, reply)
            self._not_taken = self.behind_body and out_of_sequence(reply)
        # Of a refused message's transaction (Postfix, `smtpd_end_of_data_restrictions`): an empty one would reach it.
        self._within_anothers |= accepted and phase is RCPT and self._refusal is not None
        if phase is not DATA and not (self._refusal and not self.pipelining):
            self._write += self._advance()
            return
        attempt, behind = self.upcoming, self.behind_body
        assert attempt is not None
        self.behind_body = False
        if self._refusal is None:
            self.ready = True
            events.append(ReadyForBody(attempt, behind))
            return
        self._queued.clear()
        if accepted and self._within_anothers:
            self._over = True
            events.append(SessionClosing(self._refusal[1]))
        elif accepted:  # 354 though the recipient was refused: an empty message ends it
            self._write, self._open = self._write + TERMINATOR, False
            self._expected.append(Aside.EMPTY)
        if self._goes_without():
            events.append(ParametersRefused(attempt, begun_anew=not self._over))
            if not self._over:
                self._begin_anew(attempt)
                return
        else:
            not_taken = PipeliningRefused(attempt) if self._not_taken else None
            events.append(not_taken or FinalReply(attempt, *self._refusal, behind))
        self.upcoming = None

    def _goes_without(self) -> bool:
        """Whether what was refused are the parameters, and nothing else is known of the message."""
        assert self._refusal is not None
        phase, reply = self._refusal
        return phase is MAIL and not self._not_taken and self.dsn.goes_without(reply)

    def _begin_anew(self, attempt: Attempt) -> None:
        """The same envelope, one command at a time, the first once all that was said is answered."""
        self._refusal = None
        mail, rcpt, data = envelope_commands(attempt, size_offered=self._size_offered)
        self._queued += (MAIL, mail), (RCPT, rcpt), (DATA, data)
        if not self._expected:
            self._write += self._advance()

    def _reset(self) -> None:
        self.resets += not self._may_reset
        self._open = self._may_reset = False

    def _advance(self) -> bytes:
        """The next held-back command, where each waits for the reply to the one before."""
        if not self._queued:
            return b""
        phase, command = self._queued.popleft()
        self._expected.append(phase)
        return command

"""Ask a server whether it takes our mail, without sending any: MAIL, RCPT and RSET over a fresh session, then QUIT.

Takes a `Session`, the return path and a recipient (the campaign's own address: nobody else need be asked about); gives
what the server said, step by step, as far as it came, and how long it took. Raises SessionError where an answer does
not come.
Limits: a server may judge the sender only after the message, and take mail for its own domains only.
"""

import contextlib
from collections import deque
from dataclasses import dataclass
from statistics import median

from campaign.model import Phase, Reply
from campaign.smtp.awaited_replies import AwaitedReplies
from campaign.smtp.dsn import DsnUses, SessionDsn
from campaign.smtp.reply.parser import ReplyError
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.session import Session

ROUND_TRIPS = 5
"""Commands that a round trip is measured by. Servers count those that carry no mail, and hang up after ten (Exim's
`smtp_accept_max_nonmail`) or more.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeStep:
    """A step of the envelope, and the server's reply to it."""

    phase: Phase
    command: str
    """Without parameters."""
    reply: Reply
    seconds: float = 0.0
    """Until the reply had come: a round trip, and what the server took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeProbe:
    """What was heard."""

    steps: tuple[EnvelopeStep, ...]
    round_trip: float
    """Seconds: the median of a few commands that a server answers at once."""
    dsn: bool | None = None
    """Whether it takes the parameters of DSN; None where it does not offer that, or the sender was refused anyhow."""


def probe_envelope(
    session: Session, *, return_path: str, recipient: str, timeout: float, envelope_id: str = ""
) -> EnvelopeProbe:
    """Begin a message and take it back (RFC 5321 section 4.1.1.5). The recipient is named only where the sender was
    taken. `timeout` is in seconds, for each reply. `envelope_id` goes with MAIL where the server offers DSN, as a
    message's would. The session is closed.
    """
    ascii_only = return_path.isascii() and recipient.isascii()
    parameters = " SMTPUTF8" if session.smtputf8 and not ascii_only else ""  # RFC 6531 section 3.4
    dsn = SessionDsn(DsnUses().of(session))
    asked = dsn.begin(envelope_id, behind_body=False)
    mail = (Phase.MAIL, f"MAIL FROM:<{return_path}>", parameters)
    commands = deque([(*mail[:2], parameters + asked), (Phase.RCPT, f"RCPT TO:<{recipient}>", "")])
    takes_dsn: bool | None = None
    steps: list[EnvelopeStep] = []
    replies = AwaitedReplies(session, timeout)
    phase, command = Phase.MAIL, "NOOP"
    try:
        round_trip = _round_trip(replies)
        while commands:
            phase, command, parameters = commands.popleft()
            reply = replies.to(f"{command}{parameters}\r\n")
            if phase is Phase.MAIL and asked and reply.code // 100 == 2:
                takes_dsn = parameters.endswith(asked)
            elif phase is Phase.MAIL and reply.code // 100 != 2 and dsn.goes_without(reply):
                commands.appendleft(mail)
                continue
            steps.append(EnvelopeStep(phase=phase, command=command, reply=reply, seconds=replies.seconds))
            if steps[-1].reply.code // 100 != 2:
                break
        with contextlib.suppress(OSError):
            session.sock.sendall(b"RSET\r\nQUIT\r\n")
    except (OSError, ReplyError) as error:
        words = "no answer in time" if isinstance(error, TimeoutError) else "the server hung up or made no sense"
        raise SessionError(f"{command.partition(':')[0]} was not answered: {words}", phase=phase) from None
    finally:
        session.sock.close()
    return EnvelopeProbe(steps=tuple(steps), round_trip=round_trip, dsn=takes_dsn)


def probe_round_trip(session: Session, *, timeout: float) -> float:
    """Give the seconds of a round trip. `timeout` is in seconds, for each reply. The session is closed. Raises
    SessionError.
    """
    try:
        return _round_trip(AwaitedReplies(session, timeout))
    except (OSError, ReplyError):
        raise SessionError("NOOP was not answered", phase=Phase.MAIL) from None
    finally:
        session.hang_up()


def _round_trip(replies: AwaitedReplies) -> float:
    """By NOOP (RFC 5321 section 4.1.1.9): whatever the server says to it, it has come and gone."""
    taken = []
    for _ in range(ROUND_TRIPS):
        replies.to("NOOP\r\n")
        taken.append(replies.seconds)
    return median(taken)

"""Ask a server whether it takes our mail, without sending any: MAIL, RCPT and RSET over a fresh session, then QUIT.

Takes a `Session`, the return path and a recipient (the campaign's own address: nobody else need be asked about); gives
what the server said, step by step, as far as it came. Raises SessionError where an answer does not come.
Limits: a server may judge the sender only after the message, and take mail for its own domains only.
"""

import contextlib
import time
from dataclasses import dataclass

from campaign.model import Phase, Reply
from campaign.smtp.reply.parser import ReplyError, ReplyParser
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeStep:
    """A step of the envelope, and the server's reply to it."""

    phase: Phase
    command: str
    """Without parameters."""
    reply: Reply


def probe_envelope(session: Session, *, return_path: str, recipient: str, timeout: float) -> list[EnvelopeStep]:
    """Begin a message and take it back (RFC 5321 section 4.1.1.5). The recipient is named only where the sender was
    taken. `timeout` is in seconds, for each reply. The session is closed.
    """
    ascii_only = return_path.isascii() and recipient.isascii()
    parameters = " SMTPUTF8" if session.smtputf8 and not ascii_only else ""  # RFC 6531 section 3.4
    commands = [(Phase.MAIL, f"MAIL FROM:<{return_path}>", parameters), (Phase.RCPT, f"RCPT TO:<{recipient}>", "")]
    steps: list[EnvelopeStep] = []
    replies = _Replies(session, timeout)
    try:
        for phase, command, parameters in commands:
            steps.append(EnvelopeStep(phase=phase, command=command, reply=replies.to(f"{command}{parameters}\r\n")))
            if steps[-1].reply.code // 100 != 2:
                break
        with contextlib.suppress(OSError):
            session.sock.sendall(b"RSET\r\nQUIT\r\n")
    except (OSError, ReplyError) as error:
        words = "no answer in time" if isinstance(error, TimeoutError) else "the server hung up or made no sense"
        raise SessionError(f"{command.partition(':')[0]} was not answered: {words}", phase=phase) from None
    finally:
        session.sock.close()
    return steps


class _Replies:
    """The replies of a session, one command at a time."""

    def __init__(self, session: Session, timeout: float) -> None:
        self._sock = session.sock
        self._sock.settimeout(timeout)
        self._timeout = timeout
        self._parser = ReplyParser()
        self._data = session.leftover

    def to(self, command: str) -> Reply:
        """Say a command, and give the server's reply. Raises OSError and ReplyError."""
        self._sock.sendall(command.encode())
        end = time.monotonic() + self._timeout
        while True:
            replies = self._parser.feed(self._data)
            if len(replies) > 1:
                raise ReplyError("more replies than commands")
            if replies:
                self._data = b""
                return replies[0]
            if time.monotonic() > end:
                raise TimeoutError
            self._data = self._sock.recv(4096)
            if not self._data:
                raise ReplyError("the stream ended")

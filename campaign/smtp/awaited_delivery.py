"""Messages over one session, one after the other, each waited for: an attempt in, the server's last word out.

For a handful of messages whose sender looks on; a run has the pool. Blocks, for each reply at most the time-out, ten
times that for the reply to a message. Raises nothing: what happens to a session is part of the `Delivery`.
"""

import contextlib
import time
from dataclasses import dataclass, replace

from campaign.model import Attempt, Phase, Reply
from campaign.smtp.connection import BODY_PATIENCE
from campaign.smtp.dialogue import Dialogue
from campaign.smtp.dialogue_events import FinalReply, ProtocolViolation, ReadyForBody, SessionClosing
from campaign.smtp.dsn import DsnUses
from campaign.smtp.reply.censor import without_links
from campaign.smtp.session.session import Session

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one message."""

    phase: Phase
    """Where the last word was said, or should have been."""
    reply: Reply | None
    """None: there was none."""
    why: str = ""
    """Why there was none."""
    body_left: bool = False
    """Whether the message had left: without a reply, nobody can know whether it arrives."""
    seconds: float | None = None
    """From when the message began to leave until the reply to it had come: a round trip, and what the server took."""


class AwaitedDelivery:
    """One session's. `pipelining`: whether commands may go in one write, where the server takes that."""

    def __init__(self, session: Session, *, timeout: float, pipelining: bool = True) -> None:
        self.over = False
        """Whether the session takes no more messages."""
        self._session = session
        self._timeout = timeout
        self._dialogue = Dialogue(
            pipelining=session.pipelining and pipelining,
            size_offered="size" in session.features,
            dsn=DsnUses().of(session),
        )
        self._unread = session.leftover
        self._left = False
        self._deadline = 0.0

    def deliver(self, attempt: Attempt) -> Delivery:
        """Hand one message over. Not once the session is `over`."""
        assert not self.over
        dialogue, self._left = self._dialogue, False
        commands = dialogue.begin_envelope(attempt)
        answer: Delivery | None = None
        began = 0.0
        try:
            while answer is None or not dialogue.idle:
                if commands:
                    self._send(commands)
                commands = b""
                data, self._unread = self._unread or self._receive(), b""
                events, commands = dialogue.feed(data)
                for event in events:
                    if isinstance(event, ReadyForBody):
                        commands += dialogue.body()
                        self._left, began = True, time.monotonic()
                    elif isinstance(event, FinalReply):
                        reply = self._censored(event.reply, attempt.token)
                        seconds = time.monotonic() - began if self._left else None
                        answer = Delivery(phase=event.phase, reply=reply, body_left=self._left, seconds=seconds)
                        self.over = self.over or reply.code == 421  # RFC 5321 section 3.8: the session ends
                    elif isinstance(event, SessionClosing):
                        self.over = True
                        answer = answer or self._silence(f"{event.reply.code} {event.reply.text}", attempt)
                    elif isinstance(event, ProtocolViolation):
                        self.over = True
                        return self._silence(event.why, attempt)  # a reply too many: whose was the last one?
                if self.over and answer is not None:
                    break
        except OSError as error:
            self.over = True
            words = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or "the server hung up"
            answer = answer or self._silence(words, attempt)
        return answer

    def close(self) -> None:
        """Hang up, politely where the server waits for a command."""
        if self._dialogue.idle and not self.over:
            with contextlib.suppress(OSError):
                self._session.sock.sendall(b"QUIT\r\n")
        self._session.sock.close()

    def _send(self, data: bytes) -> None:
        self._deadline = time.monotonic() + self._timeout * (BODY_PATIENCE if self._left else 1)
        self._session.sock.settimeout(self._patience())
        try:
            self._session.sock.sendall(data)
        except TimeoutError:
            raise
        except OSError:  # a server that hangs up often says why first: the reading that follows hears it
            self.over = True

    def _receive(self) -> bytes:
        self._session.sock.settimeout(self._patience())
        data = self._session.sock.recv(_CHUNK)
        if not data:
            raise ConnectionResetError(0, "the server hung up")
        return data

    def _patience(self) -> float:
        """The same end for the whole of a reply, however slowly it drips."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _silence(self, why: str, attempt: Attempt) -> Delivery:
        phase = Phase.BODY if self._left else self._dialogue.awaiting or Phase.MAIL
        text = self._session.censor.censored_text(without_links(why, [attempt.token]))
        return Delivery(phase=phase, reply=None, why=text, body_left=self._left)

    def _censored(self, reply: Reply, token: str) -> Reply:
        """Without what it quotes of the link in the message, and of our sign-in."""
        text = self._session.censor.censored_text(without_links(reply.text, [token]))
        return reply if text == reply.text else replace(reply, text=text)

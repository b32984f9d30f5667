"""One connection: a session's socket and its dialogue, with an exact count of what has left.

While the end of a body has not been handed to the kernel, nobody can have got the message; from then on, nobody can
know until the reply comes. `send` counts, so a write that fails half-way still says on which side of the line it was.
(With TLS a record that the kernel did not take whole cannot be read by the other side, so the count holds there too.)
"""

import contextlib
import socket
import ssl
from collections import deque
from dataclasses import replace

from campaign.model import Attempt, Phase, Reply
from campaign.smtp.chunking.dialogue import ChunkedDialogue
from campaign.smtp.chunking.probe import ChunkingProbe
from campaign.smtp.chunking.stream import MessageStream
from campaign.smtp.chunking.trials import ChunkingTrial
from campaign.smtp.dialogue import Dialogue
from campaign.smtp.dsn import DsnUse
from campaign.smtp.pipelining.trials import PipeliningTrial
from campaign.smtp.reply.censor import without_earlier_links, without_links
from campaign.smtp.session.session import Session

_CHUNK = 64 * 1024
_AT_ONCE = 256 * 1024
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)

_NOTHING = memoryview(b"")
BODY_PATIENCE = 10
"""RFC 5321 section 4.5.3.2.6 gives a server ten minutes for its reply to a message: ten times our default timeout."""
_TRIAL_PATIENCE = 5.0
"""Seconds for an envelope behind an answered body, while nobody knows whether the server has taken it."""


class Connection:
    """A session's socket, its dialogue, its age. Methods raise OSError when the connection has died."""

    def __init__(
        self,
        session: Session,
        *,
        now: float,
        trial: PipeliningTrial,
        dsn: DsnUse | None = None,
        grouping: bool = True,
        recent_tokens: deque[str] | None = None,
    ) -> None:
        """`trial` and `dsn`: of the session's server; `grouping`: whether commands may go in one write where it takes
        that. `recent_tokens`: of the links in the messages lately begun, over whatever connection.
        """
        self.session = session
        self.sock = session.sock
        self._dsn = dsn
        self.dialogue = Dialogue(
            pipelining=session.pipelining and grouping, size_offered="size" in session.features, dsn=dsn
        )
        self.trial = trial
        self.in_trial = False
        """Whether the envelope behind the body is its server's trial."""
        self.chunking_trial: ChunkingTrial | None = None
        """Its server's standing with whole messages; None where that is not asked for."""
        self.probe: ChunkingProbe | None = None
        """What is under way in place of a message."""
        self.stream: MessageStream | None = None
        """The whole messages that go over it from now on; None: it is the dialogue that goes on."""
        self.opened = now
        self.deadline = float("inf")
        """When (monotonic seconds) waiting for a reply turns into a lost connection."""
        self.envelope_began = now
        """When its last envelope that did not stand behind a body was begun (monotonic seconds)."""
        self.envelope_seconds = 0.0
        """Seconds from there until that message's body could go: what this server takes for an envelope."""
        self.messages = 0
        """How many bodies have been begun."""
        self.closing = False
        """No message may begin on it any more."""
        self.served = False
        """Whether it has taken a message."""
        self.last_deferred: Attempt | None = None
        """The last message, if the server deferred it (4xx to its body)."""
        self.used = False
        """Whether the server has replied to a command of a message, but by 421, or there was no message to send."""
        self.closing_reply: tuple[Phase, Reply] | None = None
        """The reply that ended the session, and the phase that it answered: EHLO where it answered none."""
        self._unsent = _NOTHING
        self._handed = 0  # octets given to `send`
        self._body_ends = 0  # those up to the end of the last body
        self._tokens: deque[str] = deque(maxlen=3)  # of the message under way, the one before, the one behind
        self._recent_tokens = deque[str](maxlen=0) if recent_tokens is None else recent_tokens

    @property
    def resets(self) -> int:
        """How often RSET was said where no message had begun."""
        return self.dialogue.resets + (0 if self.stream is None else self.stream.dialogue.resets)

    @property
    def body_sent(self) -> bool:
        """Whether the whole of the current body, its end included, may have left this machine."""
        return self.octets_left >= self._body_ends

    @property
    def octets_left(self) -> int:
        """How many of the octets given to `send` may have left this machine; of its stream's, where it has one."""
        return self._handed - len(self._unsent)

    def begin_stream(self, *, in_flight: int) -> MessageStream:
        """From now on messages go whole, up to `in_flight` without their reply. Only while nothing is under way."""
        assert self.dialogue.idle and not self._unsent and self.chunking_trial is not None
        dialogue = ChunkedDialogue(size_offered="size" in self.session.features, dsn=self._dsn)
        self.stream = MessageStream(dialogue, self.chunking_trial, in_flight=in_flight)
        self._handed = self._body_ends = 0
        self.deadline = float("inf")
        self._tokens = deque(self._tokens, maxlen=in_flight + 2)
        return self.stream

    def begin_message(self, attempt: Attempt, now: float) -> bytes:
        """Give all of a message, for a stream."""
        assert self.stream is not None
        self._tokens.append(attempt.token)
        self._recent_tokens.append(attempt.token)
        self.messages += 1
        return self.stream.dialogue.begin(attempt, now)

    def begin_envelope(self, attempt: Attempt) -> bytes:
        """Give the bytes that begin an attempt's envelope."""
        self._tokens.append(attempt.token)
        self._recent_tokens.append(attempt.token)
        return self.dialogue.begin_envelope(attempt)

    def without_secrets(self, text: str) -> str:
        """Give what the server said without what it quotes of our sign-in, and of the links in the messages lately
        begun, over this connection or another.
        """
        text = without_earlier_links(without_links(text, self._tokens), self._recent_tokens)
        return self.session.censor.censored_text(text)

    def censored(self, reply: Reply) -> Reply:
        """Give a reply without them. The "250" of a message that was taken is compared with the last ones only."""
        if reply.code >= 300:
            text = self.without_secrets(reply.text)
        else:
            text = without_links(reply.text, self._tokens)
            if self.session.censor.is_quoted(text):
                text = self.session.censor.censored_text(text)
        return reply if text == reply.text else replace(reply, text=text)

    @property
    def why_closing(self) -> str:
        """Why a message that is waiting can't go over it any more; empty where that is our own wish: an earlier message
        was answered so that this session is of no more use.
        """
        ours = self.closing_reply is not None and self.closing_reply[0] is not Phase.EHLO
        return "" if ours else "the server is closing the session"

    def reply_timeout(self, timeout: float) -> float:
        """Give the seconds that the server may take for its next reply, where it has `timeout` for a command's."""
        if self.dialogue.current is not None or (self.stream is not None and not self.closing):
            return timeout * BODY_PATIENCE
        # A server that takes its time for every envelope may do so for this one.
        return min(timeout, max(_TRIAL_PATIENCE, 4 * self.envelope_seconds)) if self.in_trial else timeout

    @property
    def blocked(self) -> bool:
        """Whether bytes wait until the kernel takes more."""
        return bool(self._unsent)

    def send(self, data: bytes, *, body: int = 0) -> None:
        """Send what can be sent now, keep the rest. The first `body` bytes of `data` are a message's; without
        `data`, it is what had to wait.
        """
        if body:
            self._body_ends = self._handed + body
        self._handed += len(data)
        if not self._unsent and len(data) <= _AT_ONCE:  # nearly always all of it goes at once
            try:
                sent = self.sock.send(data)
            except _LATER:
                sent = 0
            except OSError:
                self._unsent = memoryview(data)
                raise
            self._unsent = memoryview(data)[sent:] if sent < len(data) else _NOTHING
            return
        if data:
            self._unsent = memoryview(b"".join((self._unsent, data)) if self._unsent else data)
        self.flush()

    def flush(self) -> None:
        """Send on: some of it, so that others get their turn, and what the server says meanwhile is heard in time."""
        quota = _AT_ONCE
        while self._unsent and quota > 0:
            try:
                sent = self.sock.send(self._unsent)
            except _LATER:
                return
            self._unsent = self._unsent[sent:]
            quota -= sent

    def receive(self) -> bytes | None:
        """What has arrived: empty at the end of the connection, None if nothing has yet."""
        try:
            return self.sock.recv(_CHUNK)
        except _LATER:
            return None

    def acknowledge(self) -> None:
        """Acknowledge at once what has arrived. A server that sends the replies to a group one by one holds each back
        until then (RFC 896), and we would wait 40 ms with that (RFC 1122 section 4.2.3.2). A no-op beside Linux.
        """
        if _QUICK_ACK is not None:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def close(self, *, quitting: bool) -> None:
        """Hang up; say QUIT first where the server is waiting for a command."""
        if quitting and not self._unsent:
            with contextlib.suppress(OSError):
                self.sock.send(b"QUIT\r\n")
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
        self.sock.close()


def why_died(error: OSError) -> str:
    """Say why a connection has died."""
    return error.strerror or type(error).__name__

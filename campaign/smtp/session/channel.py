"""The wire while a session is set up: a command goes out, its reply comes in, and neither may last for ever.

`Channel` sends commands on a connected socket and gives each `CommandReply`, in blocking calls, until `hand_over` gives
the socket away. Every reply is bounded in bytes (`MAX_REPLY`) and in time, and so is all of it together: a server that
drips a letter a second, or never ends its EHLO reply, costs no more than a silent one. (smtplib bounds neither: it
waits anew for each packet, and takes any number of lines.)

Raises OSError (of it TimeoutError, and ssl.SSLError), `ReplyError` for what is no reply.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from campaign.model import Reply
from campaign.smtp.reply.censor import Censor
from campaign.smtp.reply.parser import (
    MAX_REPLY,
    MAX_TEXT,
    ReplyError,
    ReplyParser,
    parse_reply,
    readable,
    without_enhanced,
)
from campaign.smtp.session.tls_socket import TlsSocket

_READ = 16 * 1024

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReply:
    """What a server said to one command."""

    reply: Reply
    """Fit to be shown."""
    lines: tuple[bytes, ...] = field(repr=False)
    """Its texts as they came, without code and CRLF: an EHLO keyword each, or a SASL challenge. Not to be shown."""

    @property
    def code(self) -> int:
        """The reply's."""
        return self.reply.code


class Channel:
    """Owns a connected socket. `timeout`: seconds for each reply; `deadline`: when (by `clock`) all must be done."""

    def __init__(self, sock: socket.socket, *, timeout: float, deadline: float, clock: Clock = time.monotonic) -> None:
        self.censor = Censor()
        """Of what replies are cleared."""
        self._sock = sock
        self._timeout = timeout
        self._deadline = deadline
        self._clock = clock
        self._buffer = b""

    @property
    def local_address(self) -> str:
        """The address on our side, without a zone."""
        return str(self._sock.getsockname()[0]).partition("%")[0]

    def command(self, line: bytes) -> CommandReply:
        """Send one line, give what is said to it."""
        try:
            self._sock.settimeout(self._patience())
            self._sock.sendall(line + b"\r\n")
        except TimeoutError:
            raise
        except OSError:
            with contextlib.suppress(OSError, ReplyError):  # a server that hangs up often says why first
                return self.reply()
            raise
        return self.reply()

    def reply(self) -> CommandReply:
        """Give the next reply."""
        end = self._clock() + self._patience()
        parser = ReplyParser()
        lines: list[bytes] = []
        complete = False
        while not complete:
            line, ended, rest = self._buffer.partition(b"\n")
            if ended:
                self._buffer = rest
                line = line.removesuffix(b"\r")
                complete = bool(parser.feed(line + b"\n"))
                lines.append(line)
            elif len(self._buffer) > MAX_REPLY:
                raise ReplyError(f"a reply of more than {MAX_REPLY:,} bytes")
            else:
                self._buffer += self._receive(end)
        words = tuple(line[4:] for line in lines)
        return CommandReply(reply=self._censored(parse_reply(lines), words), lines=words)

    def start_tls(self, context: ssl.SSLContext, host: str, *, session: ssl.SSLSession | None = None) -> TlsSocket:
        """Go on in TLS; resume `session`, if the server will. Gives the socket, which stays the channel's. What was
        said in clear and not used counts for nothing (RFC 3207 section 4.2).
        """
        self._buffer = b""
        self._sock.settimeout(self._patience())
        self._sock = secured = TlsSocket(self._sock, context, host, session=session)
        secured.do_handshake()
        return secured

    def hand_over(self) -> tuple[socket.socket, bytes]:
        """Give the socket, which no longer blocks, and what has arrived and was not used."""
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._sock, self._buffer

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def _censored(self, reply: Reply, words: Sequence[bytes]) -> Reply:
        """Censor all of a reply at once: a secret may be wrapped over its lines, with an enhanced code before each."""
        said = b"\n".join(without_enhanced(line) for line in words)
        shown = self.censor.censored(said)
        return reply if shown == said else replace(reply, text=readable(shown)[:MAX_TEXT])

    def _patience(self) -> float:
        left = min(self._timeout, self._deadline - self._clock())
        if left <= 0:
            raise TimeoutError
        return left

    def _receive(self, end: float) -> bytes:
        left = end - self._clock()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        data = self._sock.recv(_READ)
        if not data:
            raise ConnectionResetError("the stream ended")
        return data

"""A client that says what it is told, byte by byte, and hears what came: to test the server itself."""

import socket
from types import TracebackType
from typing import Self

from tests.smtp_server.record import PATIENCE

MESSAGE = b"From: hello@acme.example\r\nMessage-ID: <1@acme.example>\r\n\r\nHello\r\n"
MAIL = b"MAIL FROM:<bounces@acme.example>\r\n"
RCPT = b"RCPT TO:<anna@example.com>\r\n"
GROUP = MAIL + RCPT + b"DATA\r\n"


class RawClient:
    """One connection. Every wait ends after `PATIENCE`."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._heard = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, wire: bytes) -> None:
        """Sends it in one write."""
        self.socket.sendall(wire)

    def hear(self, size: int) -> bytes:
        """The next so many bytes."""
        while len(self._heard) < size:
            part = self.socket.recv(1 << 16)
            if not part:
                raise EOFError(bytes(self._heard))
            self._heard += part
        found = bytes(self._heard[:size])
        del self._heard[:size]
        return found

    def reply(self) -> bytes:
        """The next reply, with all its lines."""
        found = b""
        while not found or found[found.rfind(b"\n", 0, -1) + 4 :][:1] == b"-":
            line = b""
            while not line.endswith(b"\n"):
                line += self.hear(1)
            found += line
        return found

    def say(self, wire: bytes) -> bytes:
        """Sends, and gives the reply."""
        self.send(wire)
        return self.reply()

    def say_hello(self) -> None:
        """Awaits the banner, and says EHLO."""
        assert self.reply().startswith(b"220 ")
        assert self.say(b"EHLO client.example\r\n").startswith(b"250-")

    def is_silent(self) -> bool:
        """Whether nothing has come, and the connection stands."""
        self.socket.setblocking(False)
        try:
            return self._heard == b"" and self.socket.recv(1) is None
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def end(self) -> str:
        """How the server ended the connection, when nothing more is to come: "FIN" or "RST"."""
        assert self._heard == b""
        try:
            assert self.socket.recv(1) == b""
        except ConnectionResetError:
            return "RST"
        return "FIN"

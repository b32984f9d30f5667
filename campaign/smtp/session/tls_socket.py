"""A connected socket, in TLS: `TlsSocket`. Its `send` says exactly how much of what it was given has left.

Data leave as records of 16,384 octets at most (RFC 8446 section 5.1), and nobody can read a record of which an octet is
missing: it is authenticated as a whole (section 5.2). So what has left is what was in the records that the kernel took
to their last octet. They are made in memory and go in one write(2), and what has arrived is taken in one read(2). That
is why this is no `ssl.SSLSocket`: it has a write(2) for each record, two read(2) for each that comes, and where the
kernel takes one record of several, it says "later" of all, though the first can be read already.

Raises OSError: of it ssl.SSLError, and BlockingIOError and TimeoutError as any socket does.
"""

import contextlib
import socket
import ssl
import time
from typing import Any

RECORD = 16_384
"""Octets that fit a record."""
_GROUP = 16 * RECORD
"""Octets that are made into records at once."""
_READ = 64 * 1024

_send, _recv = socket.socket.send, socket.socket.recv


class TlsSocket(socket.socket):
    """Our side of a TLS connection, over a socket that it takes for its own. First of all: `do_handshake`."""

    def __init__(
        self, sock: socket.socket, context: ssl.SSLContext, host: str, *, session: ssl.SSLSession | None = None
    ) -> None:
        """`session`: an earlier one with this host, to be resumed."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host, session=session)
        """What there is to know of it."""
        timeout = sock.gettimeout()
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self.settimeout(timeout)
        self._made = b""  # records, until the kernel has taken all of them
        self._gone = 0  # octets of them that it has taken
        self._besides = 0  # octets at their beginning that are no records of content, but TLS's own
        self._content = 0  # octets of content in them
        self._counted = 0  # those of it that `send` has told of
        self._ended = False  # the server has said that nothing more will come (RFC 8446 section 6.1)

    def do_handshake(self) -> None:
        """Shake hands. The time-out is one for the whole of it."""
        timeout = self.gettimeout()
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while not self._has_shaken_hands():
                self._push()
                if deadline is not None:
                    self.settimeout(max(deadline - time.monotonic(), 1e-6))
                if data := _recv(self, _READ):
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            self._push()
        except ssl.SSLError:
            with contextlib.suppress(OSError):
                self._push()  # the alert that tells the server why
            raise
        finally:
            self.settimeout(timeout)

    def send(self, data: Any, flags: int = 0) -> int:
        """Give how many octets of `data` (bytes, or a view of bytes) have left. Where the kernel did not take all, the
        next call is to begin with those that have not: they are in records already.
        """
        left = 0
        try:
            while left < len(data):
                if not self._made:
                    self._make(data if not left and len(data) <= _GROUP else data[left : left + _GROUP])
                left += self._hand_over()
        except OSError:
            if not left:
                raise  # what stops it after a whole record, stops the next call too
        return left

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            view = view[self.send(view) :]

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Give all that can be read of what has arrived: nothing that is decrypted stays behind, where no selector
        would tell of it. `size` is what is asked of the kernel; with the rest of a record it may come to more.
        """
        while not self._ended:
            if self._incoming.pending and (data := self._decrypt()) is not None:
                return data
            received = _recv(self, size)
            if not received:
                break
            self._incoming.write(received)
        return b""

    def _has_shaken_hands(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _push(self) -> None:
        """Send what the handshake has to say."""
        if self._outgoing.pending:
            super().sendall(self._outgoing.read())

    def _make(self, content: Any) -> None:
        """Make records of some content, and of what TLS has to say besides."""
        self._besides = self._outgoing.pending
        self._gone = self._counted = self._content = 0
        try:
            if content:
                self.tls.write(content)
                self._content = len(content)
        finally:
            self._made = self._outgoing.read()

    def _hand_over(self) -> int:
        """Give the kernel what it takes of the records; give how much content that has completed."""
        self._gone += _send(self, memoryview(self._made)[self._gone :] if self._gone else self._made)
        if self._gone == len(self._made):
            self._made, whole = b"", self._content
        else:
            whole = self._whole()
        content = whole - self._counted
        self._counted = whole
        return content

    def _whole(self) -> int:
        """Give how much content is in the records that have gone to their last octet, by the length that each begins
        with (RFC 8446 section 5.1).
        """
        begins = content = 0
        while (ends := begins + 5 + int.from_bytes(self._made[begins + 3 : begins + 5])) <= self._gone:
            if begins >= self._besides:
                content = min(content + RECORD, self._content)
            begins = ends
        return content

    def _decrypt(self) -> bytes | None:
        """Give what is in the whole records that have arrived: None if there is none with content, empty at the end."""
        data = None
        try:
            data = more = self.tls.read(RECORD)
            while more and self._incoming.pending:
                more = self.tls.read(RECORD)
                data += more
            if not more:
                self._ended = True
                with contextlib.suppress(OSError):
                    self.shutdown(socket.SHUT_RD)  # a selector tells of the end, too, though the connection stays
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            if not data:
                raise
        if self._outgoing.pending and not self._made:  # an answer of TLS's own (RFC 8446 section 4.6.3)
            self._make(b"")
            with contextlib.suppress(OSError):
                self._hand_over()
        return data

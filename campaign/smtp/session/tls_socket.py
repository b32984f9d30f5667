"""A connected socket, in TLS: `secured` makes it. `TlsSocket.send` says exactly how much of what it was given has left.

Data leave as records of 16,384 octets at most (RFC 8446 section 5.1), and nobody can read a record of which an octet is
missing: it is authenticated as a whole (section 5.2). OpenSSL gives a call that writes several records one answer for
all: where the kernel takes the first and not the second, it is "later", though the first can be read already. Here each
call writes one, so what has left is known, whatever the next one brings. A message that fits a record is one write(2),
as in clear.

Raises what `ssl.SSLSocket` does. (To encrypt into memory, `ssl.MemoryBIO`, and have one write(2) for all records, was
measured: it took no less processor time, neither for messages of 6 kB nor of 44 kB.)
"""

import socket
import ssl
from typing import Any

RECORD = 16_384
"""Octets that fit a record."""


class TlsSocket(ssl.SSLSocket):
    """One side of a TLS connection. Made by `secured`."""

    _begun = 0
    """Octets in a record that OpenSSL has made and the kernel has not taken whole."""

    def send(self, data: Any, flags: int = 0) -> int:
        """Give how many octets of `data` (bytes, or like them) have left, in whole records. Where the kernel did not
        take all, the next call is to begin with those that have not: a record that was begun goes on (SSL_write(3)).
        """
        view = memoryview(data)
        left = 0
        try:
            while left < len(view):
                piece = view[left : left + (self._begun or RECORD)]
                self._begun = len(piece)
                left += super().send(piece, flags)
                self._begun = 0
        except OSError:
            if not left:
                raise  # what stopped it after a whole record, stops the next call too
        return left


def secured(sock: socket.socket, context: ssl.SSLContext, host: str, *, session: ssl.SSLSession | None) -> TlsSocket:
    """Wrap a socket; the handshake is still to be done. `session`: an earlier one with this host, to be resumed."""
    context.sslsocket_class = TlsSocket
    wrapped = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False, session=session)
    assert isinstance(wrapped, TlsSocket)
    return wrapped

"""An SMTP server in TLS: takes connections one by one, each by a context of its own, and knows which were resumed."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

INTERNAL_ERROR = bytes.fromhex("15 0303 0002 02 50")
"""A fatal alert (RFC 8446 section 6)."""


@dataclass
class Greeter:
    """What it knows."""

    port: int
    resumed: list[bool] = field(default_factory=list)
    """Of each connection that it has greeted."""


@contextlib.contextmanager
def greeter(contexts: Sequence[ssl.SSLContext | None]) -> Iterator[Greeter]:
    """Greet as many connections as there are contexts. None: break off the handshake with an alert."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        found = Greeter(port=listening.getsockname()[1])

        def serve() -> None:
            for context in contexts:
                sock, _ = listening.accept()
                with sock, contextlib.suppress(OSError):
                    if context is None:
                        sock.recv(1 << 16)
                        sock.sendall(INTERNAL_ERROR)
                        continue
                    with context.wrap_socket(sock, server_side=True) as wrapped:
                        wrapped.sendall(b"220 mx.acme.example\r\n")
                        wrapped.recv(1024)
                        found.resumed.append(bool(wrapped.session_reused))
                        wrapped.sendall(b"250 mx.acme.example\r\n")
                        wrapped.recv(1024)
                        wrapped.unwrap()  # without a farewell, OpenSSL's server forgets the session

        thread = threading.Thread(target=serve)
        thread.start()
        yield found
        thread.join()

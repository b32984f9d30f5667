"""A TLS server that shakes hands once and does no more: by OpenSSL itself, alerts and all, which asyncio swallows."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def handshaker(context: ssl.SSLContext, after: Callable[[ssl.SSLSocket], None] | None = None) -> Iterator[int]:
    """A TLS server that shakes hands once, as OpenSSL does it by itself, alerts and all. Gives its port."""

    def serve() -> None:
        sock, _ = listening.accept()
        with sock, contextlib.suppress(OSError):
            plain = socket.fromfd(sock.fileno(), sock.family, sock.type)
            try:
                with context.wrap_socket(sock, server_side=True) as wrapped:
                    if after is not None:
                        after(wrapped)
            except ssl.SSLError:
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(4096):  # to close with something unread would cut off the alert
                    pass
            finally:
                plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()

"""Ports for tests in which nobody listens, or not yet."""

import contextlib
import socket
from collections.abc import Iterator

from tests.smtp_server.server import HOST


@contextlib.contextmanager
def silent_port() -> Iterator[socket.socket]:
    """A socket that refuses connections: bound, so that no other test gets its port meanwhile, and not listening."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield bound

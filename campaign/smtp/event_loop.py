"""The pool's selector: waits for its connections, for a call from another thread, and for descriptors of others."""

import contextlib
import selectors
import socket
from collections.abc import Callable

from campaign.smtp.connection import Connection


class Waker:
    """Lets another thread end the selector's sleep."""

    def __init__(self) -> None:
        self.receiver, self._sender = socket.socketpair()
        self.receiver.setblocking(False)
        self._sender.setblocking(False)

    def wake(self) -> None:
        """End the sleep, now or at its next beginning."""
        with contextlib.suppress(OSError):  # it is awake already, or closed
            self._sender.send(b"\0")

    def drain(self) -> None:
        """Take the calls so far out of the pipe."""
        with contextlib.suppress(BlockingIOError):
            self.receiver.recv(4096)

    def close(self) -> None:
        """Close both ends."""
        self.receiver.close()
        self._sender.close()


class EventLoop:
    """One selector. `serve` is called with each connection that can be read, or written where it was blocked."""

    def __init__(self, serve: Callable[[Connection, int], None]) -> None:
        self.waker = Waker()
        self._serve = serve
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.waker.receiver, selectors.EVENT_READ)

    def run_once(self, timeout: float) -> int:
        """Wait up to `timeout` seconds, and deal with what happened. Gives how many things that were."""
        ready = self._selector.select(timeout)
        for key, mask in ready:
            if isinstance(key.data, Connection):
                self._serve(key.data, mask)
            elif key.data is None:
                self.waker.drain()
            else:
                self._selector.unregister(key.fileobj)
                key.data()
        return len(ready)

    def add(self, connection: Connection) -> None:
        """Wait for it to be readable."""
        self._selector.register(connection.sock, selectors.EVENT_READ, connection)

    def update(self, connection: Connection) -> None:
        """Wait for it to be writable, too, if it is blocked; no longer, if it is not."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.blocked else 0)
        self._selector.modify(connection.sock, events, connection)

    def remove(self, connection: Connection) -> None:
        """Wait for it no more. Before it is closed."""
        self._selector.unregister(connection.sock)

    def watch(self, descriptor: int, act: Callable[[], None]) -> None:
        """Call `act` once, when something can be read from `descriptor`."""
        self._selector.register(descriptor, selectors.EVENT_READ, act)

    def close(self) -> None:
        """Close the selector and the waker."""
        self._selector.close()
        self.waker.close()

"""A process's selector: waits for the connections of its pools, for a call from another thread, and for descriptors of
others.
"""

import contextlib
import selectors
import socket
from collections.abc import Callable
from functools import partial

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
    """One selector, for one pool or several. What is registered with a descriptor is called with a mask of events."""

    def __init__(self) -> None:
        self.waker = Waker()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.waker.receiver, selectors.EVENT_READ, lambda _: self.waker.drain())

    def run_once(self, timeout: float) -> int:
        """Wait up to `timeout` seconds, and deal with what happened. Gives how many things that were."""
        ready = self._selector.select(timeout)
        for key, mask in ready:
            key.data(mask)
        return len(ready)

    def add(self, connection: Connection, serve: Callable[[Connection, int], None]) -> None:
        """Wait for it to be readable, or writable where it was blocked: then `serve` is called with it."""
        self._selector.register(connection.sock, selectors.EVENT_READ, partial(serve, connection))

    def update(self, connection: Connection) -> None:
        """Wait for it to be writable, too, if it is blocked; no longer, if it is not."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.blocked else 0)
        self._selector.modify(connection.sock, events, self._selector.get_key(connection.sock).data)

    def remove(self, connection: Connection) -> None:
        """Wait for it no more. Before it is closed."""
        self._selector.unregister(connection.sock)

    def watch(self, descriptor: int, act: Callable[[], None]) -> None:
        """Call `act` once, when something can be read from `descriptor`."""

        def once(_: int) -> None:
            self._selector.unregister(descriptor)
            act()

        self._selector.register(descriptor, selectors.EVENT_READ, once)

    def close(self) -> None:
        """Close the selector and the waker."""
        self._selector.close()
        self.waker.close()

"""What has arrived: waits until a server listens, until its queue is empty, and reads the mailbox."""

import socket
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.crashes.sender import wait_until
from tests.real_servers.chroot import MAILBOX, Chroot
from tests.real_servers.relay import Relay

_START, _DELIVERY = 30.0, 120.0


def free_ports(count: int) -> list[int]:
    """So many ports that nobody uses at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def wait_for_listener(port: int, chroot: Chroot) -> None:
    """Wait until somebody listens at the port."""

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, _START, chroot.said)


def wait_for_log(relay: Relay, connections: int) -> Relay:
    """Wait until the log has so many connections: those of `wait_for_listener`, that no test may count as its own."""
    wait_until(lambda: (relay.connections() or 0) >= connections, _START, lambda: relay.log.read_text()[-3000:])
    return relay


def mailbox(
    chroot: Chroot, *queue: str, is_waiting: Callable[[Path], bool] = lambda _: True
) -> Callable[[], list[bytes]]:
    """Give `Relay.delivered`: the messages in the mailbox, once the folders of the queue have no files in them, or none
    that `is_waiting`: a server that was killed may leave half a message behind.
    """

    def delivered() -> list[bytes]:
        folders = [chroot.outside(name) for name in queue]

        def waiting() -> bool:
            return any(is_waiting(file) for folder in folders for file in _below(folder))

        # Twice, for a message may have passed from a folder not yet looked at to one that was.
        wait_until(lambda: not waiting() and not waiting(), _DELIVERY, chroot.said)
        return [file.read_bytes() for file in sorted(chroot.outside(f"{MAILBOX}/new").iterdir())]

    return delivered


def _below(folder: Path) -> Iterable[Path]:
    try:
        for path in folder.iterdir():
            if path.is_dir():
                yield from _below(path)
            else:
                yield path
    except FileNotFoundError:  # moved on
        return

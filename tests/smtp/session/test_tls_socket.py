"""A socket in TLS: what is sent goes in whole records, and no more of them than it needs.

That the count of what has left is exact: tests/smtp/test_connection.py.
"""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from campaign.smtp.session.tls_socket import RECORD, TlsSocket
from tests.smtp_server import Tls, client_context
from tests.smtp_server.certificates import server_context


@contextmanager
def line(last_word: bytes = b"") -> Iterator[tuple[TlsSocket, socket.socket]]:
    """Our side; and theirs, in which the handshake is done, as it is below TLS. `last_word`: what it says then, and
    that nothing more will come; the connection stays.
    """
    ours, theirs = socket.socketpair()
    certified = server_context(Tls.GOOD)  # made here: its authority is made on first use, in one thread

    def shake_hands() -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        side = certified.wrap_bio(incoming, outgoing, server_side=True)
        for _ in range(2):  # hello, and the end of the handshake
            incoming.write(theirs.recv(1 << 16))
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                theirs.sendall(outgoing.read())
        if last_word:
            side.write(last_word)
            with suppress(ssl.SSLWantReadError):
                side.unwrap()
            theirs.sendall(outgoing.read())

    thread = threading.Thread(target=shake_hands)
    thread.start()
    with ours, theirs, TlsSocket(ours, client_context(), "localhost") as client:
        client.do_handshake()
        thread.join()
        client.settimeout(60)
        theirs.settimeout(60)
        yield client, theirs


def records(data: bytes) -> list[int]:
    """The content of each record, in octets: a header of 5, then 17 more than the content (RFC 8446 section 5.2)."""
    found = []
    while data:
        size = int.from_bytes(data[3:5])
        assert len(data) >= 5 + size, "a record that is not whole"
        found.append(size - 17)
        data = data[5 + size :]
    return found


@pytest.mark.parametrize(
    ("size", "sizes"), [(1, [1]), (6_000, [6_000]), (RECORD, [RECORD]), (2 * RECORD + 1, [RECORD, RECORD, 1])]
)
def test_as_many_records_as_it_needs(size: int, sizes: list[int]) -> None:
    with line() as (ours, theirs):
        assert ours.send(b"x" * size) == size
        assert records(theirs.recv(1 << 20)) == sizes


def test_a_record_that_was_begun_goes_on_as_it_was() -> None:
    """Though the caller has more to send by then."""
    with line() as (ours, theirs):
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        raw, left = b"", 0
        with suppress(BlockingIOError):
            while True:
                left += ours.send(b"x" * 1_000)  # all of it, until it raises
        while left < 20_000:
            raw += theirs.recv(1 << 20)
            try:
                left += ours.send(b"x" * (20_000 - left))
            except BlockingIOError:
                continue
        raw += theirs.recv(1 << 20)
        assert sum(records(raw)) == left == 20_000


def test_all_of_it_to_a_peer_that_is_slow() -> None:
    with line() as (ours, theirs):
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        sender = threading.Thread(target=ours.sendall, args=(b"x" * 100_000,))
        sender.start()
        raw = b""
        while len(raw) < 100_000 + 7 * 22:
            raw += theirs.recv(1 << 20)
        sender.join()
        assert records(raw) == [RECORD] * 6 + [100_000 - 6 * RECORD]


def test_it_ends_where_the_server_says_so_though_the_connection_stays() -> None:
    """A server may wait for our word before it hangs up."""
    with line(b"221 2.0.0 B") as (ours, _):
        assert ours.recv(100) == b"221 2.0.0 B"
        assert select.select([ours], [], [], 0)[0]
        assert (ours.recv(100), ours.recv(100)) == (b"", b"")

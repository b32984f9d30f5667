"""One connection: what has left this process, to the byte, with and without TLS, whatever the peer does."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.smtp.connection import Connection
from campaign.smtp.pipelining.server_memory import PrivateMemory
from campaign.smtp.pipelining.trials import PipeliningTrial
from campaign.smtp.session.session import Session
from campaign.smtp.session.tls_socket import RECORD, TlsSocket
from tests.smtp_server import Tls, client_context
from tests.smtp_server.certificates import server_context

BIG = b"x" * 8_000_000
"""More than the kernel takes at once."""
NEXT = b"MAIL FROM:<b@acme.example>\r\n"


def trial() -> PipeliningTrial:
    return PipeliningTrial("mx", PrivateMemory(), lambda: 0.0, able=True)


def connection_on(sock: socket.socket) -> Connection:
    sock.setblocking(False)
    return Connection(Session(sock=sock, features={}, leftover=b""), now=0.0, trial=trial())


@contextlib.contextmanager
def plain() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(60)
        yield connection_on(ours), theirs


@contextlib.contextmanager
def encrypted() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    wrapped: list[ssl.SSLSocket] = []
    certified = server_context(Tls.GOOD)  # made here: its authority is made on first use, in one thread

    def shake_hands() -> None:
        wrapped.append(certified.wrap_socket(theirs, server_side=True))

    thread = threading.Thread(target=shake_hands)
    thread.start()
    client = TlsSocket(ours, client_context(), "localhost")
    client.do_handshake()
    thread.join()
    with client, wrapped[0]:
        wrapped[0].settimeout(60)
        connection = connection_on(client)
        connection.receive()  # the session tickets, which come first of all in TLS 1.3
        yield connection, wrapped[0]


both = pytest.mark.parametrize("line", [plain, encrypted])
Line = Callable[[], contextlib.AbstractContextManager[tuple[Connection, socket.socket]]]


def died(connection: Connection) -> bool:
    """Whether sending on ends in an error."""
    try:
        while connection.blocked:
            connection.flush()
    except OSError:
        return True
    return False


def read_what_left(peer: socket.socket) -> int:
    """How many octets the peer can read of what the kernel was given."""
    peer.settimeout(0)
    size = 0
    with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
        while data := peer.recv(1 << 20):
            size += len(data)
    return size


def read_all(connection: Connection, peer: socket.socket, size: int) -> bytes:
    """What the peer reads, while the connection sends on."""
    found = bytearray()
    while len(found) < size:
        connection.flush()
        found += peer.recv(1 << 20)
    return bytes(found)


@both
class TestSending:
    def test_what_the_kernel_takes_has_left(self, line: Line) -> None:
        with line() as (connection, peer):
            connection.send(b"body.\r\n" + NEXT, body=7)
            assert connection.body_sent and not connection.blocked
            assert peer.recv(100) == b"body.\r\n" + NEXT

    def test_what_the_kernel_does_not_take_waits(self, line: Line) -> None:
        with line() as (connection, peer):
            connection.send(BIG + NEXT, body=len(BIG))
            assert connection.blocked and not connection.body_sent
            assert read_all(connection, peer, len(BIG + NEXT)) == BIG + NEXT
            assert connection.body_sent and not connection.blocked

    def test_what_comes_later_goes_later(self, line: Line) -> None:
        with line() as (connection, peer):
            connection.send(BIG, body=len(BIG))
            connection.send(NEXT)
            connection.send(b"RCPT\r\n")
            assert not connection.body_sent
            assert read_all(connection, peer, len(BIG) + len(NEXT) + 6) == BIG + NEXT + b"RCPT\r\n"

    @pytest.mark.parametrize("rounds", range(5))
    @pytest.mark.parametrize("size", [RECORD - 200, RECORD, 2 * RECORD - 1, 3 * RECORD - 100, 4 * RECORD + 7])
    def test_the_body_has_left_when_the_peer_can_read_its_end_wherever_the_kernel_stops(
        self, line: Line, size: int, rounds: int
    ) -> None:
        """The end of the body may share a record of TLS with what stands behind it, or not."""
        with line() as (connection, peer):
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # as small as the kernel lets it be
            connection.send(b"x" * size + NEXT * 10, body=size)
            read = read_what_left(peer)
            assert connection.body_sent == (read >= size)
            for number in range(rounds):
                if number == 1:
                    connection.send(NEXT)
                connection.flush()
                read += read_what_left(peer)
                assert connection.body_sent == (read >= size)
            peer.close()
            assert died(connection) or not connection.blocked
            assert connection.body_sent == (read >= size)

    def test_a_peer_that_stops_in_the_middle_of_the_body_and_dies_has_not_got_it(self, line: Line) -> None:
        with line() as (connection, peer):
            connection.send(BIG, body=len(BIG))
            peer.recv(100_000)
            connection.flush()
            peer.close()
            assert died(connection)
            assert not connection.body_sent

    def test_a_peer_that_dies_when_the_body_is_with_the_kernel_may_have_got_it(self, line: Line) -> None:
        with line() as (connection, peer):
            connection.send(b"body.\r\n", body=7)
            peer.close()
            with contextlib.suppress(OSError):
                while connection.receive() is None:
                    pass
            assert connection.body_sent

    def test_a_peer_that_is_dead_before_the_body_has_not_got_it(self, line: Line) -> None:
        with line() as (connection, peer):
            peer.close()
            with contextlib.suppress(OSError):  # TLS: the first write may still find the socket's buffer
                connection.send(b"x" * 7, body=7)
                connection.send(BIG, body=len(BIG))
            assert not connection.body_sent


@both
class TestReceiving:
    def test_nothing_yet_then_something_then_the_end(self, line: Line) -> None:
        with line() as (connection, peer):
            assert connection.receive() is None
            peer.sendall(b"250 Ok\r\n")
            assert connection.receive() == b"250 Ok\r\n"
            assert connection.receive() is None
            if isinstance(peer, ssl.SSLSocket):
                with contextlib.suppress(OSError):  # the other side does not answer the farewell, and need not
                    peer.settimeout(0)
                    peer.unwrap()
            peer.close()
            assert connection.receive() == b""

    def test_what_is_decrypted_already_is_not_left_behind(self, line: Line) -> None:
        """No selector would tell of it: it is no longer in the socket."""
        with line() as (connection, peer):
            sent = b"".join(b"%d" % number * 9_000 for number in range(3))
            peer.sendall(sent)
            got = b""
            while len(got) < len(sent):
                got += connection.receive() or b""
            assert got == sent


@both
@pytest.mark.parametrize("quitting", [True, False])
def test_hanging_up(line: Line, quitting: bool) -> None:
    with line() as (connection, peer):
        connection.close(quitting=quitting)
        assert peer.recv(100) == (b"QUIT\r\n" if quitting else b"")


def test_no_quit_in_the_middle_of_a_message() -> None:
    with plain() as (connection, peer):
        connection.send(BIG, body=len(BIG))
        connection.close(quitting=True)
        got = b""
        while data := peer.recv(1 << 20):
            got += data
        assert b"QUIT" not in got


class Slow:
    """A socket that takes so many bytes at each call; 0: none for now; -1: it has died."""

    def __init__(self, takes: list[int]) -> None:
        self.takes = takes
        self.took = b""

    def send(self, data: memoryview) -> int:
        size = self.takes.pop(0) if self.takes else len(data)
        if size == 0:
            raise BlockingIOError
        if size < 0:
            raise ConnectionResetError
        self.took += bytes(data[:size])
        return min(size, len(data))


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=30), st.integers(0, 10)), min_size=1, max_size=5),
    st.lists(st.integers(-1, 12), max_size=25),
)
def test_the_count_is_exact_wherever_it_breaks(sends: list[tuple[bytes, int]], takes: list[int]) -> None:
    """Each send is a body of some bytes and an envelope of the rest; the last body's end is what counts."""
    slow = Slow(takes)
    connection = Connection(Session(sock=cast(socket.socket, slow), features={}, leftover=b""), now=0.0, trial=trial())
    handed, end_of_body = b"", 0
    with contextlib.suppress(ConnectionResetError):
        for data, share in sends:
            body = min(len(data), share)
            if body and not connection.body_sent:
                break  # the pool never begins a body before the last one's reply
            if body:
                end_of_body = len(handed) + body
            handed += data
            connection.send(data, body=body)
            assert connection.body_sent == (len(slow.took) >= end_of_body)
        while connection.blocked:
            connection.flush()
            assert connection.body_sent == (len(slow.took) >= end_of_body)
    assert handed.startswith(slow.took)
    assert connection.body_sent == (len(slow.took) >= end_of_body)

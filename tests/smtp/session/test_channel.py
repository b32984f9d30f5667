"""The wire while a session is set up: no server, however slow or talkative, holds us longer than it may."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from campaign.model import Phase
from campaign.smtp.reply.parser import MAX_REPLY, ReplyError
from campaign.smtp.session.channel import Channel
from campaign.smtp.session.connect import connect
from campaign.smtp.session.dialing import dial
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server


@contextlib.contextmanager
def talker(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A server on a free port that does `talk` with whoever comes, until the event is set; gives the port."""
    over = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listening.accept()
                with sock, contextlib.suppress(OSError):
                    talk(sock, over)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def refused(port: int, timeout: float) -> tuple[SessionError, float]:
    started = time.monotonic()
    with pytest.raises(SessionError) as caught:
        connect(Server(host="127.0.0.1", port=port, security="none", timeout=timeout))
    return caught.value, time.monotonic() - started


def test_a_server_that_drips_is_as_slow_as_a_silent_one() -> None:
    def drip(sock: socket.socket, over: threading.Event) -> None:
        while not over.wait(0.02):
            sock.sendall(b"2")

    with talker(drip) as port:
        error, seconds = refused(port, 0.3)
    assert (error.phase, error.reply) == (Phase.CONNECT, None)
    assert "no answer within 0.3 s" in error.what and 0.3 <= seconds < 60


def test_a_handshake_that_is_not_answered_ends() -> None:
    def nothing(_: socket.socket, over: threading.Event) -> None:
        over.wait()

    with talker(nothing) as port:
        started = time.monotonic()
        with pytest.raises(SessionError, match=r"no answer within 0\.2 s") as caught:
            connect(Server(host="127.0.0.1", port=port, security="tls", timeout=0.2))
    assert caught.value.phase is Phase.STARTTLS and time.monotonic() - started < 50


def test_a_reply_without_an_end_ends() -> None:
    def lines(sock: socket.socket, over: threading.Event) -> None:
        sock.sendall(b"220 ready\r\n")
        sock.recv(1000)
        while not over.is_set():
            sock.sendall(b"250-AND MORE\r\n" * 1000)

    with talker(lines) as port:
        error, seconds = refused(port, 60)
    assert error.phase is Phase.EHLO and "more than 65,536 bytes" in error.what and seconds < 50


def test_lines_that_come_one_by_one_for_ever_end_too() -> None:
    def lines(sock: socket.socket, over: threading.Event) -> None:
        sock.sendall(b"220 ready\r\n")
        while not over.wait(0.02):
            sock.sendall(b"250-AND MORE\r\n")

    with talker(lines) as port:
        error, seconds = refused(port, 0.3)
    assert error.phase is Phase.EHLO and "no answer within" in error.what and 0.3 <= seconds < 60


def test_all_of_it_has_an_end_as_well() -> None:
    """A server that asks on and on, each time just before we lose patience."""
    clock = iter(range(1000))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(ours, timeout=10, deadline=30, clock=lambda: float(next(clock)))
        theirs.sendall(b"334 \r\n" * 100)
        answers = 0
        with contextlib.suppress(TimeoutError):
            while channel.command(b""):
                answers += 1
        assert 1 <= answers < 30 and next(clock) <= 40


def test_what_comes_with_a_reply_is_kept_for_the_next() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = dial("127.0.0.1", listening.getsockname()[1], timeout=60)
        theirs, _ = listening.accept()
    with ours, theirs:
        channel = Channel(ours, timeout=60, deadline=time.monotonic() + 60)
        theirs.sendall(b"220-a\n220 b\r\n250 2.0.0 c\r\n421 4.0")
        assert channel.reply().lines == (b"a", b"b")
        assert (answer := channel.reply()).reply.enhanced == "2.0.0" and answer.reply.text == "c"
        assert "lines" not in repr(answer), "they may be a challenge, or hold what we sent"
        sock, leftover = channel.hand_over()
        assert sock is ours and leftover == b"421 4.0"


def test_a_line_without_an_end_is_no_reply() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(ours, timeout=60, deadline=time.monotonic() + 60)
        sender = threading.Thread(target=theirs.sendall, args=(b"220 " + b"a" * (MAX_REPLY + 100_000),))
        sender.start()
        with pytest.raises(ReplyError, match="more than"):
            channel.reply()
        ours.shutdown(socket.SHUT_RDWR)
        ours.close()
        sender.join()


def test_the_last_words_of_a_server_that_hung_up_are_heard() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"421 4.7.0 Go away\r\n")
        theirs.close()
        channel = Channel(ours, timeout=60, deadline=time.monotonic() + 60)
        assert channel.command(b"EHLO mailer.acme.example").code == 421

"""The benchmark's own sink answers as a sound server does: what it is told wrong, no measurement shows."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.own_sink import OwnSink, build, running_own_sink

pytestmark = [
    pytest.mark.real_servers,
    pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed, which builds the sink"),
]

_BODY = b"Subject: hi\r\n\r\n.\r\nRSET\r\n"
_MESSAGE = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT %d LAST\r\n%s" % (len(_BODY), _BODY)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once."""
    return build(tmp_path_factory.mktemp("sink"))


@pytest.fixture
def sink(program: Path, tmp_path: Path) -> Iterator[OwnSink]:
    """One that has counted nothing yet."""
    with running_own_sink(program, tmp_path) as running:
        yield running


def _codes(connection: socket.socket, commands: bytes) -> list[str]:
    """Write it all at once, with QUIT behind it; give the code of every reply until the sink closes."""
    with connection:
        connection.sendall(commands + b"QUIT\r\n")
        lines = connection.makefile("rb").read().decode().splitlines()
    return [line[:3] for line in lines if line[3] == " "]


def _plain(sink: OwnSink) -> socket.socket:
    return socket.create_connection(("127.0.0.1", sink.port), timeout=10)


def test_messages_that_follow_each_other_are_answered_in_order_and_counted(sink: OwnSink) -> None:
    """EHLO and three whole messages in one write; what a body says is never taken for a command."""
    codes = _codes(_plain(sink), b"EHLO a.example\r\n" + 3 * _MESSAGE)
    assert codes == ["220", "250", *3 * ["250", "250", "250"], "221"]
    assert sink.counted(3) == 3
    assert sink.so_far()["bdat"] == 3


def test_a_chunk_outside_a_transaction_gets_one_refusal_and_is_thrown_away(sink: OwnSink) -> None:
    """RFC 3030 section 2: the octets of a chunk are no commands, whatever the server thinks of it."""
    probe = b"BDAT 6 LAST\r\nNOOP\r\n"
    assert _codes(_plain(sink), b"EHLO a\r\n" + 2 * probe + b"RSET\r\n") == ["220", "250", "503", "503", "250", "221"]


def test_the_chunk_of_a_message_without_a_recipient_is_refused_too(sink: OwnSink) -> None:
    """And the next message is taken, behind the RSET that ends the transaction."""
    refused = _MESSAGE.replace(b"<c@d.example>", b"nobody")
    codes = _codes(_plain(sink), b"EHLO a\r\n" + refused + b"RSET\r\n" + _MESSAGE)
    assert codes == ["220", "250", "250", "501", "503", "250", "250", "250", "250", "221"]


def test_chunks_and_data_make_one_message_each(sink: OwnSink) -> None:
    """A body in two chunks; then one by DATA, in the same connection, with a dot that is stuffed."""
    envelope = b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\n"
    chunked = envelope + b"BDAT 3\r\na\r\nBDAT 0 LAST\r\n"
    assert _codes(_plain(sink), chunked + envelope[8:] + b"DATA\r\n..\r\n.\r\n")[4:] == [
        *("250", "250"),
        *("250", "250", "354", "250"),
        "221",
    ]
    assert sink.counted(2) == 2


def test_tls_is_offered_both_ways_and_what_came_before_it_is_forgotten(sink: OwnSink) -> None:
    """RFC 3207 section 4.2: a command behind STARTTLS in the clear is not obeyed."""
    trust = ssl.create_default_context(cafile=str(sink.certificate))
    with socket.create_connection(("127.0.0.1", sink.tls_port), timeout=10) as raw:
        secure = trust.wrap_socket(raw, server_hostname="127.0.0.1")
        assert _codes(secure, b"EHLO a\r\n" + _MESSAGE) == ["220", "250", "250", "250", "250", "221"]
    raw = _plain(sink)
    raw.sendall(b"EHLO a\r\nSTARTTLS\r\nNOOP\r\n")
    said = b""
    while not said.endswith(b"start TLS\r\n"):
        said += raw.recv(1)
    assert b"250-STARTTLS\r\n" in said
    # The clear NOOP was read together with STARTTLS, and thrown away; a server that kept it would answer it first.
    assert _codes(trust.wrap_socket(raw, server_hostname="localhost"), b"EHLO a\r\n") == ["250", "221"]

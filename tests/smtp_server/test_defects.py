"""The tests' SMTP server holds the client to the rules: every breach is written down, and nothing else is."""

from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer, read_record
from tests.smtp_server.body import unstuff
from tests.smtp_server.raw_client import GROUP, MAIL, MESSAGE, RCPT, RawClient


def said(smtp_server: StartServer, *writes: bytes, replies: int, hello: bool = True, **options: object) -> list[str]:
    """What is wrong with a client that writes this and hears so many replies."""
    server = smtp_server(allow_defects=True, **options)
    with RawClient(server.host, server.port) as client:
        if hello:
            client.say_hello()
        else:
            client.reply()
        for wire in writes:
            client.send(wire)
        for _ in range(replies):
            client.reply()
    return [defect.what for defect in server.defects]


@pytest.mark.parametrize(
    ("message", "defect"),
    [
        (b"a\r\nb\nc\r\n", "bare LF in the message"),
        (b"a\r\nb\rc\r\n", "bare CR in the message"),
        (b"a\r\r\nc\r\n", "bare CR in the message"),
        (b"x" * 999 + b"\r\n", "line of 999 bytes in the message"),
        (b".a\r\n", "line with a leading dot that is not doubled"),
        (b"a\r\n.b\r\n", "line with a leading dot that is not doubled"),
        (b"a\0b\r\n", "NUL in the message"),
        ("ü\r\n".encode(), "8-bit bytes without BODY=8BITMIME"),
    ],
)
def test_in_the_message(smtp_server: StartServer, message: bytes, defect: str) -> None:
    server = smtp_server(allow_defects=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.send(GROUP)
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert client.say(message + b".\r\n").startswith(b"250 ")
    assert [found.what for found in server.defects] == [defect]
    assert server.accepted[0].data == unstuff(message)


@pytest.mark.parametrize(
    "message", [b"", b"\r\n", b"..\r\n", b"..a\r\n...\r\n", b"x" * 998 + b"\r\n", b".." + b"x" * 997 + b"\r\n", MESSAGE]
)
def test_a_good_message_has_none(smtp_server: StartServer, message: bytes) -> None:
    server = smtp_server()
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert client.say(MAIL[:-2] + b" BODY=8BITMIME SMTPUTF8 SIZE=5\r\n").startswith(b"250 ")
        client.send(RCPT.replace(b"anna", "änna".encode()) + b"DATA\r\n")
        assert [client.reply()[:3] for _ in range(2)] == [b"250", b"354"]
        assert client.say("Subject: ü\r\n".encode() + message + b".\r\n").startswith(b"250 ")


@pytest.mark.parametrize(
    ("command", "code", "defect"),
    [
        (b"NOOP\n", b"250", "command ends in a bare LF"),
        (b"NO\rOP\r\n", b"501", "control character in a command"),
        (b"NOOP \0\r\n", b"501", "control character in a command"),
        (b"HOWDY\r\n", b"500", "unknown command"),
        (b"NOOP " + b"x" * 506 + b"\r\n", b"500", "command of 513 bytes"),
        (b"x" * 70_000, b"500", "command without an end"),
        (b"MAIL FROM: <a@acme.example>\r\n", b"501", "malformed MAIL"),
        (b"MAIL FROM:a@acme.example\r\n", b"501", "malformed MAIL"),
        (b"MAIL FROM:<a b@acme.example>\r\n", b"501", "malformed MAIL"),
        (b"MAIL FROM:<a@acme.example>SIZE=1\r\n", b"501", "malformed MAIL"),
        (b"MAIL FROM:<a@acme.example> SIZE=many\r\n", b"501", "SIZE is not a number"),
        (b"MAIL FROM:<a@acme.example> RET=FULL\r\n", b"555", "MAIL with RET, which was not offered"),
        ("MAIL FROM:<ü@acme.example>\r\n".encode(), b"553", "address needs SMTPUTF8"),
    ],
)
def test_in_a_command(smtp_server: StartServer, command: bytes, code: bytes, defect: str) -> None:
    server = smtp_server(allow_defects=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert client.say(command)[:3] == code
    assert [found.what for found in server.defects] == [defect]


@pytest.mark.parametrize(
    ("command", "code", "defect"),
    [
        (b"RCPT TO:<>\r\n", b"501", "malformed RCPT"),
        (b"RCPT FROM:<a@acme.example>\r\n", b"501", "malformed RCPT"),
        (b"RCPT TO:<a@acme.example> NOTIFY=NEVER\r\n", b"555", "RCPT with a parameter that was not offered"),
        ("RCPT TO:<ü@acme.example>\r\n".encode(), b"553", "address needs SMTPUTF8"),
    ],
)
def test_in_a_recipient(smtp_server: StartServer, command: bytes, code: bytes, defect: str) -> None:
    server = smtp_server(allow_defects=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert client.say(MAIL).startswith(b"250 ")
        assert client.say(command)[:3] == code
    assert [found.what for found in server.defects] == [defect]


@pytest.mark.parametrize("path", [b"", b'"a b>c"@acme.example', b"a+b/c=d@acme.example", b"o'neill@acme.example"])
def test_paths_that_are_well_formed(smtp_server: StartServer, path: bytes) -> None:
    server = smtp_server()
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert client.say(b"mail from:<" + path + b"> size=12\r\n").startswith(b"250 ")


@pytest.mark.parametrize("parameter", ["SIZE=1", "BODY=8BITMIME", "SMTPUTF8"])
def test_extensions_that_were_not_offered(smtp_server: StartServer, parameter: str) -> None:
    wire = MAIL[:-2] + b" " + parameter.encode() + b"\r\n"
    name = parameter.partition("=")[0]
    found = said(smtp_server, wire, replies=1, size=None, eight_bit_mime=False, smtputf8=False)
    assert found == [f"MAIL with {name}, which was not offered"]


def test_pipelining_that_was_not_offered(smtp_server: StartServer) -> None:
    once = ["pipelined though PIPELINING was not offered"]
    assert said(smtp_server, MAIL + RCPT, replies=2, pipelining=False) == once
    assert said(smtp_server, b"RSET\r\n" + b"RSET\r\n", replies=2, hello=False) == once
    assert said(smtp_server, MAIL, replies=1, pipelining=False) == []
    assert said(smtp_server, MAIL + RCPT + b"RSET\r\n", replies=3) == []


def test_pipelining_while_the_server_is_slow(smtp_server: StartServer) -> None:
    server: FaultServer = smtp_server(
        CATALOGUE["mail_slow"](until=lambda: bool(server.defects)), pipelining=False, allow_defects=True
    )
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.send(MAIL)
        server.wait_until(lambda: server.record.commands["MAIL"] == 1)
        client.send(RCPT)
        assert [client.reply()[:3] for _ in range(2)] == [b"250", b"250"]
    assert [defect.what for defect in server.defects] == ["pipelined though PIPELINING was not offered"]


@pytest.mark.parametrize("command", [b"EHLO x", b"NOOP", b"VRFY x", b"STARTTLS"])
def test_commands_that_end_a_group(smtp_server: StartServer, command: bytes) -> None:
    verb = command.split()[0].decode()
    assert said(smtp_server, command + b"\r\nRSET\r\n", replies=2) == [f"did not wait for the reply to {verb}"]


def test_a_body_before_354(smtp_server: StartServer) -> None:
    found = said(smtp_server, GROUP + MESSAGE + b".\r\n", replies=4)
    assert found == ["did not wait for the reply to DATA"]


def test_a_client_that_speaks_first(smtp_server: StartServer) -> None:
    server: FaultServer = smtp_server(CATALOGUE["connect_slow"](until=lambda: bool(server.defects)), allow_defects=True)
    with RawClient(server.host, server.port) as client:
        client.send(b"EHLO x\r\n")
        assert client.reply().startswith(b"220 ")
        assert client.reply().startswith(b"250-")
    assert [defect.what for defect in server.defects] == ["spoke before the banner"]


def test_defects_are_in_the_file(smtp_server: StartServer, tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    assert said(smtp_server, b"HOWDY \xff\r\n", replies=1, record_file=file) == ["unknown command"]
    assert [(found.what, found.where) for found in read_record(file).defects] == [("unknown command", b"HOWDY \xff")]

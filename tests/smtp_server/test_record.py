"""What the tests' SMTP server writes down, in memory and in its file, and how it ends, in a process of its own too."""

import smtplib
from pathlib import Path

import pytest

from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer, Keep, ServerProcess, Tls, count_by_recipient, read_record
from tests.smtp_server.raw_client import GROUP, MAIL, MESSAGE, RCPT, RawClient

FROM, TO = "bounces@acme.example", "anna@example.com"


def deliver(client: smtplib.SMTP, recipient: str = TO) -> None:
    client.sendmail(FROM, recipient, MESSAGE)


def test_pipelined_groups_are_recorded_as_they_arrive(smtp_server: StartServer) -> None:
    server = smtp_server()
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.send(GROUP)
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        client.send(MESSAGE + b".\r\n" + GROUP)
        assert [client.reply()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]
        assert client.say(b".\r\n").startswith(b"250 ")
    group = (MAIL[:-2], RCPT[:-2], b"DATA")
    assert server.connections[0].reads == [(b"EHLO client.example",), group, (b".", *group), (b".",)]
    assert [message.data for message in server.accepted] == [MESSAGE, b""]


def test_a_body_that_never_ends(smtp_server: StartServer) -> None:
    server = smtp_server()
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        client.send(GROUP)
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        client.send(MESSAGE)
    server.wait_until(lambda: server.connections[0].action == "client")
    assert server.record.unfinished == 1
    assert server.accepted == []


@pytest.mark.parametrize("keep", Keep)
def test_the_file_has_what_the_memory_has(smtp_server: StartServer, tmp_path: Path, keep: Keep) -> None:
    server = smtp_server(record_file=tmp_path / "record.jsonl", keep=keep)
    with smtplib.SMTP(server.host, server.port) as client:
        deliver(client)
        deliver(client, "jurgen@example.com")
        found = read_record(tmp_path / "record.jsonl")  # the reply is here, so the line is there
    assert count_by_recipient(found.accepted) == server.count_by_recipient() == {TO: 1, "jurgen@example.com": 1}
    assert [message.sha256 for message in found.accepted] == [message.sha256 for message in server.accepted]
    assert (found.accepted[0].sha256 is None) == (keep is Keep.NOTHING)
    assert (server.accepted[0].data is None) == (keep is not Keep.BYTES)


def test_a_line_cut_short_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    with FaultServer(record_file=file) as server, smtplib.SMTP(server.host, server.port) as client:
        deliver(client)
    file.write_bytes(file.read_bytes() * 2 + b'{"event": "acc')
    assert len(read_record(file).accepted) == 2


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    with (
        ServerProcess(tmp_path / "record.jsonl", "--misbehave", "rcpt_5xx,local=unknown,every=1") as server,
        smtplib.SMTP(server.host, server.port) as client,
    ):
        deliver(client)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            deliver(client, "unknown.user@example.com")
        assert count_by_recipient(read_record(server.record).accepted) == {TO: 1}


def test_an_error_inside_the_server_is_not_lost() -> None:
    def faulty(_: object) -> bool:
        raise ZeroDivisionError

    server = FaultServer(CATALOGUE["mail_5xx"](match=faulty))

    def run() -> None:
        with server, RawClient(server.host, server.port) as client:
            client.say_hello()
            client.send(MAIL)
            client.end()

    with pytest.raises(ZeroDivisionError):
        run()


@pytest.mark.parametrize("implicit_tls", [False, True])
def test_it_stops_whatever_is_going_on(implicit_tls: bool) -> None:
    with FaultServer(CATALOGUE["rcpt_slow"](delay=60), tls=Tls.GOOD, implicit_tls=implicit_tls) as server:
        clients = [RawClient(server.host, server.port) for _ in range(3)]
        if not implicit_tls:
            clients[0].say_hello()
            clients[0].say(b"STARTTLS\r\n")  # and never shakes hands
            clients[1].say_hello()
            clients[1].send(GROUP)
            server.wait_until(lambda: server.record.commands["RCPT"] == 1)
    for client in clients:
        client.socket.close()


def test_a_process_that_cannot_start_or_ends_badly(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        ServerProcess(tmp_path / "record.jsonl", "--misbehave", "no_such_name").__enter__()

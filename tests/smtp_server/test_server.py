"""The tests' SMTP server as a good server: what it offers, enforces and records."""

import smtplib
import ssl

import pytest

from tests.conftest import StartServer
from tests.smtp_server import (
    Tls,
    client_context,
)
from tests.smtp_server.raw_client import GROUP, MAIL, MESSAGE, RCPT, RawClient

FROM, TO = "bounces@acme.example", "anna@example.com"


def deliver(client: smtplib.SMTP, *recipients: str, message: bytes = MESSAGE) -> None:
    client.sendmail(FROM, recipients or (TO,), message)


def test_a_message_is_accepted_and_recorded(smtp_server: StartServer) -> None:
    server = smtp_server()
    message = MESSAGE + b"..\r\n.dot\r\n" + b"x" * 998 + b"\r\n"
    with smtplib.SMTP(server.host, server.port) as client:
        deliver(client, TO, "bert@example.com", message=message)
    (accepted,) = server.accepted
    assert accepted.data == message
    assert accepted.size == len(message)
    assert accepted.recipients == (TO, "bert@example.com")
    assert (accepted.mail_from, accepted.message_id, accepted.connection) == (FROM, "<1@acme.example>", 1)
    assert server.count_by_recipient() == {TO: 1, "bert@example.com": 1}
    assert server.connections[0].action == "quit"
    assert server.record.commands["RCPT"] == 2
    assert server.unanswered == []


def test_what_is_offered(smtp_server: StartServer) -> None:
    server = smtp_server(tls=Tls.GOOD, logins={"campaigns": "p"}, size=1000)
    bare = smtp_server(
        pipelining=False, smtputf8=False, enhanced_status_codes=False, eight_bit_mime=False, size_advertised=False
    )
    with smtplib.SMTP(server.host, server.port) as client, smtplib.SMTP(bare.host, bare.port) as other:
        client.ehlo()
        other.ehlo()
        assert client.esmtp_features == {
            "pipelining": "",
            "size": "1000",
            "starttls": "",
            "auth": " PLAIN LOGIN",
            "enhancedstatuscodes": "",
            "8bitmime": "",
            "smtputf8": "",
        }
        assert other.esmtp_features == {}
        assert client.docmd("RSET") == (250, b"2.0.0 Ok")
        assert other.docmd("RSET") == (250, b"Ok")


@pytest.mark.parametrize("implicit_tls", [False, True])
def test_tls(smtp_server: StartServer, implicit_tls: bool) -> None:
    server = smtp_server(tls=Tls.GOOD, implicit_tls=implicit_tls)
    context = client_context()
    with (
        smtplib.SMTP_SSL("localhost", server.port, context=context)
        if implicit_tls
        else smtplib.SMTP("localhost", server.port) as client
    ):
        if not implicit_tls:
            client.starttls(context=context)
        client.ehlo()
        assert not client.has_extn("starttls")
        deliver(client)
    assert server.connections[0].encrypted
    assert len(server.accepted) == 1


@pytest.mark.parametrize("implicit_tls", [False, True])
@pytest.mark.parametrize(
    ("tls", "complaint"),
    [
        (Tls.WRONG_HOST, "Hostname mismatch"),
        (Tls.EXPIRED, "certificate has expired"),
        (Tls.UNKNOWN_CA, "unable to get local issuer"),
    ],
)
def test_bad_certificates(smtp_server: StartServer, tls: Tls, complaint: str, implicit_tls: bool) -> None:
    server = smtp_server(tls=tls, implicit_tls=implicit_tls)
    if implicit_tls:
        with pytest.raises(ssl.SSLCertVerificationError, match=complaint):
            smtplib.SMTP_SSL("localhost", server.port, context=client_context())
        return
    with (
        smtplib.SMTP("localhost", server.port) as client,
        pytest.raises(ssl.SSLCertVerificationError, match=complaint),
    ):
        client.starttls(context=client_context())
    server.wait_until(lambda: server.connections[0].action == "client")
    assert not server.connections[0].encrypted


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_sign_in(smtp_server: StartServer, mechanism: str) -> None:
    server = smtp_server(logins={"campaigns": "s3cret"}, auth_mechanisms=(mechanism,))
    with smtplib.SMTP(server.host, server.port) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            deliver(client)
        assert refused.value.smtp_code == 530
        with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
            client.login("campaigns", "guess")
        assert wrong.value.smtp_code == 535
        client.login("campaigns", "s3cret")
        deliver(client)
    assert server.connections[0].user == "campaigns"
    commands = b" ".join(server.connections[0].commands)
    assert b"***" in commands
    assert b"czNjcmV0" not in commands  # "s3cret"
    assert b"AGNhbXBhaWducw" not in commands  # "\0campaigns"


def test_sign_in_line_by_line_and_given_up(smtp_server: StartServer) -> None:
    server = smtp_server(logins={"u": "p"}, auth_optional=True)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert client.say(b"AUTH CRAM-MD5\r\n").startswith(b"504 ")
        assert client.say(b"AUTH PLAIN\r\n") == b"334 \r\n"
        assert client.say(b"*\r\n").startswith(b"501 ")
        assert client.say(b"AUTH PLAIN\r\n") == b"334 \r\n"
        assert client.say(b"AHUAcA==\r\n").startswith(b"235 ")
        assert client.say(b"AUTH PLAIN\r\n").startswith(b"503 ")
        assert client.say(MAIL).startswith(b"250 ")


def test_size(smtp_server: StartServer) -> None:
    server = smtp_server(size=100)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        assert client.say(b"MAIL FROM:<a@acme.example> SIZE=101\r\n").startswith(b"552 5.3.4 ")
        client.send(GROUP)
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert client.say(b"x" * 99 + b"\r\n.\r\n").startswith(b"552 5.3.4 ")
        client.send(GROUP)
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        assert client.say(b".." + b"x" * 97 + b"\r\n.\r\n").startswith(b"250 ")
    assert [message.size for message in server.accepted] == [100]


def test_addresses_beyond_ascii(smtp_server: StartServer) -> None:
    server = smtp_server()
    with smtplib.SMTP(server.host, server.port) as client:
        client.sendmail(FROM, ["jürgen@example.com"], MESSAGE, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    assert server.accepted[0].recipients == ("jürgen@example.com",)


def test_limits_of_messages_and_connections(smtp_server: StartServer) -> None:
    server = smtp_server(messages_per_connection=2, max_connections=1)
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        for _ in range(2):
            client.send(GROUP)
            assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
            assert client.say(MESSAGE + b".\r\n").startswith(b"250 ")
        with RawClient(server.host, server.port) as second:
            assert second.reply().startswith(b"421 ")
            assert second.end() == "FIN"
        assert client.say(MAIL).startswith(b"421 ")
        assert client.end() == "FIN"
    assert [connection.action for connection in server.connections] == ["cut", "cut"]


def test_the_order_of_commands(smtp_server: StartServer) -> None:
    server = smtp_server()
    with RawClient(server.host, server.port) as client:
        client.reply()
        assert client.say(MAIL).startswith(b"503 ")
        assert client.say(b"EHLO \r\n").startswith(b"501 ")
        assert client.say(b"HELO client.example\r\n") == b"250 mx.example\r\n"
        assert client.say(RCPT).startswith(b"503 ")
        assert client.say(b"DATA\r\n").startswith(b"503 ")
        assert client.say(MAIL).startswith(b"250 ")
        assert client.say(MAIL).startswith(b"503 ")
        assert client.say(b"RSET\r\n").startswith(b"250 ")
        assert client.say(MAIL).startswith(b"250 ")
        assert client.say(b"DATA\r\n").startswith(b"503 ")
        for other, code in ((b"NOOP", b"250"), (b"VRFY anna", b"252"), (b"HELP", b"250"), (b"EXPN all", b"502")):
            assert client.say(other + b"\r\n").startswith(code)
        assert client.say(b"STARTTLS\r\n").startswith(b"502 ")
        assert client.say(b"AUTH PLAIN AHUAcA==\r\n").startswith(b"502 ")
        assert client.say(b"QUIT\r\n").startswith(b"221 ")
        assert client.end() == "FIN"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_input_cut_anywhere(smtp_server: StartServer, size: int) -> None:
    server = smtp_server()
    wire = GROUP + b"Subject: x\r\n\r\n..a\r\n..\r\n" + MESSAGE + b".\r\n"
    with RawClient(server.host, server.port) as client:
        client.say_hello()
        for start in range(0, len(GROUP), size):
            client.send(wire[start : min(start + size, len(GROUP))])
        assert [client.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        for start in range(len(GROUP), len(wire), size):
            client.send(wire[start : start + size])
        assert client.reply().startswith(b"250 ")
    assert server.accepted[0].data == b"Subject: x\r\n\r\n.a\r\n.\r\n" + MESSAGE

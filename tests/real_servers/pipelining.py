"""What a server makes of an envelope that is sent right behind the end of a body (RFC 2920 section 3.1 allows it)."""

import contextlib
import re
import smtplib
import socket
import ssl

from tests.real_servers.relay import Relay

_PATIENCE = 5.0
_ENVELOPE = b"MAIL FROM:<hello@acme.example>\r\nRCPT TO:<probe@people.example>\r\nDATA\r\n"
_BODY = b"Subject: probe\r\nFrom: hello@acme.example\r\nTo: probe@people.example\r\n\r\nprobe\r\n.\r\n"
_LAST_LINE = re.compile(rb"(?m)^(\d{3})(?: .*)?\r\n")


def behind_the_body(relay: Relay) -> str:
    """Try it with two messages, and say in a few words what came of it."""
    with contextlib.closing(sign_in(relay)) as client:
        if not client.has_extn("pipelining"):
            return "not offered"
        assert client.sock is not None
        client.sock.settimeout(_PATIENCE)
        group = exchange(client.sock, _ENVELOPE, 3)
        if group != ["250", "250", "354"]:
            return f"the envelope alone: {' '.join(group) or 'no answer'}"
        replies = exchange(client.sock, _BODY + _ENVELOPE, 4)
        if replies == ["250", "250", "250", "354"]:
            return "taken" if exchange(client.sock, _BODY, 1) == ["250"] else "taken, but not the second message"
        return f"not taken: {' '.join(replies) or 'no answer'}" + (", then silence" if len(replies) < 4 else "")


def sign_in(relay: Relay) -> smtplib.SMTP:
    """Give a session with the relay that has said EHLO, encrypted and signed in where the relay has that."""
    protocol = smtplib.LMTP if relay.protocol == "lmtp" else smtplib.SMTP
    client = protocol(relay.host, relay.port, "client.acme.example", timeout=_PATIENCE)
    if relay.ca_file is not None:
        client.starttls(context=ssl.create_default_context(cafile=str(relay.ca_file)))
    client.ehlo()
    if relay.username is not None and relay.password is not None:
        client.login(relay.username, relay.password)
    return client


def exchange(connection: socket.socket, data: bytes, count: int) -> list[str]:
    """Send it, and give the codes of the replies, as far as they came."""
    connection.sendall(data)
    heard = b""
    while len(codes := _LAST_LINE.findall(heard)) < count:
        try:
            more = connection.recv(4096)
        except TimeoutError:
            break
        if not more:
            break
        heard += more
    return [code.decode() for code in codes]

"""Open an SMTP session: `Server` → `Session`, by smtplib.

Connects, greets, negotiates TLS, signs in. Raises `SessionError`, which says at which phase it failed and what the
server said; whether that is worth another try is for `campaign.delivery` to say. TLS is always verified, certificate
and host name; a server without STARTTLS is an error, never a silent downgrade (RFC 8314 section 3).
"""

import base64
import contextlib
import os
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from campaign.model import Phase, Reply
from campaign.smtp.session_error import SessionError, translate

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where and how to hand over mail."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    """Seconds to wait for a connection, and for each reply while the session is set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in connection, handed over: its socket no longer blocks."""

    sock: socket.socket
    features: dict[str, str]
    """EHLO keywords in lower case, and their parameters."""
    leftover: bytes
    """What the server has said beyond its last awaited reply."""
    greeting: str = ""
    """What the server called itself."""
    size_limit: int | None = field(init=False)
    """Octets the server takes at most in a message (RFC 1870); None where it names no limit."""

    def __post_init__(self) -> None:
        limit = self.features.get("size", "").strip()
        known = int(limit) or None if limit.isascii() and limit.isdecimal() and len(limit) < 20 else None
        object.__setattr__(self, "size_limit", known)  # asked for every message

    @property
    def pipelining(self) -> bool:
        """RFC 2920."""
        return "pipelining" in self.features

    @property
    def smtputf8(self) -> bool:
        """RFC 6531."""
        return "smtputf8" in self.features

    def hang_up(self) -> None:
        """Say QUIT, and close it: a session that was not used after all."""
        with contextlib.suppress(OSError):
            self.sock.send(b"QUIT\r\n")
        self.sock.close()


def connect(server: Server, *, tls: ssl.SSLContext | None = None) -> Session:
    """Open, secure and sign in one connection; blocks for at most some `timeout`s. Raises SessionError.

    `tls` is by what the server's certificate is verified; None: the system's authorities, or SSL_CERT_FILE's.
    """
    where = f"smtp.host {server.host}, port {server.port}"
    if tls is None and server.security != "none":
        tls = _default_tls(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    phase = Phase.CONNECT
    client: smtplib.SMTP | None = None
    try:
        client = _dial(server, tls)
        phase = Phase.EHLO
        _greet(client)
        if server.security == "starttls":
            phase = Phase.STARTTLS
            _start_tls(client, tls, where)
            phase = Phase.EHLO
            _greet(client)
        if server.username is not None:
            phase = Phase.AUTH
            _sign_in(client, server.username, server.password or "")
        return _hand_over(client)
    except SessionError as error:
        failure = error
    except (OSError, ValueError) as error:  # smtplib.SMTPException is an OSError; ValueError: letters beyond ASCII
        failure = translate(error, phase, timeout=server.timeout, where=where, secret=server.password)
    if client is not None:
        client.close()
    raise failure  # out here, it carries no context: that could hold the password


def _dial(server: Server, tls: ssl.SSLContext | None) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, _local_name(), timeout=server.timeout, context=tls)
    return smtplib.SMTP(server.host, server.port, _local_name(), timeout=server.timeout)


def _greet(client: smtplib.SMTP) -> None:
    """EHLO; HELO only for a server that does not know EHLO (RFC 5321 section 3.2)."""
    code, text = client.ehlo()
    if 500 <= code <= 599:
        code, text = client.helo()
    if not 200 <= code <= 299:
        raise smtplib.SMTPResponseException(code, text)


def _start_tls(client: smtplib.SMTP, tls: ssl.SSLContext | None, where: str) -> None:
    if not client.has_extn("starttls"):
        raise SessionError(
            "the server offers no STARTTLS, and mail is not sent over an open line unasked",
            phase=Phase.STARTTLS,
            reply=Reply(code=502, enhanced=None, text="STARTTLS is not offered"),
            where=where,
            fix='use smtp.security = "tls" (port 465), or "none" if the server is on a network you trust',
        )
    code, text = client.starttls(context=tls)
    if code != 220:
        raise smtplib.SMTPResponseException(code, text)


def _sign_in(client: smtplib.SMTP, username: str, password: str) -> None:
    """Sign in with the first mechanism that both sides know: one wrong password is one failed attempt, where smtplib's
    `login` would make one for each mechanism, and forget what the server said to the first.
    """
    offered = client.esmtp_features.get("auth", "").upper().split()
    client.user, client.password = username, password
    if "PLAIN" in offered:
        token = base64.b64encode(f"\0{username}\0{password}".encode()).decode("ascii")  # UTF-8: RFC 4616 section 2
        code, text = client.docmd("AUTH", f"PLAIN {token}")
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, text)
    elif "LOGIN" in offered:
        client.auth("LOGIN", client.auth_login)
    elif "CRAM-MD5" in offered:
        client.auth("CRAM-MD5", client.auth_cram_md5)
    else:
        raise smtplib.SMTPNotSupportedError


def _hand_over(client: smtplib.SMTP) -> Session:
    """Take the socket away from smtplib, with whatever it has read and not used."""
    sock, file = client.sock, client.file
    assert sock is not None and file is not None
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    leftover = b""
    with contextlib.suppress(ssl.SSLWantReadError):  # nothing has been said, and we do not wait for it
        leftover = file.peek()
        if isinstance(sock, ssl.SSLSocket) and sock.pending():  # decrypted already: no selector would tell of it
            leftover += sock.recv(sock.pending())
    features = {name.lower(): value for name, value in client.esmtp_features.items()}
    client.sock = client.file = None
    file.close()
    return Session(sock=sock, features=features, leftover=leftover)


@cache
def _default_tls(cert_file: str | None, cert_dir: str | None) -> ssl.SSLContext:
    """What OpenSSL trusts, made once for each of its settings."""
    return ssl.create_default_context()  # checks certificate and host name; TLS 1.2 or later


@cache
def _local_name() -> str:
    """EHLO's argument: the machine's full name if it has one, else an address literal (RFC 5321 section 4.1.4).

    Not smtplib's default, socket.getfqdn(): that asks the DNS, and may hang for each connection.
    """
    name = socket.gethostname()
    return name if "." in name and name.isascii() and " " not in name else "[127.0.0.1]"

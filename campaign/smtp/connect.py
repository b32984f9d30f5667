"""Open an SMTP session: `Server` → `Session`, by smtplib.

Connects, greets, negotiates TLS, signs in. Raises `SessionError`, which says at which phase it failed and what the
server said; whether that is worth another try is for `campaign.delivery` to say. TLS is always verified, certificate
and host name; a server without STARTTLS is an error, never a silent downgrade (RFC 8314 section 3).
"""

import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from campaign.errors import CampaignError
from campaign.model import Phase, Reply
from campaign.smtp.reply import parse_reply

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

    @property
    def pipelining(self) -> bool:
        """RFC 2920."""
        return "pipelining" in self.features

    @property
    def smtputf8(self) -> bool:
        """RFC 6531."""
        return "smtputf8" in self.features

    @property
    def size_limit(self) -> int | None:
        """Octets the server takes at most in a message (RFC 1870); None where it names no limit."""
        limit = self.features.get("size", "").strip()
        return int(limit) or None if limit.isdecimal() and len(limit) < 20 else None


class SessionError(CampaignError):
    """No session: `phase` says how far it came, `reply` what the server said, if it said anything."""

    def __init__(self, what: str, *, phase: Phase, reply: Reply | None = None, where: str = "", fix: str = "") -> None:
        super().__init__(what, where=where, fix=fix)
        self.phase = phase
        self.reply = reply


def connect(server: Server) -> Session:
    """Open, secure and sign in one connection; blocks for at most some `timeout`s. Raises SessionError."""
    where = f"smtp.host {server.host}, port {server.port}"
    phase = Phase.CONNECT
    client: smtplib.SMTP | None = None
    try:
        if server.security == "tls":
            client = smtplib.SMTP_SSL(
                server.host, server.port, _local_name(), timeout=server.timeout, context=_tls_context()
            )
        else:
            client = smtplib.SMTP(server.host, server.port, _local_name(), timeout=server.timeout)
        phase = Phase.EHLO
        _greet(client)
        if server.security == "starttls":
            phase = Phase.STARTTLS
            _start_tls(client, where)
            phase = Phase.EHLO
            _greet(client)
        if server.username is not None:
            phase = Phase.AUTH
            client.login(server.username, server.password or "")
        return _hand_over(client)
    except SessionError:
        _close(client)
        raise
    except (OSError, smtplib.SMTPException, ValueError) as error:  # SMTPException is an OSError, too
        _close(client)
        raise _translate(error, phase, server, where) from None


def _greet(client: smtplib.SMTP) -> None:
    """EHLO; HELO only for a server that does not know EHLO (RFC 5321 section 3.2)."""
    code, text = client.ehlo()
    if 500 <= code <= 599:
        code, text = client.helo()
    if not 200 <= code <= 299:
        raise smtplib.SMTPResponseException(code, text)


def _start_tls(client: smtplib.SMTP, where: str) -> None:
    if not client.has_extn("starttls"):
        raise SessionError(
            "the server offers no STARTTLS, and mail is not sent over an open line unasked",
            phase=Phase.STARTTLS,
            reply=Reply(code=502, enhanced=None, text="STARTTLS is not offered"),
            where=where,
            fix='use smtp.security = "tls" (port 465), or "none" if the server is on a network you trust',
        )
    code, text = client.starttls(context=_tls_context())
    if code != 220:
        raise smtplib.SMTPResponseException(code, text)


def _hand_over(client: smtplib.SMTP) -> Session:
    """Take the socket away from smtplib, with whatever it has read and not used."""
    sock, file = client.sock, client.file
    assert sock is not None and file is not None
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    leftover: bytes = file.peek()  # does not block: the socket no longer does
    features = {name.lower(): value for name, value in client.esmtp_features.items()}
    client.sock = client.file = None
    file.close()
    return Session(sock=sock, features=features, leftover=leftover)


def _translate(error: Exception, phase: Phase, server: Server, where: str) -> SessionError:
    """One error for all that smtplib, ssl and socket raise. Nothing of theirs is kept: it could hold the password."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SessionError(
            f"the server's TLS certificate is not trusted: {error.verify_message.rstrip('.')}",
            phase=Phase.STARTTLS,
            reply=Reply(code=500, enhanced=None, text="certificate not trusted"),
            where=where,
            fix="check smtp.host (it must be the name in the certificate); a private CA goes into SSL_CERT_FILE",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return SessionError(
            "the server offers no sign-in that we can use" if phase is Phase.AUTH else "the server lacks an extension",
            phase=phase,
            reply=Reply(code=502, enhanced=None, text="not offered"),
            where=where,
            fix="check smtp.port and smtp.security: most servers offer AUTH only after TLS",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        code = error.smtp_code if isinstance(error.smtp_code, int) and 200 <= error.smtp_code <= 599 else 0
        reply = parse_reply([b"%d " % code + line for line in raw.split(b"\n")]) if code else None
        if isinstance(error, smtplib.SMTPAuthenticationError):
            fix = "check smtp.username and CAMPAIGN_SMTP__PASSWORD"
            return SessionError(f"sign-in refused: {_said(reply)}", phase=Phase.AUTH, reply=reply, where=where, fix=fix)
        return SessionError(f"refused at {phase}: {_said(reply)}", phase=phase, reply=reply, where=where)
    if isinstance(error, socket.gaierror):
        words = f"no such host: {server.host}"
    elif isinstance(error, TimeoutError):
        words = f"no answer within {server.timeout:.0f} s"
    elif isinstance(error, ssl.SSLError):
        words = f"TLS failed: {error.reason or type(error).__name__}"
    elif isinstance(error, ConnectionRefusedError):
        words = "connection refused"
    elif isinstance(error, smtplib.SMTPServerDisconnected):
        words = "the server hung up"
    else:
        words = getattr(error, "strerror", None) or type(error).__name__
    return SessionError(f"no session with the server: {words}", phase=phase, where=where)


def _said(reply: Reply | None) -> str:
    return f"{reply.code} {reply.enhanced + ' ' if reply.enhanced else ''}{reply.text}" if reply else "no SMTP reply"


def _close(client: smtplib.SMTP | None) -> None:
    if client is not None:
        client.close()


@cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()  # checks certificate and host name; TLS 1.2 or later


@cache
def _local_name() -> str:
    """EHLO's argument: the machine's full name if it has one, else an address literal (RFC 5321 section 4.1.4).

    Not smtplib's default, socket.getfqdn(): that asks the DNS, and may hang for each connection.
    """
    name = socket.gethostname()
    return name if "." in name and name.isascii() and " " not in name else "[127.0.0.1]"

"""What the server offers and enforces, and how it words its right answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tests.smtp_server.certificates import Tls

HOSTNAME = b"mx.example"

_REPLIES: Mapping[str, tuple[int, str, str]] = {
    "banner": (220, "", "mx.example ESMTP ready"),
    "helo": (250, "", "mx.example"),
    "starttls": (220, "2.0.0", "Ready to start TLS"),
    "signed_in": (235, "2.7.0", "Authentication successful"),
    "sender_ok": (250, "2.1.0", "Sender ok"),
    "recipient_ok": (250, "2.1.5", "Recipient ok"),
    "go_ahead": (354, "", "End data with <CR><LF>.<CR><LF>"),
    "accepted": (250, "2.0.0", "Ok: queued"),
    "chunk_taken": (250, "2.0.0", "Chunk taken"),
    "ok": (250, "2.0.0", "Ok"),
    "bye": (221, "2.0.0", "Bye"),
    "cannot_verify": (252, "2.0.0", "Cannot verify"),
    "unknown": (500, "5.5.2", "Command unrecognized"),
    "not_offered": (502, "5.5.1", "Not implemented here"),
    "too_long": (500, "5.5.2", "Line too long"),
    "syntax": (501, "5.5.4", "Syntax error"),
    "sequence": (503, "5.5.1", "Bad sequence of commands"),
    "no_recipients": (554, "5.5.1", "No valid recipients"),
    "bad_parameter": (555, "5.5.4", "Parameter not offered"),
    "sign_in_first": (530, "5.7.0", "Authentication required"),
    "wrong_password": (535, "5.7.8", "Authentication credentials invalid"),
    "cancelled": (501, "5.7.0", "Authentication cancelled"),
    "bad_mechanism": (504, "5.5.4", "Unrecognized authentication type"),
    "not_ascii": (553, "5.6.7", "Address needs SMTPUTF8"),
    "too_big": (552, "5.3.4", "Message too big"),
    "enough_messages": (421, "4.7.0", "Too many messages on this connection"),
    "enough_resets": (554, "", "Too many nonmail commands"),
    "enough_connections": (421, "4.7.0", "Too many connections"),
}


@dataclass(frozen=True, kw_only=True)
class Features:
    """The server's settings. The defaults are a large, modern, friendly server without TLS or sign-in."""

    pipelining: bool = True
    smtputf8: bool = True
    enhanced_status_codes: bool = True
    eight_bit_mime: bool = True
    size: int | None = 50_000_000
    """The greatest message in bytes (enforced); None: no limit, and SIZE is not offered."""
    size_advertised: bool = True
    dsn: bool = False
    """RFC 3461."""
    dsn_refusal: bytes | None = None
    """What MAIL with one of `dsn_refused` is answered with, though DSN is offered."""
    dsn_refused: tuple[str, ...] = ("RET", "ENVID")
    dsn_refused_encrypted: bool = False
    """Only on an encrypted line."""
    tls: Tls = Tls.NONE
    """Offered as STARTTLS, unless `implicit_tls`."""
    implicit_tls: bool = False
    """TLS from the first byte (port 465's way)."""
    logins: Mapping[str, str] | None = None
    """Passwords by user name. None: AUTH is not offered; otherwise MAIL needs it, unless `auth_optional`."""
    auth_optional: bool = False
    auth_mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    auth_form: bytes = b"AUTH "
    """How they are offered; `b"AUTH="` is how it was done before RFC 2554."""
    auth_after_tls: bool = False
    """AUTH is offered only on an encrypted line."""
    auth_cut: bool = False
    """The connection is cut where the first challenge would go out."""
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Access tokens by user name; may change while the server runs."""
    certificate_wanted: bool = False
    """TLS only for clients that show a certificate of our authority's."""
    chunking: bool = False
    """RFC 3030."""
    refused_chunk_ends: bool | None = None
    """Whether a BDAT that is refused ends its transaction. None: where it had recipients, as at Postfix and Exim."""
    lmtp: bool = False
    """RFC 2033: LHLO in place of EHLO."""
    messages_per_connection: int | None = None
    """Then the next MAIL gets 421, and the connection is closed."""
    quotes: tuple[int, int] | None = None
    """A code and a number of columns: each message is answered so, with the link in it quoted, wrapped at so many."""
    resets: int | None = None
    """How many RSET it takes in a session that are not the first since a message; one more gets 554, and the end."""
    resets_until_refused: int | None = None
    """How many RSET a session may have; all others get 502, and have no effect."""
    max_connections: int | None = None
    """At the same time; one more gets 421 in place of the banner."""

    @cached_property
    def replies(self) -> dict[str, bytes]:
        """The right answers by name, as they go out."""
        return {
            name: f"{code} {enhanced + ' ' if enhanced and self.enhanced_status_codes else ''}{text}\r\n".encode()
            for name, (code, enhanced, text) in _REPLIES.items()
        }

    def ehlo(self, *, encrypted: bool) -> bytes:
        """The answer to EHLO."""
        keywords = [HOSTNAME]
        if self.pipelining:
            keywords.append(b"PIPELINING")
        if self.chunking:
            keywords.append(b"CHUNKING")
        if self.size is not None and self.size_advertised:
            keywords.append(b"SIZE %d" % self.size)
        if self.tls is not Tls.NONE and not encrypted:
            keywords.append(b"STARTTLS")
        if self.logins is not None and (encrypted or not self.auth_after_tls):
            keywords.append(self.auth_form + " ".join(self.auth_mechanisms).encode())
        if self.enhanced_status_codes:
            keywords.append(b"ENHANCEDSTATUSCODES")
        if self.eight_bit_mime:
            keywords.append(b"8BITMIME")
        if self.dsn:
            keywords.append(b"DSN")
        if self.smtputf8:
            keywords.append(b"SMTPUTF8")
        return b"".join(b"250-%b\r\n" % word for word in keywords[:-1]) + b"250 %b\r\n" % keywords[-1]

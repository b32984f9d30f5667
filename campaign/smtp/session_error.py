"""No session: what smtplib, ssl and socket raise → `SessionError`, in our own words.

Takes any of their errors; keeps nothing of it, since it could hold the password. Where the fault cannot mend itself
(a certificate, a mechanism) and the server gave no reply that says so, `reply` is one of ours with the code that fits.
"""

import base64
import smtplib
import socket
import ssl

from campaign.errors import CampaignError
from campaign.model import Phase, Reply
from campaign.smtp.reply import parse_reply

_NO_COMMON_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNSUPPORTED_PROTOCOL",
    "NO_SHARED_CIPHER",
    "NO_PROTOCOLS_AVAILABLE",
    "HANDSHAKE_FAILURE",
    "PROTOCOL_VERSION",
    "INSUFFICIENT_SECURITY",
)
"""What OpenSSL says when the two sides will never understand each other."""


class SessionError(CampaignError):
    """No session: `phase` says how far it came, `reply` what the server said, if it said anything."""

    def __init__(self, what: str, *, phase: Phase, reply: Reply | None = None, where: str = "", fix: str = "") -> None:
        super().__init__(what, where=where, fix=fix)
        self.phase = phase
        self.reply = reply


def translate(error: Exception, phase: Phase, *, timeout: float, where: str, secret: str | None) -> SessionError:
    """Give one error for all of theirs. `secret` is taken out of whatever the server said."""
    if isinstance(error, ssl.SSLError) and (found := _tls_fault(error)) is not None:
        what, fix = found
        reply = Reply(code=500, enhanced=None, text=what)
        return SessionError(what, phase=Phase.STARTTLS, reply=reply, where=where, fix=fix)
    if phase is Phase.AUTH and isinstance(error, smtplib.SMTPNotSupportedError | UnicodeError):
        words = (
            "the username or the password has letters beyond ASCII, and the server offers no sign-in that takes them"
            if isinstance(error, UnicodeError)
            else "the server offers no sign-in that we can use"
        )
        return SessionError(
            words,
            phase=phase,
            reply=Reply(code=504, enhanced=None, text="no sign-in offered"),
            where=where,
            fix="check smtp.port and smtp.security: most servers offer AUTH only after TLS; "
            "or take smtp.username away if the server wants none",
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return _refused(error, phase, where, secret)
    what, fix = _lost(error, timeout)
    return SessionError(f"no session with the server: {what}", phase=phase, where=where, fix=fix)


def _tls_fault(error: ssl.SSLError) -> tuple[str, str] | None:
    """What is wrong and what to do, where trying again can't help."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the server's TLS certificate is not trusted: {error.verify_message.rstrip('.')}",
            "check smtp.host (it must be the name in the certificate); a private CA goes into SSL_CERT_FILE",
        )
    reason = error.reason or ""
    if any(words in reason for words in _NO_COMMON_TLS):
        return (
            f"there is no TLS that the server and we both speak: {reason.replace('_', ' ').lower()}",
            'check smtp.port and smtp.security: "tls" is for port 465, "starttls" for port 587',
        )
    return None


def _refused(error: smtplib.SMTPResponseException, phase: Phase, where: str, secret: str | None) -> SessionError:
    code, said = error.smtp_code, error.smtp_error
    reply = None
    if isinstance(said, bytes) and 200 <= code <= 599:  # text would be smtplib's own, a code of -1 no code at all
        reply = parse_reply([b"%d " % code + line for line in _censored(said, secret).split(b"\n")])
    words = f"{reply.code} {reply.enhanced + ' ' if reply.enhanced else ''}{reply.text}" if reply else "no SMTP reply"
    if phase is not Phase.AUTH:
        return SessionError(f"refused at {phase}: {words}", phase=phase, reply=reply, where=where)
    if code < 500:
        return SessionError(f"sign-in put off: {words}", phase=phase, reply=reply, where=where)
    fix = "check smtp.username and CAMPAIGN_SMTP__PASSWORD"
    return SessionError(f"sign-in refused: {words}", phase=phase, reply=reply, where=where, fix=fix)


def _censored(said: bytes, secret: str | None) -> bytes:
    """A server may repeat what it was sent, as it was sent or decoded."""
    if secret:
        raw = secret.encode("utf-8", "surrogatepass")
        for form in (raw, base64.b64encode(raw)):
            said = said.replace(form, b"[password]")
    return said


def _lost(error: Exception, timeout: float) -> tuple[str, str]:
    """What happened and what to do, where nothing was said."""
    if isinstance(error, socket.gaierror):
        return "its host name is not known", "check smtp.host"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return f"no answer within {timeout:g} s", "check smtp.host, smtp.port and smtp.security (port 465 wants tls)"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused", "check smtp.host and smtp.port"
    if isinstance(error, smtplib.SMTPServerDisconnected | ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return "the server hung up", ""
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or type(error).__name__}", ""
    return getattr(error, "strerror", None) or type(error).__name__, ""

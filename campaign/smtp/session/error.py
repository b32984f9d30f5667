"""No session: what set-up, ssl and socket raise, and what the server says in place of yes → `SessionError`.

Takes any of their errors; keeps nothing of it, since it could hold the password. Where waiting does not help
(a certificate, a mechanism) and the server gave no reply that says so, `reply` is one of ours with the code that fits.
"""

import socket
import ssl

from campaign.errors import CampaignError
from campaign.model import Phase, Reply
from campaign.smtp.reply.parser import ReplyError
from campaign.smtp.session.dialing import UnreachableError
from campaign.smtp.session.tls_fault import tls_fault

_CHECK_PLACE = "check smtp.host and smtp.port"


class SessionError(CampaignError):
    """No session: `phase` says how far it came, `reply` what the server said, if it said anything."""

    def __init__(self, what: str, *, phase: Phase, reply: Reply | None = None, where: str = "", fix: str = "") -> None:
        super().__init__(what, where=where, fix=fix)
        self.phase = phase
        self.reply = reply
        if phase is Phase.STARTTLS:
            self.reason = "tls"
        elif reply is None:
            self.reason = "server_unreachable"
        elif phase in (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY):
            self.reason = "failures"  # of messages: that they ended their sessions, too, is not one more reason
        else:
            self.reason = "sign_in_refused" if phase is Phase.AUTH else "server_refused"


def refusal_error(reply: Reply, phase: Phase, *, fix: str = "") -> SessionError:
    """Give the error for a reply that is not the one to go on with."""
    return SessionError(
        f"refused at {phase}: {spelled(reply)}", phase=phase, reply=reply, fix=fix or prerequisite_fix(reply)
    )


def translate(error: Exception, phase: Phase, *, timeout: float, quotable: bool, client_cert: bool) -> SessionError:
    """Give one error for all of theirs.

    `quotable`: nothing secret has been sent, so what the server said may be shown. `client_cert`: we have shown one.
    """
    if isinstance(error, ssl.SSLError) and (fault := tls_fault(error, client_cert=client_cert)) is not None:
        reply = Reply(code=500, enhanced=None, text=fault.what)
        return SessionError(fault.what, phase=Phase.STARTTLS, reply=reply, fix=fault.fix)
    what, fix = _lost(error, timeout, quotable)
    if not fix and client_cert and phase in (Phase.STARTTLS, Phase.EHLO, Phase.CONNECT):
        fix = "perhaps the server does not take smtp.client_cert: its log says so"
    if not fix and phase is Phase.STARTTLS:
        fix = "perhaps its TLS is older than 1.2, or smtp.security is not what smtp.port speaks"
    return SessionError(f"could not connect to the server: {what}", phase=phase, fix=fix)


def spelled(reply: Reply) -> str:
    """Give a reply as one line."""
    return " ".join(filter(None, (str(reply.code), reply.enhanced, reply.text)))


def prerequisite_fix(reply: Reply) -> str:
    """Say what to do where a reply, at whatever phase, asks for sign-in or TLS first (RFC 4954 section 6, RFC 3207
    section 4); empty where it does not.
    """
    if reply.code == 538 or (reply.code == 530 and "tls" in reply.text.lower()):
        return 'set smtp.security to "starttls" or "tls": the server wants TLS first'
    if reply.code == 530:
        return "the server wants sign-in: set smtp.username and CAMPAIGN_SMTP__PASSWORD"
    return ""


def _lost(error: Exception, timeout: float, quotable: bool) -> tuple[str, str]:
    """What happened and what to do, where nothing was said, or nothing that makes sense."""
    if isinstance(error, ReplyError):
        words = str(error) if quotable else "its answer is not an SMTP reply"
        return words, "check smtp.host and smtp.port: is it a mail server?"
    if isinstance(error, UnreachableError):
        each = "; ".join(f"{address}: {_lost(failure, timeout, quotable)[0]}" for address, failure in error.failures)
        return f"none of its {len(error.failures)} addresses takes a connection ({each})", _CHECK_PLACE
    if isinstance(error, socket.gaierror):
        return "its host name is not known", "check smtp.host"
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s", "check smtp.host, smtp.port and smtp.security (port 465 wants tls)"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused", _CHECK_PLACE
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return "the server hung up", ""
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or type(error).__name__).replace('_', ' ').lower()}", ""
    return getattr(error, "strerror", None) or type(error).__name__, ""

"""What OpenSSL says when there can be no TLS → what is wrong and what to do, each case with its own advice.

Takes an `ssl.SSLError`; gives a `TlsFault` where trying again can't help, None where it might (the line was cut).
OpenSSL's reasons are stable names (include/openssl/sslerr.h, x509_vfy.h).
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFault:
    """What is wrong, and what to do."""

    what: str
    fix: str


_PRIVATE = 'if the authority is a private one, name its certificate: smtp.ca_file = "ca.pem"; if not, the server sends '
_CERTIFICATE: Mapping[int, str] = MappingProxyType(
    {
        9: "check this machine's clock; if it is right, tell the server's operator",
        10: "ask the server's operator to renew it; if it is not old, check this machine's clock",
        18: 'if it is the right server, save its certificate and name the file: smtp.ca_file = "server.pem"',
        **dict.fromkeys((2, 19, 20, 21), _PRIVATE + "no intermediate certificates: tell its operator"),
        **dict.fromkeys((62, 64), "set smtp.host to a name that is in the certificate"),
    }
)
"""By X509_V_ERR: not valid yet, expired, self-signed, signed by nobody we know, another host's name or address."""

_OUR_CERTIFICATE = (
    "ALERT_UNKNOWN_CA",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_REVOKED",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_UNSUPPORTED_CERTIFICATE",
    "ALERT_ACCESS_DENIED",
    "ALERT_DECRYPT_ERROR",
)
"""RFC 8446 section 6.2. In TLS 1.3 they come after the handshake, with the first thing that is read."""
_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_TOO_SMALL",
)
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "WRONG_SSL_VERSION", "VERSION_TOO_LOW")
_TOO_WEAK = ("DH_KEY_TOO_SMALL", "EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK", "LEGACY_RENEGOTIATION")
_NOTHING_SHARED = ("NO_SHARED_CIPHER", "NO_PROTOCOLS_AVAILABLE", "HANDSHAKE_FAILURE", "INSUFFICIENT_SECURITY")


def tls_fault(error: ssl.SSLError, *, client_cert: bool) -> TlsFault | None:
    """Say what is wrong. `client_cert`: we have shown the server a certificate of ours."""
    if isinstance(error, ssl.SSLCertVerificationError):
        fix = _CERTIFICATE.get(error.verify_code, "check smtp.host and smtp.ca_file")
        return TlsFault(
            what=f"the server's TLS certificate is not trusted: {error.verify_message.rstrip('.')}", fix=fix
        )
    reason = error.reason or ""
    readable = reason.replace("_", " ").lower()
    if "CERTIFICATE_REQUIRED" in reason:
        return TlsFault(
            what="the server wants a TLS certificate of ours", fix="set smtp.client_cert and smtp.client_key"
        )
    if _any(_OUR_CERTIFICATE, reason):
        if client_cert:
            what = f"the server refuses our TLS certificate: {readable}"
            return TlsFault(
                what=what, fix="check smtp.client_cert: is it the one that the server knows, and still valid?"
            )
        return TlsFault(
            what=f"the server refuses our TLS: {readable}", fix="set smtp.client_cert, if the server wants one"
        )
    if "UNRECOGNIZED_NAME" in reason:
        return TlsFault(what="the server does not know the name that we call it by", fix="check smtp.host")
    if _any(_TOO_OLD, reason):
        return TlsFault(
            what=f"the server speaks only an older TLS than 1.2: {readable}",
            fix="ask the server's operator for TLS 1.2 or 1.3 (RFC 8996 has put an end to the older ones)",
        )
    if _any(_TOO_WEAK, reason):
        return TlsFault(
            what=f"the server's TLS is too weak: {readable}", fix="ask its operator to renew keys and software"
        )
    if _any(_NOTHING_SHARED, reason):
        what = f"there is no TLS that the server and we both speak: {readable}"
        fix = "ask the server's operator which ciphers it accepts" + (
            "" if client_cert else "; or set smtp.client_cert, if it asks for one"
        )
        return TlsFault(what=what, fix=fix)
    if _any(_NOT_TLS, reason):
        return TlsFault(
            what=f"the server does not speak TLS here: {readable}",
            fix='check smtp.port and smtp.security: "tls" is for port 465, "starttls" for port 587',
        )
    return None


def _any(words: tuple[str, ...], reason: str) -> bool:
    return any(word in reason for word in words)

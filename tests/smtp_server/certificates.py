"""Certificates for the server: a good one, and the ways in which one can be wrong. Made afresh in each process."""

import ssl
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache

import trustme


class Tls(StrEnum):
    """The certificate that the server shows. All but UNKNOWN_CA are signed by the authority of `authority_pem`."""

    NONE = "none"
    GOOD = "good"
    """For localhost and 127.0.0.1."""
    WRONG_HOST = "wrong_host"
    EXPIRED = "expired"
    UNKNOWN_CA = "unknown_ca"


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


def authority_pem() -> bytes:
    """The authority's own certificate, for a client to trust (e.g. in the file that SSL_CERT_FILE names)."""
    return _authority().cert_pem.bytes()


def client_context() -> ssl.SSLContext:
    """A context that checks all, and trusts our authority only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _authority().configure_trust(context)
    return context


@cache
def server_context(kind: Tls) -> ssl.SSLContext:
    """The server's side."""
    match kind:
        case Tls.NONE:
            raise ValueError("no TLS, no context")
        case Tls.GOOD:
            certificate = _authority().issue_cert("localhost", "127.0.0.1")
        case Tls.WRONG_HOST:
            certificate = _authority().issue_cert("other.example")
        case Tls.EXPIRED:
            certificate = _authority().issue_cert(
                "localhost",
                "127.0.0.1",
                not_before=datetime(2020, 1, 1, tzinfo=UTC),
                not_after=datetime(2020, 12, 31, tzinfo=UTC),
            )
        case Tls.UNKNOWN_CA:
            certificate = trustme.CA().issue_cert("localhost", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context

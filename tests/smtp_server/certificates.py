"""Certificates for the server: a good one, and the ways in which one can be wrong. Made afresh in each process."""

import ssl
import tempfile
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import trustme


class Tls(StrEnum):
    """The certificate that the server shows. But for UNKNOWN_CA and SELF_SIGNED it is by `authority_pem`."""

    NONE = "none"
    GOOD = "good"
    """For localhost and 127.0.0.1."""
    WRONG_HOST = "wrong_host"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    UNKNOWN_CA = "unknown_ca"
    SELF_SIGNED = "self_signed"
    OLD = "old"
    """A good certificate, and no TLS later than 1.1."""


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


def client_certificate(name: str) -> trustme.LeafCert:
    """A certificate for a client of this (common) name, by our authority."""
    return _authority().issue_cert(f"{name}@acme.example", common_name=name)


def common_name(certificate: Mapping[str, Any] | None) -> str | None:
    """Whom a certificate names, as `SSLSocket.getpeercert` gives it."""
    subject = (certificate or {}).get("subject", ())
    return next((value for part in subject for key, value in part if key == "commonName"), None)


@cache
def server_context(kind: Tls, *, certificate_wanted: bool = False) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate_wanted:
        _authority().configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
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
        case Tls.NOT_YET:
            certificate = _authority().issue_cert(
                "localhost",
                "127.0.0.1",
                not_before=datetime.now(UTC) + timedelta(days=30),
                not_after=datetime.now(UTC) + timedelta(days=60),
            )
        case Tls.UNKNOWN_CA:
            certificate = trustme.CA().issue_cert("localhost", "127.0.0.1")
        case Tls.SELF_SIGNED:
            return _self_signed(context)
        case Tls.OLD:
            certificate = _authority().issue_cert("localhost", "127.0.0.1")
            _only_tls_1_1(context)
    certificate.configure_cert(context)
    return context


def _self_signed(context: ssl.SSLContext) -> ssl.SSLContext:
    authority = trustme.CA()
    with tempfile.NamedTemporaryFile() as file:
        file.write(authority.cert_pem.bytes() + authority.private_key_pem.bytes())
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _only_tls_1_1(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")

"""How TLS is checked on our side, and by what certificate we are known: an `SSLContext`, made once for each choice.

`client_context` takes files in PEM; it raises `SettingsError`, which names the file that won't do. Certificate and host
name of the server are always verified; TLS 1.2 or later (RFC 8996). Limits: files are read once a process; that our
own certificate has expired, the server says.
"""

import os
import ssl
import stat
from functools import cache
from pathlib import Path

from campaign.errors import SettingsError

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_KEY = b"PRIVATE KEY-----"


def client_context(
    *,
    ca_file: Path | None = None,
    client_cert: Path | None = None,
    client_key: Path | None = None,
    section: str = "smtp",
) -> ssl.SSLContext:
    """Give the context for a server's clients.

    `ca_file`: authorities to trust besides the system's (or SSL_CERT_FILE's). `client_key`: None where it stands in
    `client_cert`; `section`: where the settings stand that name them. Raises SettingsError.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    return _made(ca_file, client_cert, client_key, section, file, folder)


def readable_by_others(file: Path) -> bool:
    """Say whether everybody on this machine can read a file."""
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


@cache
def _made(
    ca_file: Path | None,
    client_cert: Path | None,
    client_key: Path | None,
    section: str,
    _file: str | None,
    _dir: str | None,
) -> ssl.SSLContext:
    context = ssl.create_default_context()  # checks certificate and host name; reads what _file and _dir name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        _trust(context, ca_file, f"{section}.ca_file")
    if client_cert is not None:
        _show(context, client_cert, client_key)
    return context


def _trust(context: ssl.SSLContext, file: Path, setting: str) -> None:
    _require(file, setting, _CERTIFICATE, "certificate")
    if not _holds_certificates(file):
        raise _bad(file, setting, "its certificates can't be read", "export them anew, as PEM")
    context.load_verify_locations(file)


def _show(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    _require(cert, "smtp.client_cert", _CERTIFICATE, "certificate")
    holder, setting = (cert, "smtp.client_cert") if key is None else (key, "smtp.client_key")
    _require(holder, setting, _KEY, "private key")
    try:
        context.load_cert_chain(cert, key, password=_refuse_password)
    except _EncryptedKeyError:
        fix = "take the passphrase off, and let nobody else read the file: openssl pkey -in OLD -out NEW; chmod 600 NEW"
        raise _bad(holder, setting, "its private key is encrypted", fix) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            what, fix = f"its private key is not that of the certificate in {cert}", "name the two that belong together"
        else:
            what, fix = "it can't be read", "export certificate and key anew, as PEM"
            holder, setting = (holder, setting) if _holds_certificates(cert) else (cert, "smtp.client_cert")
        raise _bad(holder, setting, what, fix) from None


def _holds_certificates(file: Path) -> bool:
    """OpenSSL does not say which of two files it could not read."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except (OSError, ValueError):
        return False
    return True


class _EncryptedKeyError(Exception):
    """OpenSSL asked for a passphrase."""


def _refuse_password() -> str:
    raise _EncryptedKeyError


def _require(file: Path, setting: str, mark: bytes, what: str) -> None:
    """Look for what must be in the file: OpenSSL's own errors do not say which file they mean."""
    try:
        with file.open("rb") as opened:
            content = opened.read(1 << 22)
    except OSError as error:
        raise _bad(
            file, setting, f"it can't be read: {error.strerror}", "check the path, and who may read it"
        ) from None
    if mark not in content:
        raise _bad(
            file, setting, f"there is no {what} in it", f"name a PEM file with one: -----BEGIN {what.upper()}-----"
        )


def _bad(file: Path, setting: str, what: str, fix: str) -> SettingsError:
    return SettingsError(f"{setting} won't do: {what}", where=str(file), fix=fix)

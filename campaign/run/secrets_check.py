"""What tells a worker on another machine, without telling the secret, that its link secret is the run's, and that the
bundle which it was given comes from somebody who has that secret.

A key is made of the secret and a random salt by scrypt (RFC 7914), so that a guess costs a tenth of a second, and the
bundle's digest is signed with it (HMAC, RFC 2104). Whoever can write in the database, but does not know the secret, can
make no worker send what it likes, or sign in where it likes. Raises nothing.
"""

import hashlib
import hmac
import os

_COST, _BLOCK, _LANES = 2**15, 8, 1
_MEMORY = 64 * 1024 * 1024
_SALT = 16
"""Octets."""


def secrets_check(secret: str, bundle: str) -> str:
    """Give the check value of a bundle, by its digest: salt and signature, in hex."""
    salt = os.urandom(_SALT)
    return f"{salt.hex()}:{_signature(secret, bundle, salt)}"


def checks(value: str, secret: str, bundle: str) -> bool:
    """Whether the value was made with this secret, for this bundle."""
    salt, _, signature = value.partition(":")
    try:
        octets = bytes.fromhex(salt)
    except ValueError:
        return False
    return hmac.compare_digest(signature.encode(), _signature(secret, bundle, octets).encode())


def _signature(secret: str, bundle: str, salt: bytes) -> str:
    key = hashlib.scrypt(secret.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, maxmem=_MEMORY)
    return hmac.digest(key, bundle.encode(), "sha256").hex()

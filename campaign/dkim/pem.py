"""What `cryptography` does for us: a PEM block in; signatures and the public key out. The one module that imports it.

Whoever imports this module may get an ImportError: the library is an extra. `parsed` raises UnfitKeyError, which says
what is wrong in words that go on from "the key", and quotes nothing of it.
"""

import base64
from collections.abc import Callable
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

Algorithm = Literal["rsa", "ed25519"]
"""As a record has it in `k=`: RFC 6376 section 3.6.1, RFC 8463 section 4.2."""
Parsed = tuple[Algorithm, Callable[[bytes], bytes], str]
"""The kind of key; what signs a SHA-256 digest; the public key as it stands in `p=`."""

_SHORTEST, _LONGEST = 2048, 4096
"""Bits of an RSA key. RFC 8301 section 3.2 wants 2048 and more, and verifiers need to know no longer ones than 4096."""
_MAKE_ONE = "make one: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dkim.pem"
_DECRYPT = "take the passphrase off, and let nobody else read the file: openssl pkey -in OLD -out NEW; chmod 600 NEW"


class UnfitKeyError(ValueError):
    """No key to sign with. `fix`: what to do."""

    def __init__(self, what: str, *, fix: str) -> None:
        super().__init__(what)
        self.fix = fix


def parsed(pem: bytes, *, checked: bool = True) -> Parsed:
    """Read one PEM block. Without `checked`, an RSA key's numbers are not held against each other: they have been
    before. Raises UnfitKeyError.
    """
    signs = _parsed(pem)
    if checked and signs[0] == "rsa":  # OpenSSL takes thirty milliseconds for it, and seconds for a key too long
        _loaded(pem, checked=True)
    return signs


def _loaded(pem: bytes, *, checked: bool) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=not checked)
    except TypeError:  # "Password was not given"
        raise UnfitKeyError("is encrypted", fix=_DECRYPT) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnfitKeyError("is damaged, or of a kind that is not known here", fix=_MAKE_ONE) from None


def _parsed(pem: bytes) -> Parsed:
    key = _loaded(pem, checked=False)
    if isinstance(key, RSAPrivateKey):
        return "rsa", _rsa(key), _spki(key)
    if isinstance(key, Ed25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)  # RFC 8463 section 4.2
        # Ed25519 signs the digest, not the text: RFC 8463 section 3.
        return "ed25519", key.sign, base64.b64encode(raw).decode("ascii")
    raise UnfitKeyError("is neither RSA nor Ed25519, and DKIM knows no others", fix=_MAKE_ONE)


def _rsa(key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    if key.key_size < _SHORTEST:
        what = f"is an RSA key of {key.key_size} bits: mail providers take it for none, {_SHORTEST} is the least"
        raise UnfitKeyError(what, fix=_MAKE_ONE)
    if key.key_size > _LONGEST:
        what = f"is an RSA key of {key.key_size} bits, and not everybody verifies more than {_LONGEST} (RFC 8301)"
        raise UnfitKeyError(what, fix=_MAKE_ONE)
    padding, algorithm = PKCS1v15(), Prehashed(hashes.SHA256())

    def sign(digest: bytes) -> bytes:
        return key.sign(digest, padding, algorithm)

    return sign


def _spki(key: RSAPrivateKey) -> str:
    # A SubjectPublicKeyInfo, as RFC 6376 appendix C makes it and all the world publishes it; section 3.6.1 names the
    # bare RSAPublicKey, which erratum 3017 explains.
    encoded = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(encoded).decode("ascii")

"""Private keys for the tests, made once a process, as an operator would have them in files."""

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from campaign.dkim import SigningKey

DOMAIN = "acme.example"


@cache
def rsa() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def mersenne(first: int, second: int) -> RSAPrivateKey:
    """A key of odd size at no expense: of the prime numbers 2^first - 1 and 2^second - 1."""
    p, q, e = 2**second - 1, 2**first - 1, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = RSAPublicNumbers(e, p * q)
    return RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key(
        unsafe_skip_rsa_key_validation=True
    )


@cache
def ed25519() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def pem(key: RSAPrivateKey | Ed25519PrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def signing_key(key: RSAPrivateKey | Ed25519PrivateKey, selector: str) -> SigningKey:
    return SigningKey(domain=DOMAIN, selector=selector, pem=pem(key), source="dkim.pem")


def both() -> tuple[SigningKey, SigningKey]:
    """One key of each kind."""
    return signing_key(rsa(), "2026a"), signing_key(ed25519(), "2026e")


def key_file(path: Path, content: bytes | None = None) -> Path:
    """Write a key, for its owner only."""
    path.touch(0o600)
    path.write_bytes(pem(rsa()) if content is None else content)
    return path

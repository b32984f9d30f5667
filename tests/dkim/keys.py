"""Private keys for the tests, as an operator would have them in files. Those of RSA are made of prime numbers that are
known: to look for new ones would take every process a good part of a second.
"""

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from campaign.dkim import SigningKey

DOMAIN = "acme.example"
_P = int(
    "e6c6ccc8c641a6846ac58244065b2e07758df80c8fa4fc556426842297a79d39"
    "40088c16fe7457d349e3571d2a8bcd4da16aae561df773667582e5d10759ad89"
    "0150be0401293bae1b11ff3e74af39aac6301a22147f28ca1f601e1038f50c8d"
    "34c11b683f3927f4170c361dd833899426690542ca8416dbdf995f7cffb05327",
    base=16,
)
_Q = int(
    "be66eaabc4d24479b467088e1a299aefc707621f2978a7044c4d8cc15c1eff54"
    "65d06cd87f9fa3171f4109807d4be4c9954666f3af298e2b911ba5466005c9d9"
    "ebf4c56ffc6a48fb76e84f1813d5475d7f29082c3ceeab8902e503729a9ff207"
    "1a500ec4ae3ea8534b0ed9a6df98be226675df0acd7aa1f3028c3e54e20c5a63",
    base=16,
)


@cache
def rsa() -> RSAPrivateKey:
    """A key of 2048 bits."""
    return _of_primes(_P, _Q)


@cache
def mersenne(first: int, second: int) -> RSAPrivateKey:
    """A key of odd size: of the prime numbers 2^first - 1 and 2^second - 1."""
    return _of_primes(2**second - 1, 2**first - 1)


def _of_primes(p: int, q: int) -> RSAPrivateKey:
    e = 65537
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

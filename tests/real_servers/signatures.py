"""DKIM keys of the tests' own, their records, and dkimpy, an independent library, as the judge of signatures."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.dns_server import Zone

DOMAIN = "acme.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A key to sign with, and its record."""

    selector: str
    pem: bytes
    """The private key (PKCS #8)."""
    record: str
    """What the DNS must say at `name` (RFC 6376 section 3.6.1, RFC 8463 section 4.2)."""

    @property
    def name(self) -> str:
        """Where verifiers look for it."""
        return f"{self.selector}._domainkey.{DOMAIN}"

    def write(self, file: Path) -> None:
        """Write the private key, for nobody else to read."""
        file.touch(0o600)
        file.write_bytes(self.pem)


@cache
def rsa() -> KeyPair:
    """Make a key of 2048 bits, once for all tests."""
    key = generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _pair(key, "rsa", public)


@cache
def ed25519() -> KeyPair:
    """Make a key, once for all tests."""
    key = Ed25519PrivateKey.generate()
    return _pair(key, "ed25519", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def _pair(key: RSAPrivateKey | Ed25519PrivateKey, algorithm: str, public: bytes) -> KeyPair:
    return KeyPair(
        selector=algorithm,
        pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        record=f"v=DKIM1; k={algorithm}; p={base64.b64encode(public).decode()}",
    )


def records(*keys: KeyPair) -> dict[str, str]:
    """What a name server has to know."""
    return {key.name: key.record for key in keys}


def publish(zone: Zone, *keys: KeyPair) -> None:
    """Put the records into the DNS."""
    for name, record in records(*keys).items():
        zone.txt(name, record)


def covered(message: bytes, texts: Mapping[str, str]) -> list[list[str]]:
    """Verify every signature of the message by the records; gives the fields that each of them covers, in lower case
    and so often as it names them. Raises AssertionError for a signature that does not hold.
    """
    found = []
    head = message.replace(b"\r\n", b"\n").partition(b"\n\n")[0].lower()
    for number in range((b"\n" + head).count(b"\ndkim-signature:")):
        verifier = dkim.DKIM(message, minkey=2048)
        holds = verifier.verify(number, dnsfunc=lambda name, timeout=5: texts[name.decode().rstrip(".")].encode())
        assert holds, f"signature {number} of {message[:2000]!r} does not hold"
        found.append([name.strip().lower() for name in verifier.signature_fields[b"h"].decode().split(":")])
    return found

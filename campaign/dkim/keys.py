"""The private key that messages are signed with: a PEM file in, a key that signs digests out, and its public record.

RSA of 2048 to 4096 bits and Ed25519 (RFC 8301 section 3.2, RFC 8463), as PKCS#8 or PKCS#1. Raises `SettingsError`,
which names the setting and the file, and never quotes what is in it. Limits: a file of 64 KiB at most; keys with a
passphrase, and keys in hardware, are not read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import SettingsError
from campaign.extras import install_command

if TYPE_CHECKING:
    from campaign.dkim.pem import Algorithm

_LARGEST = 65536
_DER = b"\x30\x82"
"""How a key of some size begins: a SEQUENCE (X.690 section 8.9) with two octets of length."""
_BOM = b"\xef\xbb\xbf"
_block = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key as it travels to another process: by pickle, over a pipe. `load_key` makes it ready to sign."""

    domain: str
    """Lower-case ASCII; `d=` of the signature."""
    selector: str
    """`s=` of the signature."""
    pem: bytes = field(repr=False)
    """The private key's block alone."""
    source: str
    """The file, for errors."""
    setting: str = "dkim.key_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """A key that signs."""

    domain: str
    selector: str
    algorithm: "Algorithm"
    sign: Callable[[bytes], bytes] = field(repr=False)
    """SHA-256 digest (32 octets) → signature."""
    public: str
    """The public key in base64, as it stands in `p=`."""


def read_key(path: Path, *, domain: str, selector: str, setting: str = "dkim.key_file") -> SigningKey:
    """Read a key's file, and see that it will do. Raises SettingsError."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name has a NUL in it"
        raise _unfit(
            setting, str(path), f"the key can't be read: {reason}", "check the path, and who may read it"
        ) from None
    pem = _private_block(content, setting, str(path))
    key = SigningKey(domain=domain, selector=selector, pem=pem, source=str(path), setting=setting)
    load_key(key, checked=True)
    return key


def load_key(key: SigningKey, *, checked: bool = False) -> PrivateKey:
    """Make a key ready to sign; `checked`: look at its numbers, too, as `read_key` has done. Raises SettingsError."""
    try:
        from campaign.dkim.pem import UnfitKeyError, parsed  # an extra
    except ImportError:
        raise _unfit(
            key.setting,
            key.source,
            "signing takes the library `cryptography`, which is not installed",
            f"install it: {install_command('dkim')}",
        ) from None
    try:
        algorithm, sign, public = parsed(key.pem, checked=checked)
    except UnfitKeyError as error:
        raise _unfit(key.setting, key.source, f"the key {error}", error.fix) from None
    return PrivateKey(domain=key.domain, selector=key.selector, algorithm=algorithm, sign=sign, public=public)


def public_key_record(key: PrivateKey) -> str:
    """Give the TXT record that `SELECTOR._domainkey.DOMAIN` must have: RFC 6376 section 3.6.1.

    One string; the DNS holds it in pieces of 255 octets at most, which are put together without anything between.
    """
    return f"v=DKIM1; k={key.algorithm}; p={key.public}"


def _private_block(content: bytes, setting: str, source: str) -> bytes:
    """Find the one private key among whatever else the file holds: certificates, its public key."""
    if len(content) > _LARGEST:
        raise _unfit(setting, source, "the file is larger than 64 KiB", "name the PEM file of a private key")
    blocks = [(found[1], found[0]) for found in _block.finditer(content.removeprefix(_BOM))]
    private = [(label, block) for label, block in blocks if label.endswith(b"PRIVATE KEY")]
    if len(private) > 1:
        raise _unfit(setting, source, "there is more than one private key in it", "keep each in a file of its own")
    if not private:
        kinds = [label for label, _ in blocks]
        if any(label.endswith(b"PUBLIC KEY") for label in kinds):
            what = "that is a public key, and signing takes the private one"
            raise _unfit(setting, source, what, "name the file that the public key was made from")
        if b" PRIVATE KEY-----" in content:
            raise _unfit(setting, source, "the private key in it has no end", "copy it again, to its last line")
        if content.startswith(_DER):
            what = "that is DER, and keys are read as PEM"
            raise _unfit(setting, source, what, "openssl pkey -inform DER -in OLD -out NEW; chmod 600 NEW")
        what = "there is no private key in it" + (", but a certificate" if b"CERTIFICATE" in kinds else "")
        raise _unfit(setting, source, what, "name a PEM file with one: -----BEGIN PRIVATE KEY-----")
    ((label, block),) = private
    if label == b"OPENSSH PRIVATE KEY":
        what = "the key is in the format of OpenSSH, which is no PEM that is read here"
        raise _unfit(setting, source, what, "make one for DKIM: openssl genpkey -algorithm ed25519 -out dkim.pem")
    return block + b"\n"


def _unfit(setting: str, source: str, what: str, fix: str) -> SettingsError:
    return SettingsError(f"{setting} won't do: {what}", where=source, fix=fix)

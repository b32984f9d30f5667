"""An inbox's view of a signed message, by dkimpy: a verifier that shares nothing with our signer but the RFCs."""

from collections.abc import Iterable, Mapping

import dkim

from campaign.dkim import SigningKey, load_key, public_key_record


def records(keys: Iterable[SigningKey]) -> dict[str, str]:
    """What the DNS must hold, by name."""
    return {f"{key.selector}._domainkey.{key.domain}.": public_key_record(load_key(key)) for key in keys}


def signatures(message: bytes) -> int:
    """How many signatures a message has."""
    header, _, _ = message.partition(b"\r\n\r\n")
    return (b"\r\n" + header).count(b"\r\nDKIM-Signature: ")


def verified(message: bytes, published: Mapping[str, str]) -> list[bool]:
    """Whether each signature holds, from the top down."""
    return [_holds(message, index, published) for index in range(signatures(message))]


def delivered(body: bytes) -> bytes:
    """A body as it arrives: SMTP ends its last line, if it has not been (RFC 5321 section 4.1.1.4)."""
    return body if not body or body.endswith(b"\r\n") else body + b"\r\n"


def _holds(message: bytes, index: int, published: Mapping[str, str]) -> bool:
    def txt(name: bytes, timeout: int = 5) -> bytes:
        return published[name.decode("ascii")].encode("ascii")

    try:
        return bool(dkim.DKIM(message).verify(index, dnsfunc=txt))
    except dkim.ValidationError:
        return False

"""Sign claims: their JSON in, compact JWS tokens (RFC 7515 section 3.1) under HS256 out, without a `typ`.

What tokens have in common is done once: the header, the end of the claims, and the work that HMAC has with the key
alone (RFC 2104 section 4). PyJWT says what a key is, and the tests hold every octet against it; its `sign` begins anew
with each token, which takes twice as long. Raises nothing.
"""

import hashlib
from binascii import b2a_base64

from jwt import PyJWS
from jwt.exceptions import InvalidKeyError

SHORTEST_SECRET = 32
"""Bytes. RFC 7518 section 3.2: a key for HS256 is at least as long as the hash it makes."""
_BLOCK = 64
"""Octets that SHA-256 takes at a time."""
_HS256 = PyJWS().get_algorithm_by_name("HS256")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _base64url(octets: bytes) -> bytes:
    """RFC 7515 section 2: without padding."""
    return b2a_base64(octets, newline=False).translate(_URL_SAFE, b"=")


_HEADER = _base64url(b'{"alg":"HS256"}') + b"."


class SharedEnd:
    """What the claims of many tokens end with, encoded for each way in which it may follow on the three octets that
    base64 takes at a time.
    """

    __slots__ = ("encoded", "text")

    def __init__(self, text: str) -> None:
        self.text = text.encode()
        self.encoded = tuple(_base64url(self.text[missing:]) for missing in range(3))


NO_END = SharedEnd("")


class TokenSigner:
    """Signs with one key. Holds what the key does to the hash, which is as good as the key."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        key = key if len(key) <= _BLOCK else hashlib.sha256(key).digest()
        key = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in key))
        self._outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in key))

    def token(self, start: str, end: SharedEnd) -> bytes:
        """Give the token of the claims whose JSON is `start` and `end`; all of it in `start` where they share none."""
        octets = start.encode()
        missing = -len(octets) % 3
        signed = _HEADER + _base64url(octets + end.text[:missing]) + end.encoded[missing]
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(signed)
        outer.update(inner.digest())
        return signed + b"." + _base64url(outer.digest())


def signing_key(secret: str) -> tuple[bytes, str]:
    """Prepare the key for HS256; or say what is wrong with the secret, without quoting it."""
    if not secret.strip():
        return b"", "the link secret is empty"
    if secret != secret.strip():
        return b"", "the link secret begins or ends with white space"
    try:
        # PyJWT refuses what is plainly another kind of key, such as a PEM file.
        key: bytes = _HS256.prepare_key(secret)
    except (InvalidKeyError, UnicodeEncodeError):
        return b"", "the link secret is not a secret for HS256 but another kind of key"
    if len(key) < SHORTEST_SECRET:
        return b"", f"the link secret has {len(key)} bytes; HS256 needs at least {SHORTEST_SECRET} (RFC 7518)"
    return key, ""

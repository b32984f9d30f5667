"""Sign claims: their JSON in, compact JWS tokens (RFC 7515 section 3.1) under HS256 out, without a `typ`.

What tokens have in common is encoded once: the header, and the end of the claims. Signing is PyJWT's, and so is what a
key may be; the tests hold every octet against `jwt.encode`. Raises nothing.
"""

from binascii import b2a_base64

from jwt import PyJWS
from jwt.exceptions import InvalidKeyError

SHORTEST_SECRET = 32
"""Bytes. RFC 7518 section 3.2: a key for HS256 is at least as long as the hash it makes."""
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


def signed_token(start: str, end: SharedEnd, key: bytes) -> bytes:
    """Give the token of the claims whose JSON is `start` and `end`; all of it in `start` where they share none."""
    octets = start.encode()
    missing = -len(octets) % 3
    signed = _HEADER + _base64url(octets + end.text[:missing]) + end.encoded[missing]
    return signed + b"." + _base64url(_HS256.sign(signed, key))


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

"""`contact.key`: a short key of a contact in one campaign, the same on every try, that tells nothing about the contact.

In: the campaign's salt (random octets that its ledger keeps), the recipient's address. Out: 16 letters and digits in
lower case, good in a header, a tag, and left of the `@` of a return path. Without the salt, nobody can find out whose
key it is by trying addresses. Raises nothing.
"""

import secrets
from hashlib import blake2b
from itertools import product

_OCTETS = 10
"""80 bits: two of 100,000,000 contacts share a key with a chance of 1 in 240 million."""
_PAIRS = tuple(map("".join, product("abcdefghijklmnopqrstuvwxyz234567", repeat=2)))
"""Base32 (RFC 4648 section 6), two letters at a time: every message has a key, and this takes half as long as the
library's.
"""


class ContactKeys:
    """The keys of one campaign."""

    def __init__(self, salt: bytes | None) -> None:
        """`salt`: None where nothing is sent; keys then are good for this one object alone."""
        salt = secrets.token_bytes(blake2b.MAX_KEY_SIZE) if salt is None else salt
        self._start = blake2b(digest_size=_OCTETS, key=salt, person=b"contact.key")
        self._last = "", ""

    def __call__(self, email: str) -> str:
        """Give the key, the same however the address is capitalised."""
        last, key = self._last
        if email and email == last:  # headers, envelope and return path of a message name the same one
            return key
        digest = self._start.copy()
        digest.update(email.lower().encode("utf-8", "surrogatepass"))
        bits = int.from_bytes(digest.digest(), "big")
        key = (
            f"{_PAIRS[bits >> 70]}{_PAIRS[bits >> 60 & 1023]}{_PAIRS[bits >> 50 & 1023]}{_PAIRS[bits >> 40 & 1023]}"
            f"{_PAIRS[bits >> 30 & 1023]}{_PAIRS[bits >> 20 & 1023]}{_PAIRS[bits >> 10 & 1023]}{_PAIRS[bits & 1023]}"
        )
        self._last = email, key
        return key

"""Keep secrets out of what a server says: some repeat what they were sent, as it was, decoded, or cut short.

`Censor` is told each secret, and each response of a sign-in as it went out; it takes what a server says and gives it
with every stretch that looks like one of them blotted out. So a part of a password, or of a link that is wrapped over
several lines, does not get through either. `without_links` does that for what is said of messages.

Limits: what a server makes of a secret beyond that (its digest, its letters backwards) is not recognised.
"""

import base64
from collections.abc import Iterable

BLOT = b"[secret]"
"""In place of what is kept out."""
_STRETCH = 6
"""Letters in a row that make a stretch; of a shorter secret, all of them. In base64 they are four and a half bytes."""
_HARMLESS = 32
"""Letters of a reply that can't hold enough of a link's signature, which has 43 (RFC 7518 section 3.2)."""


class Censor:
    """What must not be shown, of one session."""

    def __init__(self) -> None:
        self._forms: set[bytes] = set()

    @property
    def empty(self) -> bool:
        """Whether nothing secret has been told it yet."""
        return not self._forms

    def hide(self, secret: bytes) -> None:
        """Hide a secret, as it is and in base64, wherever in the encoded text it may begin."""
        for form in (secret, *(_encoded(secret, shift) for shift in range(3))):
            self.hide_as_sent(form)

    def hide_as_sent(self, form: bytes) -> None:
        """Hide these bytes, and nothing made of them."""
        if form:
            self._forms.add(form.lower())

    def censored(self, said: bytes) -> bytes:
        """Give what was said without them. Letters count alike in either case: some servers answer in capitals."""
        lower = said.lower()
        hidden = bytearray(len(said))
        for form in self._forms:
            if len(form) < _STRETCH:
                at = lower.find(form)
                while at >= 0:
                    hidden[at : at + len(form)] = b"\1" * len(form)
                    at = lower.find(form, at + 1)
        secret = b"\n".join(self._forms)
        for start in range(len(said) - _STRETCH + 1):
            if lower[start : start + _STRETCH] in secret:
                hidden[start : start + _STRETCH] = b"\1" * _STRETCH
        kept = bytearray()
        for position, letter in enumerate(said):
            if not hidden[position]:
                kept.append(letter)
            elif position == 0 or not hidden[position - 1]:
                kept += BLOT
        return bytes(kept)


def _encoded(secret: bytes, shift: int) -> bytes:
    """Base64 of the secret behind `shift` unknown bytes: the letters that depend on the secret alone."""
    encoded = base64.b64encode(b"\0" * shift + secret)
    first = -(-shift * 8 // 6)
    last = (shift + len(secret)) * 8 // 6
    return encoded[first:last]


def without_links(text: str, tokens: Iterable[str]) -> str:
    """Give what a server said without whatever it quotes of the links' tokens, as they stand in a message or in base64:
    a filter that dislikes a message may give it back, whole or in part.
    """
    if len(text) <= _HARMLESS:
        return text
    censor = Censor()
    for token in tokens:
        censor.hide(token.encode())
    return censor.censored(text.encode("utf-8", "replace")).decode("utf-8", "replace")

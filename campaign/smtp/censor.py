"""Keep secrets out of what a server says: some repeat what they were sent, as it was, decoded, or cut short.

`Censor` is told each secret, and each response of a sign-in as it went out; it takes a reply's line and gives it with
every stretch that looks like one of them blotted out. So a part of a password does not get through either.

Limits: what a server makes of a secret beyond that (its digest, its letters backwards) is not recognised.
"""

import base64

BLOT = b"[secret]"
_STRETCH = 6
"""Letters in a row that make a stretch; of a shorter secret, all of them. In base64 they are four and a half bytes."""


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

    def censored(self, line: bytes) -> bytes:
        """Give the line without them. Letters count alike in either case: some servers answer in capitals."""
        lower = line.lower()
        hidden = bytearray(len(line))
        for form in self._forms:
            size = min(_STRETCH, len(form))
            for start in range(len(form) - size + 1):
                stretch = form[start : start + size]
                at = lower.find(stretch)
                while at >= 0:
                    hidden[at : at + size] = b"\1" * size
                    at = lower.find(stretch, at + 1)
        kept = bytearray()
        for position, letter in enumerate(line):
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

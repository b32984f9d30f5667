"""Signing in the middle of composing, and how long that took: for `--profile`.

In: keys, and what is signed. Out: header fields, and seconds. Raises SettingsError when made, for a key that will not
do.
"""

import time
from collections.abc import Collection, Sequence

from campaign.dkim import Signer, SigningKey


class TimedSigner:
    """A process's signer. It looks at the clock twice a message, which is a thousandth of what signing takes."""

    def __init__(self, keys: Sequence[SigningKey], *, unsigned: Collection[bytes]) -> None:
        """`unsigned`: the header fields, in lower case, that no signature covers."""
        self._sign = Signer(keys, unsigned=unsigned).sign
        self.seconds = 0.0
        """Spent so far."""

    def sign(self, header: bytes, text: bytes, parts: Sequence[bytes]) -> bytes:
        """Give the header fields with the signatures."""
        start = time.perf_counter()
        signed = self._sign(header, text, parts)
        self.seconds += time.perf_counter() - start
        return signed

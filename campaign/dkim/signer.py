"""Signs messages: header and body in, DKIM-Signature fields out, one for each key (RFC 6376, RFC 8463).

The signed text is the relaxed canonical form of header and body, whole (no `l=`), for no set time (no `x=`: the link in
a message expires, not the fact that we have sent it). The hash of the body and that of the other header fields are
computed once for all keys. Nothing of a message is kept but the names of its fields, by which `h=` is chosen once.

Raises SettingsError when made, for a key that will not do; nothing afterwards.
"""

import hashlib
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Sequence

from campaign.dkim.canonical import body_digest, relaxed_fields
from campaign.dkim.keys import PrivateKey, SigningKey, load_key
from campaign.dkim.signed_fields import Layout, layout

_FOLD_AT = 78
"""Characters of a line, without its CRLF: RFC 5322 section 2.1.1."""
_FOLD = b"\r\n "
_SHAPES = 64
"""Headers of other names than before that are remembered: templates make a few."""
_NAME = b"DKIM-Signature: "
_ALGORITHM = {"rsa": b"rsa-sha256", "ed25519": b"ed25519-sha256"}
_TIME = b"0000000000"
"""Stands for ten digits, as Unix time has from 2001 to 2286."""


class Signer:
    """Signs the messages of one campaign. One for each process: made from keys that travel."""

    def __init__(
        self,
        keys: Sequence[SigningKey],
        *,
        unsigned: Collection[bytes] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`keys`: at least one. `unsigned`: names, in lower case, of fields that a relay writes anew. `clock`: Unix
        time. Raises SettingsError.
        """
        self._signatures = [_Signature(load_key(key)) for key in keys]
        self._unsigned = frozenset(unsigned)
        self._clock = clock
        self._shapes: dict[tuple[bytes, ...], tuple[tuple[int, ...], bytes]] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._signatures)} keys)"

    def sign(self, header: bytes, text: bytes, parts: Sequence[bytes] = ()) -> bytes:
        """Give the fields, each ended by CRLF, to be put in front of the header.

        `header`: its fields, each ended by CRLF, without the empty line that ends it. `text`: the first piece of
        the body, with CRLF line ends. `parts`: the other pieces, each from the beginning of a line on and in relaxed
        canonical form: no white space at the end of a line, no two blanks together, no tab.
        """
        names, forms = relaxed_fields(header)
        shape = self._shapes.get(names)
        if shape is None:
            shape = self._shape(names)
        positions, signed = shape
        hashed = hashlib.sha256(b"".join([forms[position] + b"\r\n" for position in positions]))
        body = b64encode(body_digest(text, parts))
        seconds = b"%010d" % self._clock()
        return b"".join([one(hashed.copy(), signed, body, seconds) for one in self._signatures])

    def _shape(self, names: tuple[bytes, ...]) -> tuple[tuple[int, ...], bytes]:
        """Choose what is signed of such a header; gives places in it, and `h=` as it is written."""
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
        chosen = layout(names, unsigned=self._unsigned)
        shape = self._shapes[names] = chosen.positions, _named(chosen)
        return shape


class _Signature:
    """Writes one key's field."""

    def __init__(self, key: PrivateKey) -> None:
        self._sign = key.sign
        tags = (b"v=1;", b"a=%b;" % _ALGORITHM[key.algorithm], b"c=relaxed/relaxed;")
        where = (b"d=%b;" % key.domain.encode("ascii"), b"s=%b;" % key.selector.encode("ascii"))
        written = _folded([*tags, *where, b"t=%b;" % _TIME], between=b" ", column=len(_NAME))
        self._before, _, self._after = written.partition(_TIME)

    def __call__(self, hashed: "hashlib._Hash", signed: bytes, body: bytes, seconds: bytes) -> bytes:
        """Give the field. `hashed`: of the header's signed fields; `signed`: `h=`; `body`: `bh=`."""
        value = b"%b%b%b\r\n %b\r\n bh=%b;\r\n b=" % (self._before, seconds, self._after, signed, body)
        # RFC 6376 section 3.7: the field itself is hashed last, its `b=` empty and without the CRLF at its end.
        hashed.update(b"dkim-signature:")
        hashed.update(value.replace(_FOLD, b" "))
        signature = b64encode(self._sign(hashed.digest()))
        first = _FOLD_AT - len(b" b=")
        lines = [signature[:first]]
        lines += [signature[at : at + _FOLD_AT - 1] for at in range(first, len(signature), _FOLD_AT - 1)]
        return b"%b%b%b\r\n" % (_NAME, value, _FOLD.join(lines))


def _named(chosen: Layout) -> bytes:
    """Write `h=`, folded between names: RFC 6376 section 3.5."""
    *names, last = chosen.names
    return _folded([b"h=" + names[0] + b":", *(name + b":" for name in names[1:]), last + b";"], between=b"", column=1)


def _folded(words: Sequence[bytes], *, between: bytes, column: int) -> bytes:
    """Put words side by side, on lines of 78 characters where they fit. The first stands at `column`."""
    written = words[0]
    column += len(words[0])
    for word in words[1:]:
        if column + len(between) + len(word) > _FOLD_AT:
            written += _FOLD + word
            column = 1 + len(word)
        else:
            written += between + word
            column += len(between) + len(word)
    return written

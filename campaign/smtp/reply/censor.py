"""Keep secrets out of what a server says: some repeat what they were sent, as it was, decoded, encoded, or in pieces.

`Censor` is told each secret of a sign-in, and each response as it went out; it takes what a server says and gives it
with all that lies between the first and the last fragment of a secret blotted out. What separates letters does not hide
them (`fragments`), nor does an encoding (`decodings`). `without_links` does that for what is said of messages, where
letters of ours among letters of the server's count too: in that doubt, nothing of the text is kept.

Raises nothing. Limits: a fragment of fewer than six letters of a password, or eight of a token, is not recognised, nor
are one or two letters at a time among words; nor what is made of a secret beyond that (its digest, another cipher).
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

from campaign.smtp.reply.decodings import NOT_ALPHANUMERIC, WHITE, Decoding, alphanumeric, base64_forms, decodings
from campaign.smtp.reply.fragments import fragment_span, in_pieces, may_hold_pieces

BLOT = b"[secret]"
"""In place of what is kept out."""
_FRAGMENT = 6
"""Letters in a row that make a fragment of a password; of a shorter one, all of them. In base64 they are four and a
half bytes."""
_DISTINCT = 4
"""Letters and digits that a form must have to be sought where everything else is left out."""
_LINK_FRAGMENT = 8
"""The same of a link's token. It is sought in every reply, so what matches by chance must be rare."""
_PIECE = 3
_PIECE_IN_BASE64 = 4
"""Letters of a signature that make a piece where other letters stand in between."""
_HARMLESS = 32
"""Letters of a reply that can't hold enough of a link's signature, which has 43 (RFC 7518 section 3.2)."""
_USUAL = re.compile(r"\b(?:ok|bytes|queued|as|id)\b", re.IGNORECASE)
"""Words of the reply to a message that was taken, which say nothing of it: "Ok: 5602 bytes queued as 1AAFD1A6DD"."""
_BEGINS = b"eyj"
"""How every token begins: {" in base64url, in the letters of one case (RFC 7515 section 3.1)."""
_OF_A_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Censor:
    """What must not be shown, of one session."""

    def __init__(self) -> None:
        self._forms: set[bytes] = set()

    @property
    def empty(self) -> bool:
        """Whether nothing secret has been told it yet."""
        return not self._forms

    def hide(self, secret: bytes) -> None:
        """Hide a secret, as it is, backwards, and in base64, wherever in the encoded text it may begin."""
        for form in (secret, secret[::-1], *base64_forms(secret)):
            self.hide_as_sent(form)

    def hide_as_sent(self, form: bytes) -> None:
        """Hide these bytes, and nothing made of them."""
        if form:
            self._forms.add(form.lower())

    def censored(self, said: bytes) -> bytes:
        """Give what was said without them. Letters count alike in either case: some servers answer in capitals."""
        first, end = len(said), 0
        for reading in decodings(said) if self._forms else ():
            for unwanted in (b"", WHITE, NOT_ALPHANUMERIC):
                found = self._outermost(reading, unwanted)
                if found is not None:
                    first, end = min(first, found[0]), max(end, found[1])
        return _blotted(said, first, end) if first < end else said

    def censored_text(self, said: str) -> str:
        """The same for text."""
        return said if self.empty else self.censored(said.encode("utf-8", "replace")).decode("utf-8", "replace")

    def is_quoted(self, said: str) -> bool:
        """Whether a secret stands there, as it is or in base64. In no time: every message that is taken has a reply."""
        if not self._forms:
            return False
        lower = said.lower().encode("utf-8", "replace")
        return any(form in lower for form in self._forms)

    def _outermost(self, reading: Decoding, unwanted: bytes) -> tuple[int, int] | None:
        """Where in the text the first fragment begins, and the last one ends, if nothing unwanted counts."""
        letters = reading.letters.translate(None, unwanted).lower()
        forms = {form.translate(None, unwanted) for form in self._forms}
        if unwanted == NOT_ALPHANUMERIC:
            forms = {form for form in forms if len(form) >= _DISTINCT}
        found = fragment_span(letters, b"\n".join(form for form in forms if len(form) >= _FRAGMENT), _FRAGMENT)
        spans = [found] if found is not None else []
        spans += [
            (letters.find(form), letters.rfind(form) + len(form))
            for form in forms
            if 0 < len(form) < _FRAGMENT and form in letters
        ]
        if not spans:
            return None
        return reading.without(unwanted).span(min(first for first, _ in spans), max(end for _, end in spans))


def without_links(text: str, tokens: Iterable[str]) -> str:
    """Give what a server said without whatever it quotes of the links' tokens, as they stand in a message or encoded: a
    filter that dislikes a message may give it back, whole or in part.
    """
    secrets = [token.encode() for token in tokens] if _has_room(text) else []
    if not secrets:
        return text
    said = text.encode("utf-8", "replace")
    readings = _readings(said)
    signatures = [secret.rpartition(b".")[2] for secret in secrets]
    if not _is_suspicious(readings, signatures):
        return text
    span = _span(readings, secrets)
    if span is not None:
        said = _blotted(said, *span)
        readings = _readings(said)
    if _in_pieces(readings, signatures):
        return BLOT.decode()
    return text if span is None else said.decode("utf-8", "replace")


def without_earlier_links(text: str, tokens: Iterable[str]) -> str:
    """The same for links of messages further back, of which there may be many: their signatures alone are sought, and
    not in pieces with other letters in between.
    """
    signatures = [token.rpartition(".")[2].encode() for token in tokens] if _has_room(text) else []
    said = text.encode("utf-8", "replace")
    span = _span(_readings(said), signatures) if signatures else None
    return text if span is None else _blotted(said, *span).decode("utf-8", "replace")


def _has_room(text: str) -> bool:
    """Whether it can hold enough of a signature beside the words that are in every reply. In no time, too."""
    return len(text) > _HARMLESS and len(_USUAL.sub("", text)) > _HARMLESS


def _readings(said: bytes) -> list[tuple[Decoding, bytes]]:
    """Each, and what is compared of it."""
    return [(reading, _comparable(reading.letters)) for reading in decodings(said)]


def _is_suspicious(readings: Sequence[tuple[Decoding, bytes]], signatures: Iterable[bytes]) -> bool:
    """Whether a token begins there, or a fragment or some pieces of a signature are there. A middle part alone signs
    nobody in, and nearly every reply is the "250" of a message that was taken: it must cost little.
    """
    plain, encoded = _together(signatures)
    return any(
        _BEGINS in letters
        or fragment_span(letters, plain + b"\n" + encoded, _LINK_FRAGMENT) is not None
        or may_hold_pieces(letters, plain, _PIECE)
        or may_hold_pieces(letters, encoded, _PIECE_IN_BASE64)
        for _, letters in readings
    )


def _together(signatures: Iterable[bytes]) -> tuple[bytes, bytes]:
    """The signatures, as they are in both directions, and in base64."""
    plain, *in_base64 = zip(*map(_forms, signatures), strict=True)
    return b"\n".join((*plain, *(form[::-1] for form in plain))), b"\n".join(chain(*in_base64))


def _span(readings: Sequence[tuple[Decoding, bytes]], tokens: Iterable[bytes]) -> tuple[int, int] | None:
    """Where the first fragment of a token begins, and the last one ends."""
    secrets = b"\n".join(form for token in tokens for form in (*_forms(token), _comparable(token[::-1])))
    spans = [
        reading.without(NOT_ALPHANUMERIC).span(*found)
        for reading, letters in readings
        if (found := fragment_span(letters, secrets, _LINK_FRAGMENT)) is not None
    ]
    return (min(first for first, _ in spans), max(end for _, end in spans)) if spans else None


def _in_pieces(readings: Sequence[tuple[Decoding, bytes]], signatures: Iterable[bytes]) -> bool:
    """Whether one of the signatures stands there, with other letters in between."""
    plain, *in_base64 = zip(*map(_forms, signatures), strict=True)
    for forms, piece in ((plain, _PIECE), (tuple(chain(*in_base64)), _PIECE_IN_BASE64)):
        together = b"\n".join(forms)
        for _, letters in readings:
            if may_hold_pieces(letters, together, piece) and any(in_pieces(letters, form) for form in forms):
                return True
    return False


@lru_cache(maxsize=1024)  # a token counts for three replies of its connection
def _forms(secret: bytes) -> tuple[bytes, ...]:
    """A secret and what it is in base64, ready to be compared."""
    return tuple(_comparable(form) for form in (secret, *base64_forms(secret)))


def _comparable(letters: bytes) -> bytes:
    return alphanumeric(letters).lower()


def _blotted(said: bytes, first: int, end: int) -> bytes:
    """Blot that out, and the rest of the words that are cut by it."""
    while first and said[first - 1] in _OF_A_WORD:
        first -= 1
    while end < len(said) and said[end] in _OF_A_WORD:
        end += 1
    return said[:first] + BLOT + said[end:]

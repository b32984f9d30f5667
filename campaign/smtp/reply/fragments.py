"""Where a text repeats a secret: in fragments of so many letters in a row, or in pieces with others in between.

Takes letters that are ready to be compared (in one case, without what separates them), and a secret made ready in the
same way. Raises nothing. Limits of `in_pieces`: pieces of two letters count only beside longer ones.
"""

from collections import defaultdict

_JOIN = 1.5
"""Letters that a join of two pieces costs: so that pairs which match by chance come to nothing."""
_ENOUGH = 10.0
"""Letters, the joins paid, that are no chance. In replies as they are, it happens in one of a million; in texts of 500
letters, in one of 200,000 (found by trying random signatures against the replies in the tests)."""
_FEWEST = 3
"""Windows on pieces (see `may_hold_pieces`) without which it can't be enough."""


def fragment_span(letters: bytes, secret: bytes, length: int) -> tuple[int, int] | None:
    """Give where the first fragment of so many letters (`length`) begins, and the last one ends; None without any."""
    last = len(letters) - length
    window = length // 2
    step = length - window + 1  # wherever a fragment may be, one window of this grid lies in it
    if not any(letters[at : at + window] in secret for at in range(0, len(letters) - window + 1, step)):
        return None
    first = next((at for at in range(last + 1) if letters[at : at + length] in secret), None)
    if first is None:
        return None
    end = next(at for at in range(last, -1, -1) if letters[at : at + length] in secret)
    return first, end + length


def may_hold_pieces(letters: bytes, secrets: bytes, piece: int) -> bool:
    """Whether a closer look by `in_pieces` is called for: some pieces of so many letters are there. In no time."""
    found = 0
    for at in range(len(letters) - piece + 1):
        if letters[at : at + piece] in secrets:
            found += 1
            if found >= _FEWEST:
                return True
    return False


def in_pieces(letters: bytes, secret: bytes) -> bool:
    """Whether the letters hold much of the secret, in its order, whatever stands in between.

    It is the best chain of pieces, each worth its letters, less what the joins cost.
    """
    pairs = [at for at in range(len(letters) - 1) if letters[at : at + 2] in secret]
    places: defaultdict[bytes, list[int]] = defaultdict(list)
    for at in range(len(secret) - 1):
        places[secret[at : at + 2]].append(at)
    chains = [0.0] * (len(secret) + 1)  # the best that ends at or before that place, but for the pair just before
    ending: dict[int, float] = {}  # the chains that end with the pair just before, by its place
    before = -2
    for at in pairs:
        if at > before + 1:
            _settle(chains, ending)
            ending = {}
        longer = {}
        for place in places[letters[at : at + 2]]:
            fresh = 2 + max(0.0, chains[place - 2] - _JOIN if place >= 2 else 0.0)
            longer[place] = max(fresh, ending[place - 1] + 1 if place - 1 in ending else 0.0)
            if longer[place] >= _ENOUGH:
                return True
        _settle(chains, ending)
        ending, before = longer, at
    return False


def _settle(chains: list[float], ending: dict[int, float]) -> None:
    """Let what ended with the pair before be joined to."""
    for place, worth in ending.items():
        for at in range(place, len(chains)):
            if chains[at] >= worth:
                break
            chains[at] = worth

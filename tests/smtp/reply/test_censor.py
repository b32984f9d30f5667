"""What a server repeats of a secret does not get through, whatever it did to it."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from campaign.smtp.reply.censor import BLOT, Censor

SECRET = "hunter2-ähem-correct-horse".encode()


def censored(line: bytes, *, secret: bytes = SECRET) -> bytes:
    censor = Censor()
    censor.hide(secret)
    return censor.censored(line)


def test_as_it_is_and_what_stands_around_it_stays() -> None:
    assert censored(b"wrong password: " + SECRET + b", try again") == b"wrong password: " + BLOT + b", try again"


def test_in_capitals_and_cut_short() -> None:
    assert censored(b"UNKNOWN: " + SECRET[:12].upper()) == b"UNKNOWN: " + BLOT
    assert censored(b"500 ..." + SECRET[-9:]) == b"500 ..." + BLOT


def test_nothing_is_hidden_where_nothing_was_told() -> None:
    assert Censor().empty
    assert Censor().censored(b"535 no") == b"535 no"


def test_an_ordinary_reply_stays_as_it_is() -> None:
    words = b"5.7.8 Authentication credentials invalid for campaigns@acme.example"
    assert censored(words) == words


@given(
    secret=st.binary(min_size=1, max_size=60),
    before=st.binary(max_size=20),
    after=st.binary(max_size=20),
    around=st.binary(max_size=10),
)
def test_in_base64_wherever_it_begins(secret: bytes, before: bytes, after: bytes, around: bytes) -> None:
    """A server may decode what it was sent, and encode it anew with other words around it."""
    shown = censored(around + b" " + base64.b64encode(before + secret + after) + b" " + around, secret=secret)
    first, last = -(-len(before) * 8 // 6), (len(before) + len(secret)) * 8 // 6
    inner = base64.b64encode(before + secret + after)[first:last]
    assert len(inner) < 2 or inner not in shown.replace(BLOT, b"\n")


@given(secret=st.binary(min_size=6, max_size=60), start=st.integers(0, 54), before=st.binary(max_size=9))
def test_any_six_letters_of_it(secret: bytes, start: int, before: bytes) -> None:
    piece = secret[start:][:6]
    if len(piece) == 6:
        assert piece not in censored(before + piece, secret=secret).replace(BLOT, b"\n\n")

"""Contacts and contents that hypothesis makes: any that a campaign may have, and what goes wrong most, more often."""

import re
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from tests.message.messages import compose, composer, content

CAMPAIGN = "c"
"""The name of the campaign whose boundaries are among the fragments."""
_BOUNDARY = re.search(rb'boundary="=_([^"]+)"', compose(content(), by=composer(campaign=CAMPAIGN)).data)
assert _BOUNDARY is not None
_BOUNDARIES = [f"={kind}{_BOUNDARY[1].decode()}" for kind in ("_", "_r", "_m")]

# What goes wrong, goes wrong at line ends, at seams, and at lengths near 76 and 900.
ODD = [
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " ",
    "\t",
    "  ",
    "=",
    "=\n",
    "=20",
    ".",
    "\n.\n",
    "From ",
    "\nFrom ",
    "--",
    "=_",
    "|",
]
ODD += ["é", "—", "漢字", "😀", "\0", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\u2028", "\ufeff", "<p>", "&amp;"]
ODD += ["a" * 60 + "=" * 30, "https://a.example/?t=" + "x" * 400]
ODD += [_BOUNDARIES[0], *(f"\n--{boundary}\n" for boundary in _BOUNDARIES)]
FRAGMENTS = st.one_of(
    st.sampled_from(ODD),
    st.builds(
        lambda size, letter: letter * size, st.integers(0, 160) | st.integers(892, 904), st.sampled_from("xé= .漢")
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100),
)
CHUNKS = st.lists(
    st.tuples(st.lists(FRAGMENTS, min_size=1, max_size=4).map("".join), st.booleans()), min_size=1, max_size=10
)
BALLAST = ("é, and much that is plain. " * 4 + "\n") * 20, True
"""What other chunks are little beside, so that quoted-printable is the right encoding."""

LINE = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
SUBJECTS = st.one_of(
    st.text(LINE, max_size=90),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200),
    st.lists(st.sampled_from(["word", "é", "漢字", "=?", "?=", "=?utf-8?q?x?=", "_", "x" * 80, "  ", "(a)", ","])).map(
        " ".join
    ),
)
DISPLAY_NAMES = (
    st.text(LINE, min_size=1, max_size=60)
    .map(str.strip)
    # In a setting, as in a From field, "=?" begins an encoded word.
    .filter(lambda name: bool(name) and name.isprintable() and "=?" not in name)
)
ATEXT = st.sampled_from("abcxyzABC0189!#$%&'*+-/=?^_`{|}~")
ATOM = st.text(ATEXT, min_size=1, max_size=12)
ADDRESSES = st.builds(
    lambda local, domain: ".".join(local) + "@" + ".".join(domain),
    st.lists(ATOM, min_size=1, max_size=3),
    st.lists(st.text(st.sampled_from("abcXYZ019-"), min_size=1, max_size=20), min_size=1, max_size=4),
)
URLS = st.text(st.sampled_from("abcXYZ019-._~:/?#[]@!$&'()*+,;=%"), min_size=1, max_size=300).map("https://".__add__)
MOMENTS = st.builds(
    lambda moment, minutes: moment.replace(tzinfo=timezone(timedelta(minutes=minutes))),
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)),
    st.integers(-12 * 60, 14 * 60),
)

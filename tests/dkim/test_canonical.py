"""The relaxed canonical form, by the RFC's own example and beside another implementation."""

import hashlib
from itertools import pairwise

import pytest
from dkim.canonicalization import Relaxed  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st

from campaign.dkim.canonical import body_digest, relaxed_fields, relaxed_lines
from tests.dkim.verification import delivered

LINE = st.text("ab. \tü", max_size=12).map(lambda line: line.encode())
BODY = st.lists(LINE, max_size=12).map(b"\r\n".join)
NAME = st.sampled_from([b"From", b"sUBJECT", b"X-A", b"List-Unsubscribe"])
FIELD = st.tuples(
    NAME, st.sampled_from([b":", b" :", b": ", b"\t: "]), LINE, st.lists(st.tuples(st.sampled_from(" \t"), LINE))
).map(lambda one: one[0] + one[1] + one[2] + b"".join(b"\r\n" + blank.encode() + line for blank, line in one[3]))


def test_the_example_of_the_rfc() -> None:
    """RFC 6376 section 3.4.5."""
    names, forms = relaxed_fields(b"A: X\r\nB : Y\t\r\n\tZ  \r\n")
    assert names == (b"a", b"b")
    assert forms == [b"a:X", b"b:Y Z"]
    assert body_digest(b" C \r\nD \t E\r\n\r\n\r\n") == hashlib.sha256(b" C\r\nD E\r\n").digest()


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n\r\n", b" \r\n\t\r\n", b" "])
def test_a_body_with_nothing_in_it_is_empty(body: bytes) -> None:
    assert body_digest(body) == hashlib.sha256(b"").digest()


@given(body=BODY)
@example(body=b" " * 5000 + b"x")
def test_bodies_are_what_another_implementation_makes_of_them(body: bytes) -> None:
    assert body_digest(body) == hashlib.sha256(Relaxed.canonicalize_body(delivered(body))).digest()


@given(fields=st.lists(FIELD, max_size=6))
def test_fields_are_what_another_implementation_makes_of_them(fields: list[bytes]) -> None:
    head = b"".join(field + b"\r\n" for field in fields)
    split = [(field.partition(b":")[0], field.partition(b":")[2] + b"\r\n") for field in fields]
    expected = [b"%b:%b" % one for one in Relaxed.canonicalize_headers(split)]
    names, forms = relaxed_fields(head)
    assert [form + b"\r\n" for form in forms] == expected
    assert list(names) == [one.partition(b":")[0] for one in expected]


@given(body=BODY, cuts=st.lists(st.integers(0, 12), max_size=3))
def test_pieces_that_begin_a_line_make_the_body_that_they_are_cut_from(body: bytes, cuts: list[int]) -> None:
    lines = body.split(b"\r\n")
    ends = [0, *sorted(min(cut, len(lines) - 1) for cut in cuts), len(lines)]
    joined = [b"".join(line + b"\r\n" for line in lines[a:b]) for a, b in pairwise(ends)]
    joined[-1] = joined[-1][:-2]
    first, *others = joined
    canonical = [b"".join(relaxed_lines(line) for line in other.splitlines(keepends=True)) for other in others]
    assert body_digest(first, canonical) == body_digest(body)


def test_what_is_canonical_is_not_copied() -> None:
    text = b"as it is\r\n" * 100
    assert relaxed_lines(text) is text

"""Recipient domains: the largest are named with their exact numbers, nothing is lost, and memory is bounded."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from campaign.model import Status
from campaign.report.domains import Domains, Rows


def counted(chunks: Sequence[Rows], *, most: int = 20_000) -> Domains:
    found = Domains(most=most)
    for rows in chunks:
        found.add(rows)
    if found.inexact:
        found.again(chunks)
    return found


def of(**domains: int) -> Rows:
    return Counter({(f"{domain}.example", "sent"): count for domain, count in domains.items()})


def test_the_largest_come_first_and_the_others_together() -> None:
    named, others = counted([of(a=5, b=9), of(a=1, c=2, d=2)]).named(2)
    assert [(one.domain, one.counts) for one in named] == [
        ("b.example", {Status.SENT: 9}),
        ("a.example", {Status.SENT: 6}),
    ]
    assert others is not None and (others.domains, others.counts) == (2, {Status.SENT: 4})


def test_one_too_many_is_named_all_the_same() -> None:
    named, others = counted([of(a=5, b=9, c=2)]).named(2)
    assert len(named) == 3 and others is None


def test_who_has_one_row_is_one_of_many() -> None:
    named, others = counted([of(a=5, b=1, c=1, d=1, e=1)]).named(3)
    assert [one.domain for one in named] == ["a.example"]
    assert others is not None and others.domains == 4


def test_where_all_have_one_row_some_are_named() -> None:
    named, others = counted([of(a=1, b=1, c=1, d=1)]).named(2)
    assert len(named) == 2
    assert others is not None and others.domains == 2


def test_rows_without_an_address_come_last() -> None:
    named, others = counted([of(a=5) + Counter({("", "invalid"): 70})]).named()
    assert [(one.domain, sum(one.counts.values())) for one in named] == [("a.example", 5), ("", 70)]
    assert others is None


@given(
    chunks=st.lists(
        st.dictionaries(
            st.tuples(st.integers(0, 60).map(str), st.sampled_from(["sent", "failed"])), st.integers(1, 500)
        ).map(Counter),
        max_size=8,
    ),
    most=st.integers(2, 20),
)
def test_whoever_is_large_is_named_exactly_whatever_else_comes(chunks: list[Rows], most: int) -> None:
    found = counted(chunks, most=most)
    assert len(found._by_domain) <= 2 * most + 122
    named, others = found.named(3)
    whole: Counter[str] = Counter()
    for rows in chunks:
        for (domain, _), count in rows.items():
            whole[domain] += count
    assert all(sum(one.counts.values()) == whole[one.domain] for one in named)
    told = sum(sum(one.counts.values()) for one in named)
    assert told + (sum(others.counts.values()) if others else 0) == whole.total()
    largest = whole.most_common(1)
    if largest and largest[0][1] > whole.total() / most and list(whole.values()).count(largest[0][1]) == 1:
        assert named[0].domain == largest[0][0]

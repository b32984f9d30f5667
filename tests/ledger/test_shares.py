"""Shares of a whole number: fair, used, and together never more than there is, whoever asks in whatever order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.ledger.postgres.shares import Holder, targets

HOLDERS = st.dictionaries(st.integers(1, 9), st.builds(Holder, held=st.integers(0, 9), wanted=st.integers(0, 30)))


def new_share(most: int, holders: dict[int, Holder], worker: int) -> int:
    """What the database grants a worker (`budget`)."""
    others = sum(holder.held for number, holder in holders.items() if number != worker)
    return min(targets(most, holders)[worker], max(0, most - others))


@pytest.mark.parametrize(
    ("most", "holders", "expected"),
    [
        (10, {1: (0, 10)}, {1: 10}),
        (10, {1: (10, 10), 2: (0, 10), 3: (0, 10)}, {1: 4, 2: 3, 3: 3}),
        (10, {1: (0, 2), 2: (0, 20), 3: (0, 20)}, {1: 2, 2: 4, 3: 4}),
        (2, {4: (0, 1), 7: (0, 1), 9: (0, 1)}, {4: 1, 7: 1, 9: 0}),
        (10, {1: (8, 1), 2: (0, 3)}, {1: 7, 2: 3}),
        (10, {1: (10, 0), 2: (0, 0)}, {1: 10, 2: 0}),
        (0, {1: (3, 3)}, {1: 0}),
        (5, {}, {}),
    ],
)
def test_targets(most: int, holders: dict[int, tuple[int, int]], expected: dict[int, int]) -> None:
    assert targets(most, {worker: Holder(*holder) for worker, holder in holders.items()}) == expected


@given(st.integers(0, 40), HOLDERS)
def test_targets_are_fair_and_use_what_is_wanted(most: int, holders: dict[int, Holder]) -> None:
    given_out = targets(most, holders)
    assert sum(given_out.values()) <= most
    wanted = sum(holder.wanted for holder in holders.values())
    assert sum(min(given_out[worker], holders[worker].wanted) for worker in holders) == min(most, wanted)
    short = [given_out[worker] for worker in holders if given_out[worker] < holders[worker].wanted]
    needed = [min(given_out[worker], holders[worker].wanted) for worker in holders]
    assert not short or max(needed) - min(short) <= 1


@given(
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 15), st.booleans(), st.booleans()), max_size=60),
)
def test_together_they_never_hold_more_than_there_is(most: int, steps: list[tuple[int, int, bool, bool]]) -> None:
    """Workers come, want, heed a lowered share late, close their connections late, and leave."""
    shares: dict[int, int] = {}
    in_use: dict[int, int] = {}
    told: dict[int, Holder] = {}
    for worker, wanted, heeds, leaves in steps:
        if leaves:
            for book in (shares, in_use, told):
                book.pop(worker, None)
            continue
        if heeds:
            in_use[worker] = min(wanted, shares.get(worker, 0))
        holder = Holder(max(in_use.get(worker, 0), shares.get(worker, 0)), wanted)
        shares[worker] = new_share(most, {**told, worker: holder}, worker)
        told[worker] = Holder(max(holder.held, shares[worker]), wanted)
        if not heeds:
            in_use[worker] = max(in_use.get(worker, 0), min(wanted, shares[worker]))
        assert sum(max(shares[one], in_use.get(one, 0)) for one in shares) <= most


@given(st.integers(1, 12), st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_once_nothing_changes_everybody_has_its_target(most: int, wishes: list[int]) -> None:
    told = {number: Holder(0, wanted) for number, wanted in enumerate(wishes)}
    told[0] = Holder(most, wishes[0])
    for _ in range(2):
        for number, wanted in enumerate(wishes):
            told[number] = Holder(new_share(most, told, number), wanted)
    assert {number: holder.held for number, holder in told.items()} == targets(most, told)
    assert sum(min(holder.held, holder.wanted) for holder in told.values()) == min(most, sum(wishes))

"""Buckets of time: any length has one, and a percentile is near the true one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.histogram import bucket_of, merged, percentile, seconds_of


@given(seconds=st.floats(0.0001, 86_400))
def test_a_bucket_is_near_what_is_in_it(seconds: float) -> None:
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.05)


@given(one=st.floats(0, 1e9), other=st.floats(0, 1e9))
def test_what_is_longer_is_in_no_earlier_bucket(one: float, other: float) -> None:
    assert bucket_of(min(one, other)) <= bucket_of(max(one, other))


def test_there_are_few_buckets_whatever_is_counted() -> None:
    assert bucket_of(0) == bucket_of(-1) == 0
    assert bucket_of(1e12) == bucket_of(86_400) < 250


@given(
    times=st.lists(st.floats(0.0002, 80_000), min_size=1, max_size=200),
    share=st.sampled_from([0.01, 0.5, 0.95, 0.99, 1]),
)
def test_a_percentile_is_within_five_per_cent_of_the_true_one(times: list[float], share: float) -> None:
    found: dict[int, int] = {}
    for seconds in times:
        found = dict(merged(found, {bucket_of(seconds): 1}))
    true = sorted(times)[max(0, math.ceil(share * len(times)) - 1)]
    assert percentile(found, share) == pytest.approx(true, rel=0.05)


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None

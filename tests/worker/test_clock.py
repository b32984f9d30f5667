"""The clock of whole seconds."""

from datetime import timedelta, timezone

from campaign.worker.clock import this_second


def test_the_second_is_whole_in_its_zone_and_the_same_object_until_the_next() -> None:
    seconds = iter([10.25, 10.99, 11.0, 11.5, 9.75])
    now = this_second(timezone(timedelta(hours=2)), lambda: next(seconds))
    first, same, second, still, back = (now() for _ in range(5))
    assert first is same and second is still
    assert [one.timestamp() for one in (first, second, back)] == [10.0, 11.0, 9.0]
    assert first.utcoffset() == timedelta(hours=2)

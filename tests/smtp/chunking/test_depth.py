"""How many messages a connection may have in flight."""

from campaign.smtp.chunking.depth import Depth

WAY = 0.04


def depth_after(*seconds: float, most: int = 8) -> Depth:
    depth = Depth(most)
    for one in seconds:
        depth.answered(one, alone=depth.allowed == 1)
    return depth


def test_the_first_goes_alone_and_each_that_keeps_up_allows_one_more_up_to_the_most() -> None:
    assert [depth_after(*[WAY] * taken).allowed for taken in (0, 1, 2, 6, 7, 20)] == [1, 2, 3, 7, 8, 8]


def test_a_wait_of_a_few_milliseconds_is_no_sign() -> None:
    assert depth_after(0.0002, *[0.015] * 10).allowed == 8


def test_where_answers_take_longer_with_more_in_flight_there_are_no_more() -> None:
    assert depth_after(0.1, *[0.25] * 20).allowed == 2


def test_where_they_take_much_longer_there_are_fewer() -> None:
    assert [depth_after(*[WAY] * 8, *[1.0] * later).allowed for later in (0, 8, 21)] == [8, 6, 4]


def test_a_message_alone_shows_how_long_the_way_is_now() -> None:
    """A way that has become longer is no reason to wait for every answer."""
    assert depth_after(*[WAY] * 8, *[1.0] * 80, *[1.0] * 10).allowed == 8


def test_the_first_of_several_in_one_write_shows_nothing_new() -> None:
    """Some servers answer all of them together."""
    depth = depth_after(0.1)
    for _ in range(20):
        depth.answered(0.2, alone=True)
        depth.answered(0.2, alone=False)
    assert depth.allowed == 2


def test_later_halves_them_and_421_leaves_one() -> None:
    depth = depth_after(*[WAY] * 8)
    depth.put_off(451)
    assert depth.allowed == 4
    depth.put_off(421)
    assert depth.allowed == 1

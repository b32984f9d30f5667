"""One server of several: out for a while that grows, on trial with one message, in use again."""

from campaign.worker.server_health import ServerHealth


def test_it_is_out_for_a_while_and_then_tried_with_one_message() -> None:
    health = ServerHealth(1.0)
    assert health.in_use and not health.may_try(0.0)
    assert health.go_out("535", 0.0)
    assert (health.in_use, health.why, health.seconds_out(10.0)) == (False, "535", 20.0)
    assert not health.may_try(29.9) and health.may_try(30.0)
    health.message_begun(1, 30.0)
    assert not health.may_try(31.0)
    health.has_answered(1, 32.0, slow=False)
    assert health.may_try(33.0)


def test_the_message_that_it_takes_brings_it_back() -> None:
    health = ServerHealth(1.0)
    health.go_out("535", 0.0)
    assert health.has_accepted(31.0) and health.in_use
    assert not health.has_accepted(32.0), "it was in use"


def test_each_trial_in_vain_makes_the_next_pause_twice_as_long_up_to_ten_minutes() -> None:
    health, now, pauses = ServerHealth(1.0), 0.0, []
    for _ in range(7):
        health.go_out("down", now)
        pauses.append(health.seconds_out(now))
        now += pauses[-1]
    assert pauses == [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0]


def test_pauses_begin_anew_after_a_long_good_time_only() -> None:
    for good, pause in ((10.0, 60.0), (301.0, 30.0)):
        health = ServerHealth(1.0)
        health.go_out("down", 0.0)
        health.has_accepted(30.0)
        health.go_out("down", 30.0 + good)
        assert health.seconds_out(30.0 + good) == pause


def test_what_is_heard_of_it_while_it_is_out_makes_no_pause_longer() -> None:
    """It is about what had begun before."""
    health = ServerHealth(1.0)
    assert health.go_out("down", 0.0)
    assert not health.go_out("down", 1.0)
    assert health.may_try(30.0)


def test_a_session_that_can_not_be_had_says_itself_when_to_try_again() -> None:
    health = ServerHealth(1.0)
    assert health.go_out("refused", 0.0, wait=2.0)
    assert not health.may_try(1.9) and health.may_try(2.0)
    assert not health.go_out("refused", 2.0, wait=4.0), "it was out"
    assert not health.may_try(5.9) and health.may_try(6.0)


def test_it_struggles_when_it_takes_nothing_of_what_it_was_given() -> None:
    health = ServerHealth(1.0)
    health.message_begun(1, 0.0)
    assert not health.struggles(29.9) and health.struggles(30.0)


def test_any_answer_but_slow_down_is_a_good_sign() -> None:
    health = ServerHealth(1.0)
    for number in range(5):
        health.message_begun(number, 10.0 * number)
        health.has_answered(number, 10.0 * number + 1, slow=True)
    assert health.struggles(41.0)
    health.message_begun(9, 41.0)
    health.has_answered(9, 42.0, slow=False)
    assert not health.struggles(1000.0), "nothing is under way"


def test_what_is_still_under_way_counts_from_the_last_good_sign() -> None:
    """The second stood behind the first on the connection."""
    health = ServerHealth(1.0)
    health.message_begun(1, 0.0)
    health.message_begun(2, 0.0)
    health.has_answered(1, 20.0, slow=False)
    assert not health.struggles(49.9) and health.struggles(50.0)


def test_only_slowness_is_forgiven_where_nothing_else_is_left() -> None:
    slow, broken = ServerHealth(1.0), ServerHealth(1.0)
    slow.go_out("451", 0.0, stalled=True)
    broken.go_out("535", 0.0)
    for health in (slow, broken):
        health.forgive_slowness()
    assert slow.in_use and not broken.in_use

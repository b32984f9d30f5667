"""Where a task that waits could run at once."""

from campaign.cluster.room import better_places


def test_whoever_waits_behind_others_goes_where_a_thread_is_free() -> None:
    threads = {"a": 1, "b": 2, "c": 4}
    processing = {"a": ("ours-1", "ours-2"), "b": ("x", "y"), "c": ("z",)}
    assert better_places(threads, processing, {"ours-2"}) == [("ours-2", "c")]


def test_nobody_is_moved_who_is_about_to_begin_where_he_is() -> None:
    assert better_places({"a": 2, "b": 1}, {"a": ("ours-1", "ours-2"), "b": ()}, {"ours-2"}) == []


def test_nobody_is_moved_where_all_machines_are_busy() -> None:
    assert better_places({"a": 1, "b": 1}, {"a": ("x", "ours"), "b": ("y",)}, {"ours"}) == []


def test_each_free_thread_is_given_once_on_the_freest_machine_first() -> None:
    threads, waiting = {"a": 1, "b": 1, "c": 2}, {"o-1", "o-2", "o-3", "o-4"}
    processing = {"a": ("x", "o-1", "o-2", "o-3", "o-4")}
    assert better_places(threads, processing, waiting) == [("o-1", "c"), ("o-2", "c"), ("o-3", "b")]


def test_no_more_are_moved_than_wait() -> None:
    """Which of the tasks on a machine has begun is not known of others': so many of ours as are too many."""
    moves = better_places({"a": 2, "b": 9}, {"a": ("x", "o-1", "o-2")}, {"o-1", "o-2"})
    assert len(moves) == 1

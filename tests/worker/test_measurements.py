"""What a worker measures: from the body to the 250, and how long a row was put off; each once."""

from campaign.histogram import bucket_of
from campaign.worker.measurements import Measurements


class Clock:
    """Goes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_runs_from_the_body_to_its_acceptance() -> None:
    clock = Clock()
    measured = Measurements(clock=clock, wall_clock=lambda: 1_800_000_000.7)
    measured.body_leaves(1)
    clock.now += 0.1
    measured.body_leaves(2)
    clock.now += 0.4
    measured.accepted(1)
    measured.accepted(2)
    measured.put_off(60.0)
    (stretch,) = measured.take()
    assert stretch.begins == 1_800_000_000 and stretch.seconds == 1
    assert stretch.accepted == {bucket_of(0.5): 1, bucket_of(0.4): 1}
    assert stretch.put_off == {bucket_of(60.0): 1}
    assert measured.take() == ()


def test_only_what_was_accepted_counts() -> None:
    """A refusal, and a connection that died, end the measuring; the next try begins a new one."""
    clock = Clock()
    measured = Measurements(clock=clock)
    measured.body_leaves(1)
    measured.not_accepted(1)
    measured.accepted(1)  # which is never heard without a body: it measures nothing
    assert measured.take() == ()
    measured.body_leaves(1)
    clock.now += 5.0
    measured.body_leaves(1)
    clock.now += 0.2
    measured.accepted(1)
    (stretch,) = measured.take()
    assert stretch.accepted == {bucket_of(0.2): 1}

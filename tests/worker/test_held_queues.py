"""What holds a queue back, put together."""

from campaign.worker.held_queues import HeldQueues


class Once:
    """Holds one queue until a moment."""

    def __init__(self, queue: str, moment: float) -> None:
        self.queue, self.moment = queue, moment

    def until(self, queue: str, now: float) -> float:
        return self.moment if queue == self.queue else now


def test_a_queue_is_held_until_the_last_of_its_holds_lets_go() -> None:
    held = HeldQueues(Once("a", 5.0), Once("a", 7.0), Once("b", 9.0))
    held.now = 6.0
    assert held
    assert "a" in held and "b" in held and "" not in held
    assert held.until("a", 6.0) == 7.0
    held.now = 7.0
    assert "a" not in held and "b" in held


def test_without_a_hold_nothing_is_held() -> None:
    held = HeldQueues()
    assert not held
    assert "a" not in held
    assert held.until("a", 3.0) == 3.0

"""Rows that wait for one server of several: held back by their queues as all others are, and lost by nobody."""

from campaign.worker.held_queues import HeldQueues
from campaign.worker.route_rows import RouteRows
from campaign.worker.row_queue import RowQueue
from tests.worker.test_held_rows import Ledger, Until, in_queue


class First:
    """A server whose turn it always is."""

    def is_outranked(self, now: float) -> bool:
        return False

    def is_ahead(self, now: float) -> bool:
        return False


def test_a_row_that_waits_for_one_server_does_not_begin_while_its_queue_is_held_and_is_not_lost() -> None:
    hold = Until(a=100.0)
    everybody = RowQueue(Ledger(), HeldQueues(hold))
    rows = RouteRows(everybody, First())
    rows.own.extend([in_queue(1, "a", tries=1), in_queue(2, "b")])
    assert rows.ready(50.0)
    first = rows.next(50.0)
    assert first is not None and first.id == 2
    assert rows.next(50.0) is None
    assert not everybody.done and everybody.next_moment() == 100.0
    again = rows.next(100.0)
    assert again is not None and (again.id, again.tries) == (1, 1)


def test_rows_of_one_server_are_among_those_put_off_once_they_are_let_go() -> None:
    everybody = RowQueue(Ledger())
    rows = RouteRows(everybody, First())
    rows.own.append(in_queue(1, "", tries=1))
    rows.let_go(5.0)
    assert not rows.own
    assert [one.id for one in everybody.take_waiting()] == [1]

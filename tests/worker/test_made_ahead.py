"""Messages made ahead: each once, none for long, and what can't be made is its turn's matter."""

import pytest

from campaign.errors import InvalidContactError
from campaign.model import Attempt, Contact, DueRow
from campaign.worker.made_ahead import MadeAhead
from campaign.worker.row_queue import RowQueue
from tests.dispatchers import Answers, due, letter


class Factory:
    """Makes messages, and keeps whose it has made; those of `faulty` it can't make."""

    def __init__(self, *faulty: int) -> None:
        self.made: list[int] = []
        self._faulty = faulty

    def make(self, due: DueRow) -> Attempt:
        self.made.append(due.id)
        if due.id in self._faulty:
            raise InvalidContactError("no such column", where="row 1", fix="")
        return letter(due)

    def size_of(self, contact: Contact) -> int:
        return contact.number


class Scene:
    """Rows that have been fetched, and a clock by hand."""

    def __init__(self, rows: int, *faulty: int) -> None:
        self.now = 0.0
        self.factory = Factory(*faulty)
        self.rows = RowQueue(Answers([due(number) for number in range(1, rows + 1)]))
        self.rows.fetch(0.0)
        self.ahead = MadeAhead(self.factory, self.rows, lambda: self.now)

    def make_all(self, most: int) -> int:
        """Make ahead as long as there is something to make; give how many that were."""
        count = 0
        while self.ahead.make_one(most):
            count += 1
        return count

    def turn(self) -> Attempt:
        """The next row's turn: give its message."""
        row = self.rows.next(self.now)
        assert row is not None
        return self.ahead.make(row)


def test_the_next_messages_are_made_in_order_and_no_more_than_asked_for() -> None:
    scene = Scene(5)
    assert scene.make_all(3) == 3
    assert scene.factory.made == [1, 2, 3]


def test_a_message_made_ahead_is_the_one_that_is_sent_and_is_made_once() -> None:
    scene = Scene(3)
    scene.make_all(2)
    assert [scene.turn().contact for _ in range(3)] == [1, 2, 3]
    assert scene.factory.made == [1, 2, 3]


def test_making_ahead_takes_no_row() -> None:
    scene = Scene(3)
    scene.make_all(3)
    assert scene.rows.ready(0.0) == 3


def test_a_message_that_has_waited_is_made_anew() -> None:
    """Its date and its link's lifetime began when it was made."""
    scene = Scene(2)
    scene.make_all(2)
    scene.now = 1.0
    scene.turn()
    assert scene.factory.made == [1, 2]
    scene.now = 1.01
    scene.turn()
    assert scene.factory.made == [1, 2, 2]


def test_a_row_that_goes_again_has_its_message_made_anew() -> None:
    """Its first link may have left."""
    scene = Scene(1)
    scene.make_all(1)
    first = scene.turn()
    scene.rows.give_back(due(1))
    assert scene.turn() is not first
    assert scene.factory.made == [1, 1]


def test_what_can_not_be_made_says_so_when_its_turn_has_come_and_stops_nothing_before() -> None:
    scene = Scene(3, 2)
    assert scene.make_all(3) == 3
    assert scene.turn().contact == 1
    with pytest.raises(InvalidContactError):
        scene.turn()
    assert scene.turn().contact == 3
    assert scene.factory.made == [1, 2, 3, 2]


def test_messages_of_rows_that_went_elsewhere_do_not_pile_up() -> None:
    scene = Scene(100)
    for _ in range(40):
        scene.make_all(2)
        for _ in range(2):  # another server takes them, or their window is over
            scene.rows.next(0.0)
    assert len(scene.ahead._made) <= 6
    assert scene.turn().contact == 81

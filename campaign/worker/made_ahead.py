"""Messages made while nothing else is to be done, so that they are there when a connection asks for one.

The replies to several connections often come together. Each of those messages would be made while the others wait, and
their server with them; made ahead, they leave at once. In: the rows that come next; out: their attempts, made once.
Nothing is claimed here, and no row is taken: one that goes elsewhere, or later, has its message made anew.

Raises what `AttemptFactory` raises, when the row's turn has come.
"""

from collections.abc import Callable
from typing import Protocol

from campaign.model import Attempt, Contact, DueRow
from campaign.worker.row_queue import RowQueue

_GOOD_FOR = 1.0
"""Seconds for which a message stays new: its date and its link's lifetime are told in whole seconds."""


class Factory(Protocol):
    """What makes them: `AttemptFactory`."""

    def make(self, due: DueRow) -> Attempt:
        """Make the row's message anew."""

    def size_of(self, contact: Contact) -> int:
        """Give the bytes of a contact's message without files of its own."""


class MadeAhead:
    """One worker's. `clock`: monotonic seconds."""

    def __init__(self, factory: Factory, rows: RowQueue, clock: Callable[[], float]) -> None:
        self.size_of = factory.size_of
        self._make = factory.make
        self._rows = rows
        self._clock = clock
        self._made: dict[int, tuple[Attempt | None, float]] = {}
        """By contact, with the moment; None: it could not be made, for a reason that its turn will show."""

    def make(self, due: DueRow) -> Attempt:
        """Give the row's message: the one that was made ahead, if it is new."""
        if self._made:
            attempt, at = self._made.pop(due.id, (None, 0.0))
            if attempt is not None and self._clock() - at <= _GOOD_FOR:
                return attempt
        return self._make(due)

    def make_one(self, most: int) -> bool:
        """Make the next message that is not made yet, of the first `most` rows; give whether there was one."""
        made = self._made
        coming = self._rows.coming(most)
        due = next((due for due in coming if due.id not in made), None)
        if due is None:
            return False
        if len(made) >= 2 * most:  # rows that went elsewhere
            for contact in made.keys() - {due.id for due in self._rows.coming(most)}:
                del made[contact]
        try:
            attempt = self._make(due)
        except Exception:  # its turn will come, and whoever judges it then
            attempt = None
        made[due.id] = attempt, self._clock()
        return True

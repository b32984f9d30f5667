"""A row made ready for a session: its attempt made, looked at by what the server takes, and claimed.

A row that can't be mailed is settled at once, and so is one whose message the server would refuse by its size. Raises
CampaignError where no row is to blame; then the row has been given back.
"""

from collections.abc import Callable

from campaign.errors import CampaignError, InvalidContactError
from campaign.model import Attempt, Contact, DueRow, Reply, Status
from campaign.smtp.session.session import Session
from campaign.worker.claims import Claims
from campaign.worker.message_size import require_room
from campaign.worker.outcomes import Outcomes
from campaign.worker.row_queue import RowQueue


class Preparation:
    """One worker's."""

    def __init__(
        self,
        make: Callable[[DueRow], Attempt],
        size_of: Callable[[Contact], int],
        *,
        rows: RowQueue,
        outcomes: Outcomes,
        claims: Claims,
        hand_over: Callable[[DueRow], bool],
    ) -> None:
        """`size_of`: the bytes of a contact's message without files of its own. `hand_over` has another server send a
        row that this one can't take, and says whether there is one.
        """
        self._hand_over = hand_over
        self._make = make
        self._size_of = size_of
        self._rows = rows
        self._outcomes = outcomes
        self._claims = claims

    def prepare(self, due: DueRow, session: Session) -> Attempt | None:
        """Make the row's attempt and claim it; None where it can't go over this session, or at all."""
        try:
            attempt = self._make(due)
        except InvalidContactError as error:
            self._outcomes.mark_invalid(due, f"{error.what} ({error.where})" if error.where else error.what)
            return None
        except CampaignError:
            self._rows.give_back(due)
            raise
        message, limit = attempt.message, session.size_limit
        if message.envelope.smtputf8 and not session.smtputf8:
            if self._hand_over(due):
                return None
            words = "the address has letters beyond ASCII, which the server can't take (no SMTPUTF8)"
            self._outcomes.mark_invalid(due, words)
            return None
        if limit is not None and len(message.data) > limit:
            self._refuse_size(due, attempt, limit)
            return None
        self._claim(due, attempt)
        return attempt

    def _claim(self, due: DueRow, attempt: Attempt) -> None:
        self._outcomes.under_way[due.id] = due
        self._claims.claim(attempt)

    def _refuse_size(self, due: DueRow, attempt: Attempt, limit: int) -> None:
        """Do with a message that is too large for the server what that would do, or have another one send it."""
        if self._hand_over(due):
            return
        self._blame_templates(due, limit)
        self._claim(due, attempt)
        words = f"the message has {len(attempt.message.data):,} bytes, the server takes {limit:,}"
        self._outcomes.settle(due, Status.REJECTED, Reply(code=552, enhanced="5.3.4", text=words))

    def _blame_templates(self, due: DueRow, limit: int) -> None:
        """Raise TemplateError where the row's message is too large whatever its cells hold: no fault of the row's."""
        try:
            require_room(self._size_of, due.contact, limit)
        except CampaignError:
            self._rows.give_back(due)
            raise

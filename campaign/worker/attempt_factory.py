"""From a row that is due to an attempt: its message, and what the ledger must remember of it.

Takes a `DueRow`; gives an `Attempt`, its link minted now. Raises what `MessageFactory` raises.
"""

from datetime import datetime
from functools import partial

from campaign.model import Attempt, Contact, DueRow
from campaign.worker.clock import this_second
from campaign.worker.job import MessagePlan
from campaign.worker.message_factory import MessageFactory
from campaign.worker.profile import Profile


class AttemptFactory:
    """One worker's. Raises SettingsError, TemplateError and LinkError where no message can be made at all."""

    def __init__(self, plan: MessagePlan, profile: Profile) -> None:
        factory = MessageFactory(plan)
        self._factory = factory
        self._assemble = partial(factory.make_timed, spent=profile.spent) if profile.wanted else factory.make
        self._second = this_second(plan.window.zone)
        self._expiry: datetime | None = None
        self._expires_at = 0

    def make(self, due: DueRow) -> Attempt:
        """Make the row's message anew."""
        link, _, message = self._assemble(due.contact, self._second())
        if link.expires_at is not self._expiry:  # nearly always the same moment: the window's close and the grace
            self._expiry, self._expires_at = link.expires_at, int(link.expires_at.timestamp())
        return Attempt(
            contact=due.id,
            message=message,
            link_expires_at=self._expires_at,
            link_fingerprint=link.fingerprint,
            token=link.token,
        )

    def size_of(self, contact: Contact) -> int:
        """Give the bytes of a contact's message without files of its own."""
        return self._factory.size_without_own_files(contact, self._second())

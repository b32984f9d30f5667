"""What whoever settles a campaign by later evidence needs of its ledger, also while a run goes on."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from campaign.evidence import Proof, Weighed
from campaign.ledger.interface.reader import LedgerReader
from campaign.ledger.values import CameBack


class SettlingLedger(Protocol):
    """A ledger of which rows' words are moved by proof. Nobody else is kept out."""

    @property
    def reader(self) -> LedgerReader:
        """The questions, asked from here."""

    @property
    def begun(self) -> datetime | None:
        """When the campaign's first run began, aware; None where none has. Evidence of long before is another's."""

    def contact_key_salt(self) -> bytes | None:
        """Give the salt of `contact.key`; None where the campaign has none yet."""

    def people(self) -> Iterator[Sequence[tuple[int, str, str]]]:
        """Give everybody the campaign has ever known, many at a time: the ledger's number, the address in lower case,
        and the words of the server's last reply, or nothing. Not those who were erased.
        """

    def came_back(self) -> Iterator[CameBack]:
        """Give everybody who is `bounced`, or of whom there is feedback, by whatever settling. Not those who were
        erased.
        """

    def weigh(self, proofs: Sequence[Proof]) -> list[Weighed]:
        """Move words as far as these prove it, in one durable transaction, and say of each what came of it, in order.

        Nothing moves back, and what is on record already changes nothing. A row that a run is sending just now is left
        to it. Raises LedgerError; then nothing of it was done.
        """

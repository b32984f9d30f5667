"""What whoever takes people's data out of a ledger needs of it."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol

from campaign.ledger.interface.reader import LedgerReader
from campaign.ledger.values import ErasedPeople


class ErasureLedger(Protocol):
    """A ledger that is locked, as a run has it: nobody sends meanwhile."""

    @property
    def reader(self) -> LedgerReader:
        """The questions, asked from here."""

    def erase(
        self, identities: Collection[str], *, before: int | None, day: str
    ) -> AbstractContextManager[ErasedPeople]:
        """Take the data of these people out, and of those whose last outcome came `before` (Unix seconds), unless None.
        As a context manager: what it would be is given, and it is done at the end; where anything is raised within,
        nothing has changed.
        """

    def was_erased(self, identity: str) -> bool:
        """Whether whoever has this address was ever erased."""

    @property
    def unfinished(self) -> bool:
        """Whether an erasure was cut off behind its first step."""

    def scrub(self) -> None:
        """Write the ledger's files anew, so that what was erased is in none of their bytes. Raises LedgerBusyError
        where somebody reads it without an end.
        """

    def finished(self) -> None:
        """Say that all of it has been done."""

"""The contacts file and the suppression lists into the ledger, unless it holds them already.

Raises ContactsError where a file can't be read as a whole; a fault of one row stands in that row.
"""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from campaign.contacts import ContactsFile
from campaign.contacts.encoding import reading
from campaign.ledger.interface import RunLedger
from campaign.run.contacts_loading import LoadOrder, load_into
from campaign.run.contacts_process import ContactsProcess
from campaign.run.loading_notes import contacts_facts

_FORMAT = "2"
"""Goes up when the same bytes would be read differently."""


def digest(contacts: ContactsFile, suppress: tuple[Path, ...]) -> str:
    """Give what tells whether the files were read before, as they are. Raises ContactsError."""
    parts = [_FORMAT, contacts.email_column, contacts.encoding, contacts.digest()]
    for path in suppress:
        with reading(path) as file:
            parts.append(hashlib.file_digest(file, "sha256").hexdigest())
    return " ".join(parts)


class Enrolment:
    """The contacts file on its way into the ledger's roster. `heard` is told the number of rows read so far."""

    def __init__(
        self,
        ledger: RunLedger,
        contacts: ContactsFile,
        suppress: tuple[Path, ...],
        heard: Callable[[int], None],
        reader: ContactsProcess | None = None,
        *,
        strict: bool = True,
    ) -> None:
        """`reader`: the process that reads; without one, this one does. `strict`: a line of a suppression list that
        can't be used is an error. Raises ContactsError.
        """
        self._ledger = ledger
        self._contacts = contacts
        self._suppress = suppress
        self._heard = heard
        self._reader = reader
        self._strict = strict
        self._digest = digest(contacts, suppress)

    def read(self, *, in_parts: bool = False) -> None:
        """Read it all; `in_parts`, so that others may take rows meanwhile. Raises ContactsError, LedgerError."""
        order = LoadOrder(
            ledger=self._ledger.place,
            contacts=self._contacts,
            suppress=self._suppress,
            digest=self._digest,
            in_parts=in_parts,
            strict=self._strict,
        )
        if self._reader is None:
            load_into(order, self._heard)
        else:
            self._reader.read(order, self._ledger.lock, self._heard)
            self._reader.dismiss()


class BackgroundEnrolment(threading.Thread):
    """A reading that goes on while mail is sent."""

    def __init__(self, reading: Enrolment) -> None:
        super().__init__(name="contacts", daemon=True)
        self.error: Exception | None = None
        self._reading = reading

    def run(self) -> None:
        """Read; keep the error for whoever joins."""
        try:
            self._reading.read(in_parts=True)
        except Exception as error:  # whatever it is: nobody else would ever hear that no more rows come
            self.error = error


def is_enrolled(ledger: RunLedger, contacts: ContactsFile, suppress: tuple[Path, ...]) -> bool:
    """Whether the roster is these files', unchanged."""
    known = ledger.digest()
    return known is not None and known == digest(contacts, suppress)


def is_broken_off(ledger: RunLedger, contacts: ContactsFile, suppress: tuple[Path, ...]) -> bool:
    """Whether the roster is the beginning of these files', which a reading that was killed has come to."""
    return ledger.is_broken_off(digest(contacts, suppress))


def remember(ledger: RunLedger, contacts: ContactsFile) -> None:
    """Put on record what opening the file has shown, where another run may go by that."""
    for name, note in contacts_facts(contacts):
        if ledger.note(name) != note:
            ledger.keep_note(name, note)

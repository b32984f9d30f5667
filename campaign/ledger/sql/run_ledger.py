"""The ledger as the owner of a run holds it: of `RunLedger`, what both databases do alike. Raises LedgerError."""

import abc
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo

from campaign.histogram import Stretch
from campaign.ledger.sql import history, live_state, recovery, reversal, row_matching, timeline, written_results
from campaign.ledger.sql.contacts_store import SqlContacts
from campaign.ledger.sql.corrections import Corrections
from campaign.ledger.sql.earlier_days import earlier_days
from campaign.ledger.sql.facts import keep_fact, read_fact, write_fact
from campaign.ledger.values import SpreadsheetChange
from campaign.ledger_place import Place
from campaign.model import Row, Status
from campaign.run_now import RunNow

_SALT_OCTETS = 32


class SqlRunLedger(SqlContacts):
    """How it is opened, held and closed, and how a run is prepared in it, is each database's own."""

    place: Place
    """By which the run's other processes open it."""

    def add_to_timeline(self, stretches: Iterable[Stretch]) -> None:
        """Put on record what was measured."""
        timeline.add(self.database, stretches)

    @abc.abstractmethod
    def _keep_days(self, days: Mapping[date, int]) -> None:
        """Put on record how many messages began on days that nobody has counted. In a transaction."""

    def count_earlier_days(self, zone: tzinfo) -> None:
        """Count the messages of days on which there was no daily limit."""
        days = earlier_days(self.database, zone)
        with self.database.transaction():
            self._keep_days(days)

    def has_contacts(self) -> bool:
        """Whether a contacts file was ever read into it."""
        with self.database.explained():
            return self.database.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is not None

    def digest(self) -> str | None:
        """Give the digest of what was read last."""
        return read_fact(self.database, "digest")

    def note(self, name: str) -> str | None:
        """Give a note that reading the contacts has left."""
        return read_fact(self.database, name)

    def keep_note(self, name: str, text: str) -> None:
        """Keep one."""
        write_fact(self.database, name, text)

    def owners_of(self, message_ids: Collection[str], message_id: Callable[[str], str]) -> dict[str, str]:
        """Give the address to which each of these Message-IDs belongs."""
        return row_matching.owners_of(self.database, message_ids, message_id)

    def results_were_guarded(self) -> bool:
        """Whether a results file was ever written with its cells guarded against spreadsheets."""
        return written_results.may_be_guarded(self.database)

    def cells_with_apostrophe(self) -> Iterator[str]:
        """Give the contacts' cells that hold an apostrophe."""
        return written_results.cells_with_apostrophe(self.database)

    def correct(
        self,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        email_column: str,
        ignored: Iterable[str],
        key: Callable[[str], str],
        owners: Mapping[str, str],
        renamed: Mapping[str, str],
        where: str,
    ) -> Sequence[SpreadsheetChange]:
        """Correct the contacts by the rows of a results file: `corrections`."""
        with self.database.explained():
            corrections = Corrections(
                self.database,
                columns,
                email_column=email_column,
                ignored=ignored,
                key=key,
                owners=owners,
                renamed=renamed,
                where=where,
            )
            corrections.apply(rows)
        return corrections.left

    def keep_message_id_domain(self, domain: str) -> str:
        """Give the domain of the campaign's Message-IDs: `domain` in its first run, which draws their secret, too."""
        if read_fact(self.database, "message_id_domain") is None and history.first_run(self.database) is None:
            keep_fact(self.database, "message_id_secret", secrets.token_hex(_SALT_OCTETS))
        return keep_fact(self.database, "message_id_domain", domain)

    def keep_contact_key_salt(self) -> bytes:
        """Give the random octets that the keys of contacts are made from, the same in every run."""
        return bytes.fromhex(keep_fact(self.database, "contact_key_salt", secrets.token_hex(_SALT_OCTETS)))

    def recover(self) -> int:
        """Call the claims without an outcome in doubt, and say how many."""
        return recovery.recover(self.database)

    def reopen(self, statuses: Sequence[Status], *, chosen_only: bool) -> int:
        """Make rows of these statuses pending again, with all their tries. Gives how many rows."""
        return recovery.reopen(self.database, statuses, chosen_only=chosen_only)

    def announce_run(self, *, opened: datetime | None, templates: str) -> None:
        """Say what will hold if this run mails somebody."""
        history.announce(self.database, opened=opened, template=templates)

    def settle_run(self) -> None:
        """Put what was announced last on record if anybody was mailed, and drop it otherwise."""
        history.settle(self.database)

    def withdraw_run(self) -> None:
        """Drop what was announced."""
        history.drop(self.database)

    def publish(self, now: RunNow) -> None:
        """Let others see how the run goes, if that can be written at once."""
        live_state.publish(self.database, now)

    def revert(self, contacts: Collection[int]) -> None:
        """Make rows pending again that were refused for our own fault."""
        reversal.revert(self.database, contacts)

    def revert_all(self, contacts: Collection[int], count: int) -> bool:
        """Do so if just so many were refused, and nobody but one contact can be to blame."""
        return reversal.revert_all(self.database, contacts, count)

"""What the owner of a run needs of a ledger, and whoever reads a contacts file into one."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol, Self

from campaign.errors import LedgerError
from campaign.histogram import Stretch
from campaign.ledger.interface.reader import LedgerReader
from campaign.ledger.interface.shared_run import SharedRun
from campaign.ledger.values import EarlierRuns, EnrolledRow, LastRun, SpreadsheetChange
from campaign.ledger_place import Place
from campaign.model import Row, Status
from campaign.run_now import RunNow


class ContactsLedger(Protocol):
    """The contacts file in the ledger."""

    @property
    def reader(self) -> LedgerReader:
        """The questions, asked from here."""

    def enrol(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Row]],
        suppressed: Iterable[tuple[str, str, int]],
        key: Callable[[str], str],
        *,
        in_parts: bool = False,
        remember: Callable[[], Iterable[tuple[str, str]]] = tuple,
        digest: str = "",
    ) -> None:
        """Replace the contacts by these rows (`enrolment.enrol` has the rules). Raises what the arguments raise, too.
        `suppressed`: (identity, or a domain with an @-sign before it; the name of the list; its line). `key` gives the
        identity of an address, `remember` notes for the time when the lists have been read. `in_parts`: others take
        rows meanwhile. `digest`: of all that is read; what was broken off goes on by it.
        """

    def enrolled(self, digest: str, notes: Iterable[tuple[str, str]]) -> None:
        """Put on record that all of it has been read, and what else reading has shown (name and text)."""

    def rows(self) -> Iterator[EnrolledRow]:
        """Give the contacts' rows in order."""

    def count_due(self, again: Sequence[Status] = (), *, limit: int | None = None, chosen_only: bool = False) -> int:
        """Say how many contacts a run would take, were the statuses in `again` pending, too."""

    def count_left_alone(self, again: Sequence[Status], *, chosen_only: bool = False) -> int:
        """Say how many rows with these statuses would go again, had their contacts not made a complaint or asked for no
        more: such a row stays what it is, whatever is asked for.
        """

    def last_run(self) -> LastRun | None:
        """Give the last run that mailed somebody; None where none did."""

    def knew_all(self, last: LastRun) -> bool:
        """Whether nobody has come to the campaign since."""

    def earlier_runs(self, last: LastRun) -> EarlierRuns:
        """Count what earlier runs have done."""

    def close(self) -> None:
        """Let go of it."""


class RunLedger(ContactsLedger, Protocol):
    """The ledger as the owner of a run holds it: locked, and nobody else's until it is closed."""

    @property
    def lock(self) -> int | None:
        """A descriptor: whatever process inherits it keeps other runs out for as long as it lives. None where a lease
        on record does that.
        """

    @property
    def place(self) -> Place:
        """The place of the ledger, by which the run's other processes open it."""

    @property
    def shared(self) -> SharedRun | None:
        """The run as workers on other machines join it; None where the ledger is on this machine alone."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *raised: object) -> None: ...

    # What happens to it.

    @property
    def in_place(self) -> bool:
        """Whether the ledger at its place is still the one that we hold."""

    def damage(self, *, wait: bool = False) -> LedgerError | None:
        """Give what the check of a large ledger has found, which goes on after it was opened; `wait` for its end."""

    def rescue(self) -> str:
        """Copy a ledger that is not in place any more, and say where the copy is."""

    def add_to_timeline(self, stretches: Iterable[Stretch]) -> None:
        """Put on record what was measured in these stretches of time; any order, several of one time."""

    def checkpoint(self) -> None:
        """Do the housekeeping that is due. To be called now and then, at any time."""

    # The contacts.

    def has_contacts(self) -> bool:
        """Whether a contacts file was ever read into it."""

    def digest(self) -> str | None:
        """Give the digest of what was read last; None where that has not come to its end."""

    def is_broken_off(self, digest: str) -> bool:
        """Whether it holds as much as a reading of this digest had come to when it was killed."""

    def note(self, name: str) -> str | None:
        """Give a note that reading the contacts has left: text of whoever has written it."""

    def keep_note(self, name: str, text: str) -> None:
        """Keep one, in place of the one of this name."""

    # Corrected results.

    def owners_of(self, message_ids: Collection[str], message_id: Callable[[str], str]) -> dict[str, str]:
        """Give the address to which each of these belongs, of those that are this campaign's. `message_id` gives an
        address's.
        """

    def results_were_guarded(self) -> bool:
        """Whether a results file was ever written with its cells guarded against spreadsheets."""

    def cells_with_apostrophe(self) -> Iterator[str]:
        """Give the contacts' cells that hold an apostrophe: what looks guarded may be so by itself."""

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
        """Correct the contacts by the rows of a results file, and choose those (`corrections` has the rules). Gives
        the cells that were left as they are. Raises ResultsError for a row that the campaign never had.
        """

    # The run.

    def keep_message_id_domain(self, domain: str) -> str:
        """Give what stands behind the @ of the campaign's Message-IDs: `domain`, if this is its first run."""

    def keep_contact_key_salt(self) -> bytes:
        """Give what makes `contact.key` of an address: random octets, drawn by the campaign's first run."""

    def recover(self) -> int:
        """Call the claims without an outcome in doubt, and say how many. Only while nobody sends."""

    def reopen(self, statuses: Sequence[Status], *, chosen_only: bool) -> int:
        """Make rows of these statuses pending again, with all their tries. Gives how many rows."""

    def prepare(
        self,
        *,
        limit: int | None,
        chosen_only: bool,
        reading: bool = False,
        zone_column: str = "",
        limited_domains: Collection[str] = (),
    ) -> None:
        """Say how many contacts this run may take (None: all), of which rows, and whether they are `reading` more: then
        the columns are not known until that has begun. Rows stand in queues (`row_queues`) by what is in their
        `zone_column` ("": there is none), and by those domains of recipients that have a limit.
        """

    def count_earlier_days(self, zone: tzinfo) -> None:
        """Count the messages of days on which there was no daily limit, so that one that is set later knows of them."""

    def announce_run(self, *, opened: datetime | None, templates: str) -> None:
        """Say what will hold if this run mails somebody: when the window opened, unless None, and the templates."""

    def settle_run(self) -> None:
        """Put what was announced last on record if anybody was mailed, and drop it otherwise."""

    def withdraw_run(self) -> None:
        """Drop what was announced: the run did not begin after all."""

    def publish(self, now: RunNow) -> None:
        """Let others see how the run goes (`LedgerReader.run_now`). To be called about once a second. Raises nothing,
        and waits for nobody: what can't be written now will be the next time.
        """

    def revert(self, contacts: Collection[int]) -> None:
        """Make rows pending again that were refused for what turned out to be our own fault."""

    def revert_all(self, contacts: Collection[int], count: int) -> bool:
        """Do so if just `count` of them were refused and, where that is one, nobody was ever sent a message. Gives
        whether that was so.
        """

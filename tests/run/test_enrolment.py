"""The contacts file on its way into the ledger: read when it has changed, not read again when it has not."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from campaign.contacts import ContactsFile, open_contacts
from campaign.errors import CampaignError, ContactsError
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Row
from campaign.run.enrolment import BackgroundEnrolment, Enrolment, digest, is_enrolled
from tests.ledgers import rows, words


@dataclass
class Desk:
    """A contacts file, a suppression list and a ledger."""

    folder: Path
    ledger: SqliteRunLedger
    heard: list[int]

    @property
    def suppress(self) -> tuple[Path, ...]:
        return (self.folder / "quiet.csv",)

    def write(self, contacts: str, quiet: str = "") -> "Desk":
        (self.folder / "contacts.csv").write_text(contacts)
        (self.folder / "quiet.csv").write_text(quiet)
        return self

    def open(self, email_column: str = "email") -> ContactsFile:
        return open_contacts(self.folder / "contacts.csv", email_column=email_column)

    def read(self, **options: bool) -> None:
        Enrolment(self.ledger, self.open(), self.suppress, self.heard.append).read(**options)

    def holds(self) -> bool:
        return is_enrolled(self.ledger, self.open(), self.suppress)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as ledger:
        yield Desk(tmp_path, ledger, []).write("email\na@x.example\nb@x.example\n")


def test_what_was_read_is_known_until_it_changes(desk: Desk) -> None:
    assert not desk.holds()
    desk.read()
    assert desk.holds()
    assert words(desk.ledger) == ["pending", "pending"]
    assert desk.ledger.reader.columns() == ["email"]


def touch(desk: Desk) -> None:
    desk.write("email\na@x.example\nb@x.example\n")


def one_more(desk: Desk) -> None:
    desk.write("email\na@x.example\nb@x.example\nc@x.example\n")


def one_corrected(desk: Desk) -> None:
    desk.write("email\na@x.example\nc@x.example\n")


def one_suppressed(desk: Desk) -> None:
    desk.write("email\na@x.example\nb@x.example\n", "b@x.example\n")


@pytest.mark.parametrize(
    ("change", "known"), [(touch, True), (one_more, False), (one_corrected, False), (one_suppressed, False)]
)
def test_what_counts_as_a_change(desk: Desk, change: Callable[[Desk], None], known: bool) -> None:
    desk.read()
    change(desk)
    assert desk.holds() == known
    desk.read()
    assert desk.holds()


def test_another_column_for_the_addresses_is_another_file(desk: Desk) -> None:
    desk.write("email,second\na@x.example,b@x.example\n")
    assert digest(desk.open(), ()) != digest(desk.open("second"), ())


def test_suppression_lists_are_told_apart_by_number_and_content(desk: Desk, tmp_path: Path) -> None:
    contacts = desk.open()
    one, same, other = tmp_path / "1.csv", tmp_path / "2.csv", tmp_path / "3.csv"
    one.write_text("q@x.example\n")
    same.write_text("q@x.example\n")
    other.write_text("r@x.example\n")
    assert digest(contacts, (one,)) == digest(contacts, (same,))
    assert len({digest(contacts, lists) for lists in [(), (one,), (other,), (one, other)]}) == 4


def test_a_suppression_list_that_is_not_there_is_named(desk: Desk) -> None:
    desk.read()
    (desk.folder / "quiet.csv").unlink()
    with pytest.raises(ContactsError) as caught:
        desk.holds()
    assert caught.value.where == str(desk.folder / "quiet.csv")
    with pytest.raises(ContactsError):
        desk.read()


def test_it_is_told_how_far_the_reading_is(desk: Desk) -> None:
    desk.write("email\n" + "".join(f"p{number}@x.example\n" for number in range(12_000)))
    desk.read()
    assert desk.heard[-1] == 12_000
    assert desk.heard == sorted(desk.heard) and len(desk.heard) > 1


@dataclass
class Failing:
    """A contacts file that can be read up to a point."""

    whole: ContactsFile
    error: Exception
    good: int = 2_500
    known_digest: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return self.whole.columns

    @property
    def email_column(self) -> str:
        return self.whole.email_column

    @property
    def encoding(self) -> str:
        return self.whole.encoding

    def digest(self) -> str:
        return self.whole.digest()

    def rows(self, **_: object) -> Iterator[list[Row]]:
        yield rows(*(f"p{number}@x.example" for number in range(self.good)))
        raise self.error


def failing(desk: Desk, error: Exception) -> ContactsFile:
    return cast(ContactsFile, Failing(desk.open(), error))


def test_a_file_that_fails_on_the_way_leaves_the_old_roster_as_it_was(desk: Desk) -> None:
    desk.read()
    reading = Enrolment(desk.ledger, failing(desk, ContactsError("no more")), desk.suppress, desk.heard.append)
    with pytest.raises(ContactsError):
        reading.read()
    assert words(desk.ledger) == ["pending", "pending"]
    assert desk.holds()


def test_read_in_parts_others_see_it_grow_and_what_came_stays_but_is_not_taken_for_the_whole(desk: Desk) -> None:
    reading = Enrolment(desk.ledger, failing(desk, ContactsError("no more")), desk.suppress, desk.heard.append)
    with pytest.raises(ContactsError):
        reading.read(in_parts=True)
    assert len(words(desk.ledger)) == 2_500
    assert not desk.holds()
    desk.read()
    assert words(desk.ledger) == ["pending", "pending"]
    assert desk.holds()


def test_read_in_parts_is_the_same_as_read_at_once(desk: Desk, tmp_path: Path) -> None:
    lines = [f"p{number % 4_500}@x.example" for number in range(6_000)]
    lines[100], lines[5_000] = "nobody", "Quiet@X.example"
    desk.write("email\n" + "\n".join(lines) + "\n", "quiet@x.example\n")
    desk.read(in_parts=True)
    assert desk.holds()
    assert desk.ledger.note("reading") == "0"
    with SqliteRunLedger.open(tmp_path / "other.ledger", "small") as other:
        Enrolment(other, desk.open(), desk.suppress, desk.heard.append).read()
        assert _entries(other.path) == _entries(desk.ledger.path)
    assert set(words(desk.ledger)) == {"pending", "duplicate", "invalid", "suppressed"}


def _entries(path: Path) -> list[tuple[object, ...]]:
    with closing(connect(path, readonly=True)) as database:
        return database.execute("SELECT * FROM entry ORDER BY row").fetchall()


@pytest.mark.parametrize("error", [ContactsError("no more"), MemoryError("no more")])
def test_whatever_ends_a_reading_aside_is_heard_by_whoever_joins_it(desk: Desk, error: Exception) -> None:
    """A thread that ends without a word would leave the workers waiting for rows for ever."""
    aside = BackgroundEnrolment(Enrolment(desk.ledger, failing(desk, error), desk.suppress, desk.heard.append))
    assert aside.error is None
    aside.start()
    aside.join()
    assert aside.error is error


def test_a_reading_aside_that_comes_to_its_end_has_no_error(desk: Desk) -> None:
    aside = BackgroundEnrolment(Enrolment(desk.ledger, desk.open(), desk.suppress, desk.heard.append))
    aside.start()
    aside.join()
    assert aside.error is None
    assert desk.holds()


def test_a_suppression_list_without_an_address_stops_the_reading(desk: Desk) -> None:
    desk.write("email\na@x.example\n", "nobody in here\n")
    with pytest.raises(CampaignError) as caught:
        desk.read()
    assert caught.value.where == str(desk.folder / "quiet.csv")
    assert not desk.ledger.has_contacts()

"""The roster: who is enrolled and why not, what a changed file changes, and who gets which rows."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import ContactsError, LedgerError
from campaign.ledger.sql.due_counts import count_due
from campaign.ledger.sql.enrolled_rows import enrolled_rows
from campaign.ledger.sqlite.due_rows import SqliteDueRows, prepare_run
from campaign.ledger.sqlite.enrolment import enrol
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Row, Status
from tests import ledgers
from tests.ledgers import people, row, rows, settle, words
from tests.stores import taken


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as opened:
        yield opened


def details(ledger: SqliteRunLedger) -> list[tuple[Status, str]]:
    return [(one.status, one.detail) for one in enrolled_rows(ledger.database)]


def test_rows_come_back_as_they_were_read(ledger: SqliteRunLedger) -> None:
    cells = ("Ann@B.example", ' "quoted" ', "a\nb\\c\0é")
    ledgers.enrolled(ledger, [row(1, "Ann@b.example", *cells)], columns=("email", "two", "three"))
    (one,) = enrolled_rows(ledger.database)
    assert (one.contact.number, one.contact.email) == (1, "Ann@b.example")
    assert one.contact.columns == dict(zip(("email", "two", "three"), cells, strict=True))
    assert (one.status, one.detail) == (Status.PENDING, "")
    prepare_run(ledger.database, limit=None, chosen_only=False)
    due_rows = SqliteDueRows(ledger.path)
    (due,) = due_rows.take(10) or []
    assert due.contact == one.contact
    assert due_rows.take(10) is None
    due_rows.close()


def test_the_first_mailable_row_of_an_address_has_it(ledger: SqliteRunLedger) -> None:
    entries = [
        row(1, "a@x.example", fault="line 2 has 1 cell"),
        row(2, "A@x.example"),
        row(3, "b@x.example"),
        row(4, "a@X.example"),
        row(5, "b@x.example"),
        row(6, None),
        row(7, None),
        row(8, "a@x.example"),
    ]
    ledgers.enrolled(ledger, entries)
    assert details(ledger) == [
        (Status.INVALID, "line 2 has 1 cell"),
        (Status.PENDING, ""),
        (Status.PENDING, ""),
        (Status.DUPLICATE, "the address of row 2"),
        (Status.DUPLICATE, "the address of row 3"),
        (Status.INVALID, "no address"),
        (Status.INVALID, "no address"),
        (Status.DUPLICATE, "the address of row 2"),
    ]
    assert list(taken(ledger)) == ["A@x.example", "b@x.example"]


@pytest.mark.parametrize("known", [False, True])
def test_the_suppressed_are_not_mailed(ledger: SqliteRunLedger, known: bool) -> None:
    entries = rows("a@x.example", "B@x.example", "c@x.example", "b@x.example")
    if known:
        ledgers.enrolled(ledger, entries)
    ledgers.enrolled(ledger, entries, suppressed=["b@x.example", "z@x.example", "b@x.example"])
    assert words(ledger) == ["pending", "suppressed", "pending", "duplicate"]
    assert list(taken(ledger)) == ["a@x.example", "c@x.example"]
    ledgers.enrolled(ledger, entries)
    assert words(ledger) == ["pending", "pending", "pending", "duplicate"]


def test_who_was_mailed_stays_mailed_when_suppressed_later(ledger: SqliteRunLedger) -> None:
    entries = rows("a@x.example", "b@x.example", "c@x.example")
    ledgers.enrolled(ledger, entries)
    settle(ledger, {"a@x.example": Status.SENT, "b@x.example": Status.FAILED})
    ledgers.enrolled(ledger, entries, suppressed=["a@x.example", "b@x.example"])
    assert words(ledger) == ["sent", "suppressed", "pending"]


def test_a_changed_file_changes_only_what_was_not_sent(ledger: SqliteRunLedger) -> None:
    ledgers.enrolled(ledger, rows("a@x.example", "b@x.example", "c@x.example"))
    settle(ledger, {"a@x.example": Status.SENT, "b@x.example": Status.FAILED})
    ledgers.enrolled(ledger, rows("new@x.example", "c@x.example", "B@x.example", "a@x.example", "A@x.example"))
    assert words(ledger) == ["pending", "pending", "failed", "sent", "duplicate"]
    assert list(taken(ledger)) == ["new@x.example", "c@x.example"]
    ledgers.enrolled(ledger, rows("c@x.example"))
    assert words(ledger) == ["pending"]
    ledgers.enrolled(ledger, rows("a@x.example", "c@x.example"))
    assert words(ledger) == ["sent", "pending"]


_FILE = st.lists(
    st.tuples(st.sampled_from(["a@x.example", "B@x.example", "b@x.example", "c@x.example", None]), st.booleans()),
    max_size=9,
)


@given(files=st.lists(_FILE, min_size=1, max_size=4), listed=st.sets(st.sampled_from(["a@x.example", "b@x.example"])))
def test_every_reading_of_a_file_says_the_same_as_the_first(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str | None, bool]]], listed: set[str]
) -> None:
    """Whatever was read before, the last file is judged by itself; one address is one contact for ever."""
    numbers: dict[str, int] = {}
    with SqliteRunLedger.open(tmp_path_factory.mktemp("roster") / "x.ledger", "x") as ledger:
        for file in files:
            entries = [
                row(number, email, fault="torn" if torn else None) for number, (email, torn) in enumerate(file, 1)
            ]
            ledgers.enrolled(ledger, entries, suppressed=sorted(listed))
            assert [(one.status, one.detail) for one in enrolled_rows(ledger.database)] == _expected(entries, listed)
            for address, number in ledger.database.execute("SELECT address, id FROM contact"):
                assert numbers.setdefault(address, number) == number
            assert len(set(numbers.values())) == len(numbers)


def _expected(entries: list[Row], listed: set[str]) -> list[tuple[Status, str]]:
    first: dict[str, int] = {}
    found = []
    for one in entries:
        if one.fault or one.email is None:
            found.append((Status.INVALID, one.fault or ""))
            continue
        address = one.email.lower()
        before = first.setdefault(address, one.number)
        if before != one.number:
            found.append((Status.DUPLICATE, f"the address of row {before}"))
        elif address in listed:
            line = sorted(listed).index(address) + 1
            found.append((Status.SUPPRESSED, f"on suppression list quiet.csv, line {line}"))
        else:
            found.append((Status.PENDING, ""))
    return found


def test_a_file_that_breaks_off_leaves_the_roster_as_it_was(ledger: SqliteRunLedger) -> None:
    people(ledger, 5)
    ledger.keep_note("digest", "the first file")

    def torn() -> Iterator[list[Row]]:
        yield rows("new@x.example")
        raise ContactsError("the file is torn")

    with pytest.raises(ContactsError, match="torn"):
        enrol(ledger.database, ("other",), torn(), ledgers.listed("p1@people.example"), str.lower)
    assert words(ledger) == ["pending"] * 5
    assert (ledger.note("digest"), ledger.reader.columns()) == ("the first file", ["email"])


def test_in_parts_others_take_while_it_grows(ledger: SqliteRunLedger) -> None:
    prepare_run(ledger.database, limit=None, chosen_only=False, reading=True)
    ledger.keep_note("columns", '["email"]')
    due_rows, got = SqliteDueRows(ledger.path), []
    assert due_rows.take(10) == []

    def growing() -> Iterator[list[Row]]:
        for start in range(1, 9_001, 1_000):
            yield [row(number, f"{number}@x.example") for number in range(start, start + 1_000)]
            got.extend(due_rows.take(700) or [])

    enrol(ledger.database, ("email",), growing(), [], str.lower, in_parts=True)
    assert got
    while more := due_rows.take(700):
        got += more
    assert due_rows.take(700) == []
    prepare_run(ledger.database, limit=None, chosen_only=False)
    ledger.keep_note("cursor", "9000")
    assert due_rows.take(700) is None
    due_rows.close()
    assert [due.contact.number for due in got] == list(range(1, 9_001))


def test_a_full_disk_leaves_the_roster_as_it_was(tiny_disk: Path) -> None:
    with SqliteRunLedger.open(tiny_disk / "x.ledger", "x") as ledger:
        people(ledger, 5)
        many = ([row(number, f"{number}@x.example", "x" * 3000)] for number in range(1, 10_000))
        with pytest.raises(LedgerError, match="the disk is full") as caught:
            enrol(ledger.database, ("email",), many, [], str.lower)
        assert caught.value.where == str(ledger.path)
        assert words(ledger) == ["pending"] * 5
        assert list(taken(ledger)) == [f"p{number}@people.example" for number in range(1, 6)]


def test_no_row_goes_to_two_takers(ledger: SqliteRunLedger) -> None:
    people(ledger, 200)
    prepare_run(ledger.database, limit=None, chosen_only=False)
    got: list[list[int]] = []

    def take() -> None:
        due_rows, mine = SqliteDueRows(ledger.path), []
        while some := due_rows.take(7):
            mine += [due.id for due in some]
        due_rows.close()
        got.append(mine)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for mine in got for number in mine) == list(range(1, 201))
    assert all(mine == sorted(mine) for mine in got)


@pytest.mark.parametrize(("limit", "expected"), [(None, 5), (0, 0), (3, 3), (99, 5)])
def test_a_limit_counts_contacts_not_rows(ledger: SqliteRunLedger, limit: int | None, expected: int) -> None:
    ledgers.enrolled(
        ledger, rows("a@x.example", None, "a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example")
    )
    assert count_due(ledger.database, (), limit=limit, chosen_only=False) == expected
    assert len(list(taken(ledger, limit=limit))) == expected


def test_only_the_chosen(ledger: SqliteRunLedger) -> None:
    people(ledger, 4)
    ledger.database.execute("UPDATE entry SET chosen = 1 WHERE row IN (2, 4)")
    assert count_due(ledger.database, (), limit=None, chosen_only=True) == 2
    assert list(taken(ledger, chosen_only=True)) == ["p2@people.example", "p4@people.example"]


def test_only_those_whose_turn_it_is(ledger: SqliteRunLedger) -> None:
    people(ledger, 10)
    address = "p{}@people.example".format
    for number, status in enumerate(Status, 1):
        if status not in (Status.SUPPRESSED, Status.DUPLICATE):
            settle(ledger, {address(number): status})
    again = (Status.FAILED, Status.INVALID)
    assert count_due(ledger.database, again, limit=None, chosen_only=False) == 6
    assert ledger.reopen(again, chosen_only=False) == 2
    assert count_due(ledger.database, (), limit=None, chosen_only=False) == 6
    assert len(list(taken(ledger))) == 6
    assert not {address(number) for number, status in enumerate(Status, 1) if status is Status.SENT} & set(
        taken(ledger)
    )


def test_tries_spent_are_known_to_who_takes_next(ledger: SqliteRunLedger) -> None:
    people(ledger, 1)
    settle(ledger, {"p1@people.example": Status.PENDING})
    prepare_run(ledger.database, limit=None, chosen_only=False)
    due_rows = SqliteDueRows(ledger.path)
    assert [due.tries for due in due_rows.take(1) or []] == [1]
    due_rows.close()
    ledger.reopen((Status.FAILED,), chosen_only=False)
    prepare_run(ledger.database, limit=None, chosen_only=False)
    due_rows = SqliteDueRows(ledger.path)
    assert [due.tries for due in due_rows.take(1) or []] == [0]
    due_rows.close()


@pytest.mark.parametrize("cells", ["[]", '["a","b"]', "nonsense", '"a"', '["a"'])
def test_cells_that_make_no_sense_are_damage(ledger: SqliteRunLedger, cells: str) -> None:
    people(ledger, 1)
    ledger.database.execute("UPDATE entry SET cells = ?", (cells,))
    with pytest.raises(LedgerError, match="cells of row 1"):
        list(taken(ledger))
    with pytest.raises(LedgerError, match="cells of row 1"):
        list(enrolled_rows(ledger.database))


def test_only_the_differences_are_written(ledger: SqliteRunLedger) -> None:
    """A row that is the same is left alone, and so is its contact; what follows the last one is gone."""
    addresses = ["a@x.example", "b@x.example", "a@x.example", "c@x.example", None, "d@x.example"]
    ledgers.enrolled(ledger, ledgers.rows(*addresses), suppressed=["d@x.example"])
    database = ledger.database
    database.execute("CREATE TEMP TABLE written (what)")
    for table, value in (("entry", "row"), ("contact", "address")):
        for event in ("INSERT", "UPDATE"):
            database.execute(
                f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} "
                f"BEGIN INSERT INTO written VALUES (new.{value}); END"
            )
    ledgers.enrolled(ledger, ledgers.rows(*addresses), suppressed=["d@x.example"])
    assert database.execute("SELECT * FROM written").fetchall() == []
    addresses[1:3] = ["c@x.example", "e@x.example"]
    ledgers.enrolled(ledger, ledgers.rows(*addresses[:5]))
    found = [what for (what,) in database.execute("SELECT * FROM written")]
    assert sorted(found, key=str) == [2, 3, 4, "c@x.example", "e@x.example"]
    assert [word for word, _ in details(ledger)] == ["pending", "pending", "pending", "duplicate", "invalid"]

"""A contacts file in PostgreSQL: what reading it leaves is, row by row, what it leaves in SQLite."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.contacts import contact_key
from campaign.errors import ContactsError, LedgerBusyError
from campaign.ledger.database import Database
from campaign.ledger.postgres import enrolment
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.sql.broken_off import is_broken_off
from campaign.ledger.sql.erased import Erased
from campaign.ledger.sql.tally import counted, recount, tally
from campaign.ledger.sqlite.enrolment import enrol as enrol_in_sqlite
from campaign.ledger.sqlite.schema import temporary
from campaign.ledger_place import DatabasePlace
from campaign.model import Row
from tests.ledgers import listed, row, rows
from tests.postgres.ledgers import dumped, made

pytestmark = pytest.mark.postgres
Places = Callable[[str], DatabasePlace]
_KEY = "0f" * 32


@pytest.fixture
def ledger(place: Places) -> Iterator[PostgresConnection]:
    with contextlib.closing(made(place("autumn"))) as opened:
        yield opened


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One file, the lists, and what happens to its people afterwards."""

    emails: Sequence[tuple[str | None, bool]]
    suppressed: Sequence[str]
    first_only: int
    """So many rows are read by themselves before, as though the reading had been killed behind them; 0: none."""
    torn: bool
    mailed: Sequence[str]
    erased: Sequence[str]
    chosen: Sequence[int]


_ADDRESS = st.sampled_from(["a@x.example", "B@x.example", "b@x.example", "c@y.example", "d@y.example", "e@z.example"])
_READING = st.builds(
    Reading,
    emails=st.lists(st.tuples(st.none() | _ADDRESS, st.booleans()), min_size=1, max_size=12),
    suppressed=st.lists(st.sampled_from(["a@x.example", "d@y.example", "@y.example", "z@z.example"]), max_size=4),
    first_only=st.integers(0, 6),
    torn=st.booleans(),
    mailed=st.lists(_ADDRESS, max_size=3),
    erased=st.lists(st.sampled_from(["a@x.example", "c@y.example"]), max_size=1),
    chosen=st.lists(st.integers(1, 12), max_size=2),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(readings=st.lists(_READING, min_size=1, max_size=4))
def test_both_databases_have_the_same_after_any_readings(ledger: PostgresConnection, readings: list[Reading]) -> None:
    """New rosters, changed ones, those that were broken off and go on; duplicates, the suppressed, the erased."""
    tables = ", ".join(["contact", "entry", "delivery", "suppressed", "erased"])
    ledger.execute(f"TRUNCATE {tables}")
    ledger.execute("UPDATE tally SET rows = 0")
    ledger.execute("DELETE FROM facts WHERE name <> 'campaign'")
    with contextlib.closing(temporary("autumn")) as other:
        for number, reading in enumerate(readings):
            _read(ledger, enrolment.enrol, reading, digest=f"{number}")
            _read(other, enrol_in_sqlite, reading, digest=f"{number}")
            assert dumped(ledger) == dumped(other)
            assert tally(ledger) == counted(ledger)


def _read(database: Database, enrol: Callable[..., None], reading: Reading, *, digest: str) -> None:
    file = [
        row(number, email, f"cell {number % 3}\0", "é\n\"'", fault="torn" if torn else None)
        for number, (email, torn) in enumerate(reading.emails, 1)
    ]
    columns, suppressed = ("one", "two"), listed(*reading.suppressed)
    if reading.first_only:
        enrol(database, columns, [file[: reading.first_only]], suppressed, contact_key, digest=digest)
    chunks = _chunks(file, torn=reading.torn)
    with pytest.raises(ContactsError) if reading.torn else contextlib.nullcontext():
        enrol(database, columns, chunks, suppressed, contact_key, digest=digest)
    with database.transaction():
        _afterwards(database, reading)
        recount(database)


def _chunks(file: Sequence[Row], *, torn: bool = False) -> Iterator[Sequence[Row]]:
    yield from (file[start : start + 5] for start in range(0, len(file), 5))
    if torn:
        raise ContactsError("the file is torn")


def _afterwards(database: Database, reading: Reading) -> None:
    """What runs, corrections and erasures leave that a later reading comes upon."""
    for email in reading.mailed:
        mailed = "INSERT INTO delivery (contact, status) SELECT id, 'sent' FROM contact WHERE address = ?"
        database.execute(f"{mailed} ON CONFLICT DO NOTHING", (contact_key(email),))
    for place in reading.chosen:
        database.execute("UPDATE entry SET chosen = TRUE WHERE row = ?", (place,))
    for email in reading.erased:
        database.execute("INSERT INTO facts VALUES ('erasure_key', ?) ON CONFLICT DO NOTHING", (_KEY,))
        mark = Erased(database).mark(email)
        database.execute("INSERT INTO erased VALUES (?, '2026-11-27') ON CONFLICT DO NOTHING", (mark,))
        database.execute(
            "DELETE FROM contact WHERE address = ? AND EXISTS (SELECT 1 FROM contact WHERE address = ?)", (email, mark)
        )
        database.execute("UPDATE contact SET address = ? WHERE address = ?", (mark, email))


def test_a_roster_that_grows_is_seen_part_by_part(ledger: PostgresConnection, place: Places) -> None:
    """Each part whole, while the reading goes on; and how many rows there are is always right."""
    seen: list[tuple[int, int]] = []
    with PostgresConnection(place("autumn")) as other:

        def growing() -> Iterator[list[Row]]:
            for start in range(1, 9_001, 500):
                yield [row(number, f"{number % 8_500}@x.example") for number in range(start, start + 500)]
                (entries,) = other.execute("SELECT count(*) FROM entry").fetchone()
                seen.append((entries, sum(tally(other).values())))

        enrolment.enrol(ledger, ("email",), growing(), [], str.lower, in_parts=True)
    assert [entries for entries, _ in seen] == sorted(entries for entries, _ in seen)
    assert len({entries for entries, _ in seen}) > 3
    assert all(entries == rows for entries, rows in seen)
    assert tally(ledger) == {("due", "pending"): 8_500, ("duplicate", "pending"): 500}


def test_a_reading_that_ends_in_the_middle_leaves_what_it_should(ledger: PostgresConnection) -> None:
    """Of a new roster nothing, or, where others take from it, what came before."""
    with pytest.raises(ContactsError):
        enrolment.enrol(ledger, ("email",), _chunks(rows("a@x.example"), torn=True), [], str.lower, digest="1")
    assert dumped(ledger)["entry"] == [] and dumped(ledger)["contact"] == []
    many = [row(number, f"{number}@x.example") for number in range(1, 3_001)]
    with pytest.raises(ContactsError):
        enrolment.enrol(ledger, ("email",), _chunks(many, torn=True), [], str.lower, in_parts=True, digest="1")
    assert len(dumped(ledger)["entry"]) == 2_000
    assert not is_broken_off(ledger, "1"), "an error is not a kill: it would come again"


def test_a_list_that_cannot_be_read_stops_before_any_row(ledger: PostgresConnection) -> None:
    enrolment.enrol(ledger, ("email",), [rows("a@x.example")], listed("a@x.example"), str.lower)

    def torn() -> Iterator[tuple[str, str, int]]:
        yield "b@x.example", "quiet.csv", 1
        raise ContactsError("line 2 can't be used")

    before = dumped(ledger)
    with pytest.raises(ContactsError, match="line 2"):
        enrolment.enrol(ledger, ("email",), [rows("b@x.example")], torn(), str.lower)
    assert dumped(ledger) == before


def test_only_the_differences_are_written(ledger: PostgresConnection) -> None:
    """A row that is the same is left alone, and so is its contact: its version is the one that was written first."""
    emails = ["a@x.example", "b@x.example", "a@x.example", "c@x.example", None, "d@x.example"]
    enrolment.enrol(ledger, ("email",), [rows(*emails)], listed("d@x.example"), str.lower)
    before = _versions(ledger)
    enrolment.enrol(ledger, ("email",), [rows(*emails)], listed("d@x.example"), str.lower)
    assert _versions(ledger) == before
    emails[1:3] = ["c@x.example", "e@x.example"]
    enrolment.enrol(ledger, ("email",), [rows(*emails[:5])], [], str.lower)
    after = _versions(ledger)
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {"2", "3", "4", "c@x.example", "e@x.example"}
    assert "6" not in after


def _versions(database: PostgresConnection) -> dict[str, tuple[int, str]]:
    found = database.execute(
        "SELECT CAST(row AS text), CAST(xmin AS text), CAST(xmax AS text) FROM entry "
        "UNION ALL SELECT address, CAST(xmin AS text), CAST(xmax AS text) FROM contact"
    )
    return {key: (xmin, xmax) for key, xmin, xmax in found}


def test_one_process_enrols_at_a_time(
    ledger: PostgresConnection, place: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose run was taken over may still be reading: the one that took it over waits, and then says so."""
    monkeypatch.setattr(enrolment, "PATIENCE", 0.01)
    refused: list[str] = []

    def reading() -> Iterator[list[Row]]:
        yield rows("a@x.example")
        with PostgresConnection(place("autumn")) as other, pytest.raises(LedgerBusyError) as caught:
            enrolment.enrol(other, ("email",), [rows("b@x.example")], [], str.lower)
        refused.append(caught.value.what)

    enrolment.enrol(ledger, ("email",), reading(), [], str.lower)
    assert refused
    with PostgresConnection(place("autumn")) as other:
        enrolment.enrol(other, ("email",), [rows("b@x.example")], [], str.lower)
    assert [address for address, *_ in dumped(ledger)["contact"]] == ["a@x.example", "b@x.example"]

"""A corrected file over the roster: who is recognised, what is rewritten, what is left alone."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from campaign.contacts import contact_key
from campaign.errors import LedgerError, ResultsError
from campaign.ledger.cells import decode_cells
from campaign.ledger.sql import queries
from campaign.ledger.sql.corrections import Corrections
from campaign.ledger.sql.newest import newest
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger_place import Place
from campaign.model import Row, Status
from tests import ledgers
from tests.ledgers import row, settle, words
from tests.stores import open_run, taken

IGNORED = ("status", "message_id")
ANN, BOB, CID, DAN = (f"{name}@x.example" for name in ("ann", "bob", "cid", "dan"))


@pytest.fixture
def ledger(store: Place) -> Iterator[SqlRunLedger]:
    """Ann was sent, Bob failed, Cid was refused, Dan waits; Bob stands there twice; one row has no address."""
    with open_run(store) as opened:
        names = [(ANN, "Ann"), (BOB, "Bob"), (CID, "Cid"), (DAN, "Dan"), (BOB, "Bobby")]
        entries = [row(number, email, email, name) for number, (email, name) in enumerate(names, 1)]
        entries.append(row(6, None, "eve@", "Eve"))
        ledgers.enrolled(opened, entries, columns=("email", "name"))
        settle(opened, {ANN: Status.SENT, BOB: Status.FAILED, CID: Status.REJECTED})
        yield opened


def amend(
    ledger: SqlRunLedger,
    rows: Iterable[Row],
    columns: Sequence[str] = ("email", "name"),
    owners: dict[str, str] | None = None,
) -> int:
    amendment = Corrections(
        ledger.database, columns, email_column=columns[0], ignored=IGNORED, key=contact_key, owners=owners or {}
    )
    marked = amendment.apply(rows)
    assert newest(ledger.database) == ledger.database.execute("SELECT max(id) FROM contact").fetchone()[0]
    return marked


def corrected(*lines: Sequence[str | None], faults: dict[int, str] | None = None) -> list[Row]:
    """Rows of a corrected file: each the address that was read in it (or None), then its cells."""
    return [
        row(number, email, *[cell or "" for cell in cells], fault=(faults or {}).get(number))
        for number, (email, *cells) in enumerate(lines, 1)
    ]


def same(*picked: int) -> list[Row]:
    """The rows of the roster as they are, in this order."""
    lines = [
        (ANN, ANN, "Ann"),
        (BOB, BOB, "Bob"),
        (CID, CID, "Cid"),
        (DAN, DAN, "Dan"),
        (BOB, BOB, "Bobby"),
        (None, "eve@", "Eve"),
    ]
    return corrected(*(lines[number - 1] for number in picked))


def cells(ledger: SqlRunLedger) -> list[list[str]]:
    return [decode_cells(one.cells) for one in queries.result_rows(ledger.database)]


def chosen(ledger: SqlRunLedger) -> list[int]:
    return [number for (number,) in ledger.database.execute("SELECT row FROM entry WHERE chosen ORDER BY row")]


BEFORE = [[ANN, "Ann"], [BOB, "Bob"], [CID, "Cid"], [DAN, "Dan"], [BOB, "Bobby"], ["eve@", "Eve"]]
WORDS = ["sent", "failed", "rejected", "pending", "duplicate", "invalid"]


@pytest.mark.parametrize(
    "order", [(1, 2, 3, 4, 5, 6), (6, 5, 4, 3, 2, 1), (5, 6), (5, 2), (2, 5), (5,), (5, 5, 2, 2, 6, 6, 1, 1), ()]
)
def test_what_was_not_changed_changes_nothing(ledger: SqlRunLedger, order: tuple[int, ...]) -> None:
    amend(ledger, same(*order))
    assert cells(ledger) == BEFORE
    assert words(ledger) == WORDS
    assert set(chosen(ledger)) == {2 if number == 5 else number for number in order if number != 6}


def test_only_the_chosen_go(ledger: SqlRunLedger) -> None:
    assert amend(ledger, same(2, 3)) == 2
    ledger.reopen((Status.FAILED,), chosen_only=True)
    assert list(taken(ledger, chosen_only=True)) == [BOB]
    assert amend(ledger, same(4)) == 1
    assert chosen(ledger) == [4]


def test_other_columns_are_corrected_but_never_of_what_was_sent(ledger: SqlRunLedger) -> None:
    amend(ledger, corrected((ANN, ANN, "Anna"), (BOB, "  Bob@x.example", "Robert"), (DAN, DAN, "Daniel")))
    assert cells(ledger) == [[ANN, "Ann"], ["  Bob@x.example", "Robert"], [CID, "Cid"], [DAN, "Daniel"], *BEFORE[4:]]
    assert words(ledger) == WORDS


def test_a_row_that_was_sent_is_not_called_invalid_by_a_damaged_copy(ledger: SqlRunLedger) -> None:
    torn = corrected((ANN, ANN, ""), (BOB, BOB, ""), faults={1: "line 2 has 1 cell", 2: "line 3 has 1 cell"})
    amend(ledger, torn, owners={})
    assert words(ledger)[:2] == ["sent", "failed"]
    assert cells(ledger) == BEFORE
    ids = [
        Row(
            number=one.number,
            line=one.line,
            cells=(*one.cells, "<a>", "<b>")[: 2 + 1],
            email=one.email,
            fault=one.fault,
        )
        for one in torn
    ]
    amend(ledger, ids, ("email", "name", "message_id"), owners={"<a>": ANN})
    assert (words(ledger), cells(ledger)) == (WORDS, BEFORE)


def test_added_columns_are_everybodys(ledger: SqlRunLedger) -> None:
    lines = corrected(
        (ANN, ANN, "Oslo", "Ann"), (BOB, BOB, "Rome", "Bob"), (BOB, BOB, "Bari", "Bobby"), (None, "eve@", "Kiel", "Eve")
    )
    amend(ledger, lines, ("email", "city", "name"))
    assert ledger.reader.columns() == ["email", "name", "city"]
    assert [one[-1] for one in cells(ledger)] == ["Oslo", "Rome", "", "", "Bari", "Kiel"]
    assert [one[:2] for one in cells(ledger)] == BEFORE
    assert words(ledger) == WORDS


def test_left_out_columns_stay(ledger: SqlRunLedger) -> None:
    amend(ledger, corrected((BOB, "BOB@x.example", "failed")), ("email", "status"))
    assert cells(ledger)[1] == ["BOB@x.example", "Bob"]


def test_a_mended_row_is_the_row_it_was(ledger: SqlRunLedger) -> None:
    assert amend(ledger, corrected(("eve@x.example", "eve@x.example", "Eve"))) == 1
    assert cells(ledger) == [*BEFORE[:5], ["eve@x.example", "Eve"]]
    assert words(ledger) == [*WORDS[:5], "pending"]
    assert list(taken(ledger, chosen_only=True)) == ["eve@x.example"]


def test_mended_into_what_still_cannot_be_mailed(ledger: SqlRunLedger) -> None:
    amend(ledger, [row(1, None, "eve@@x", "Eve", fault="two @")])
    (*_, eve) = queries.result_rows(ledger.database)
    assert (decode_cells(eve.cells), eve.status, eve.detail) == (["eve@@x", "Eve"], "invalid", "two @")


def test_mended_into_an_address_that_is_there(ledger: SqlRunLedger) -> None:
    lines = corrected((BOB, BOB, "Eve", "invalid", ""), (BOB, BOB, "Bob", "failed", "<1>"))
    amend(ledger, lines, ("email", "name", "status", "message_id"))
    assert words(ledger) == [*WORDS[:5], "duplicate"]
    assert cells(ledger) == [*BEFORE[:5], [BOB, "Eve"]]
    assert chosen(ledger) == [2, 6]


def test_without_our_columns_an_address_that_is_there_is_that_row(ledger: SqlRunLedger) -> None:
    amend(ledger, [*same(1), row(2, ANN, ANN, "Eve")])
    assert (words(ledger), cells(ledger)) == (WORDS, BEFORE)


def test_a_duplicate_with_other_cells_is_left_alone(ledger: SqlRunLedger) -> None:
    lines = corrected((BOB, BOB, "Robert", "duplicate", ""), (BOB, BOB, "Bob", "failed", "<1>"))
    amend(ledger, lines, ("email", "name", "status", "message_id"))
    assert (words(ledger), cells(ledger), chosen(ledger)) == (WORDS, BEFORE, [2])


@pytest.mark.parametrize(("number", "owner", "word"), [(2, BOB, "pending"), (3, CID, "pending"), (4, DAN, "pending")])
def test_a_corrected_address_is_known_by_its_message_id(
    ledger: SqlRunLedger, number: int, owner: str, word: str
) -> None:
    line = ("new@x.example", "new@x.example", "Somebody", "<1>", "failed")
    amend(ledger, corrected(line), ("email", "name", "message_id", "status"), owners={"<1>": owner})
    assert cells(ledger)[number - 1] == ["new@x.example", "Somebody"]
    assert words(ledger)[number - 1] == word
    assert len(words(ledger)) == 6
    assert list(taken(ledger, chosen_only=True)) == ["new@x.example"]


def test_the_address_of_what_was_sent_is_not_corrected_any_more(ledger: SqlRunLedger) -> None:
    amend(
        ledger,
        corrected(("new@x.example", "new@x.example", "Ann", "<1>")),
        ("email", "name", "message_id"),
        owners={"<1>": ANN},
    )
    assert (words(ledger), cells(ledger)) == (WORDS, BEFORE)
    assert list(taken(ledger, chosen_only=True)) == []


def test_corrected_to_an_address_that_is_there_is_a_duplicate(ledger: SqlRunLedger) -> None:
    amend(ledger, corrected((ANN, ANN, "Cid", "<1>")), ("email", "name", "message_id"), owners={"<1>": CID})
    assert words(ledger) == ["sent", "failed", "duplicate", "pending", "duplicate", "invalid"]
    assert cells(ledger)[2] == [ANN, "Cid"]


def test_corrected_to_an_address_that_is_suppressed(ledger: SqlRunLedger) -> None:
    ledger.database.execute("INSERT INTO suppressed VALUES ('new@x.example', 'quiet.csv', 7)")
    line = ("new@x.example", "new@x.example", "Cid", "<1>")
    amend(ledger, corrected(line), ("email", "name", "message_id"), owners={"<1>": CID})
    assert words(ledger)[2] == "suppressed"


def test_who_shared_the_address_that_was_corrected_has_it_now(ledger: SqlRunLedger) -> None:
    line = ("new@x.example", "new@x.example", "Bob", "<1>")
    amend(ledger, corrected(line), ("email", "name", "message_id"), owners={"<1>": BOB})
    assert words(ledger) == ["sent", "pending", "rejected", "pending", "failed", "invalid"]
    assert cells(ledger)[4] == [BOB, "Bobby"]


def refused(ledger: SqlRunLedger, lines: list[Row], *rest: Any) -> str:
    """Whom the refusal names. It leaves the roster as it was."""
    with pytest.raises(ResultsError, match="none that this campaign ever had") as caught:
        amend(ledger, lines, *rest)
    assert (cells(ledger), words(ledger), chosen(ledger)) == (BEFORE, WORDS, [])
    assert "contacts file" in caught.value.fix
    return caught.value.where


def test_a_copied_row_with_another_address_is_a_stranger(ledger: SqlRunLedger) -> None:
    first, second = ("one@x.example", "one@x.example", "Bob", "<1>"), ("two@x.example", "two@x.example", "Bob", "<1>")
    where = refused(ledger, corrected(first, second), ("email", "name", "message_id"), {"<1>": BOB})
    assert where.endswith("row 2 (line 3)")


def test_strangers_are_refused_and_the_first_few_named(ledger: SqlRunLedger) -> None:
    lines = [(f"new{n}@x.example", f"new{n}@x.example", "Eve", "") for n in range(8)]
    known = corrected((ANN, ANN, "Ann", "sent"))
    where = refused(ledger, [*known, *corrected(*lines)], ("email", "name", "status"))
    assert "row 1 (line 2), row 2 (line 3)" in where and where.endswith("and 3 more")


def test_a_stranger_who_cannot_be_mailed_is_one_too(ledger: SqlRunLedger) -> None:
    refused(ledger, [row(1, None, "nobody@", "Nobody")])


def test_a_suppressed_row_is_not_made_another_row_by_its_address(ledger: SqlRunLedger) -> None:
    """It has no Message-ID to be known by; and a file with only addresses would fit any row that can't be mailed."""
    lines = corrected(("new@x.example", "new@x.example", "suppressed"))
    refused(ledger, lines, ("email", "status"))


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        ("01234", "1234"), ("+491701234", "491701234"), ("1.50", "1.5"), ("1234567890123", "1.23457E+12"),
        ("12345678901234567", "12345678901234500"), ("2026-03-04", "04/03/2026"), ("2026-03-04", "4.3.26"),
        ("10-12", "12-Oct"), ("true", "TRUE"),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_has_respelt_stays_and_is_said(store: Place, stored: str, given: str) -> None:
    with open_run(store) as ledger:
        ledgers.enrolled(ledger, [row(1, ANN, ANN, stored), row(2, None, "eve@", stored)], columns=("email", "code"))
        lines = [row(1, ANN, ANN, given), row(2, "eve@x.example", "eve@x.example", given)]
        amendment = Corrections(
            ledger.database, ("email", "code"), email_column="email", ignored=IGNORED, key=contact_key, owners={}
        )
        amendment.apply(lines)
        assert cells(ledger) == [[ANN, stored], ["eve@x.example", stored]]
        assert [(one.number, *rest) for one, *rest in amendment.left] == [
            (1, "code", stored, given), (2, "code", stored, given)
        ]  # fmt: skip


def test_the_files_own_status_is_laid_over_and_ours_is_not(store: Place) -> None:
    with open_run(store) as ledger:
        ledgers.enrolled(ledger, [row(1, ANN, ANN, "gold")], columns=("email", "status"))
        amendment = Corrections(
            ledger.database, ("email", "contact_status", "status"), email_column="email", ignored=IGNORED,
            key=contact_key, owners={}, renamed={"contact_status": "status"},
        )  # fmt: skip
        amendment.apply([row(1, ANN, ANN, "silver", "pending")])
        assert ledger.reader.columns() == ["email", "status"]
        assert cells(ledger) == [[ANN, "silver"]]


def test_twice_in_the_file_the_first_correction_counts(ledger: SqlRunLedger) -> None:
    amend(ledger, corrected((BOB, BOB, "First"), (BOB, BOB, "Second")))
    assert cells(ledger)[1] == [BOB, "First"]
    assert len(words(ledger)) == 6


def test_the_address_column_may_be_written_in_other_letters(ledger: SqlRunLedger) -> None:
    amend(ledger, corrected((BOB, "BOB@x.example", "Rob")), ("EMail", "name"))
    assert ledger.reader.columns() == ["email", "name"]
    assert cells(ledger)[1] == ["BOB@x.example", "Rob"]


def test_only_addresses_and_no_other_column(store: Place) -> None:
    with open_run(store) as ledger:
        ledgers.enrolled(ledger, [row(1, ANN), row(2, None, "bad@"), row(3, BOB), row(4, None, "worse@")])
        settle(ledger, {ANN: Status.SENT, BOB: Status.FAILED})
        lines = [
            (ANN, ANN, "sent"),
            ("good@x.example", "good@x.example", "invalid"),
            (BOB, BOB, "sent"),
            (None, "worse@", "invalid"),
        ]
        amend(ledger, corrected(*lines), ("email", "status"))
        assert cells(ledger) == [[ANN], ["good@x.example"], [BOB], ["worse@"]]
        assert words(ledger) == ["sent", "pending", "failed", "invalid"]


def test_a_failure_half_way_changes_nothing(ledger: SqlRunLedger) -> None:
    def torn() -> Iterator[Row]:
        yield row(1, BOB, BOB, "Rob")
        ledger.database.execute("UPDATE entry SET cells = 'nonsense' WHERE row = 4")
        yield row(2, DAN, DAN, "Daniel")

    with pytest.raises(LedgerError, match="cells of row 4"):
        amend(ledger, torn())
    assert cells(ledger) == BEFORE
    assert chosen(ledger) == []

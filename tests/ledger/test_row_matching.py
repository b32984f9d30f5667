"""Which row of the roster a row of a corrected file is."""

from collections.abc import Iterator

import pytest

from campaign.ledger.sql.row_matching import UnaddressedRows, owners_of, same_message
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger_place import Place
from campaign.message.message_id import message_id
from tests.ledgers import people
from tests.stores import open_run


@pytest.fixture
def ledger(store: Place) -> Iterator[SqlRunLedger]:
    with open_run(store) as opened:
        people(opened, 5)
        yield opened


def ident(campaign: str = "x", domain: str = "a.example", number: int = 1) -> str:
    return message_id(campaign, f"P{number}@people.example", domain)


def test_whose_a_message_is(ledger: SqlRunLedger) -> None:
    ids = [ident(number=1), ident(number=4), ident("y"), "<nonsense>", ident(number=6)]
    found = owners_of(ledger.database, ids, lambda email: message_id("x", email, "a.example"))
    assert found == {ids[0]: "p1@people.example", ids[1]: "p4@people.example"}
    assert owners_of(ledger.database, [], str) == {}


def test_another_sender_domain_makes_no_stranger(ledger: SqlRunLedger) -> None:
    old = ident(domain="old.example")
    assert owners_of(ledger.database, [old], lambda email: message_id("x", email, "new.example")) == {
        old: "p1@people.example"
    }
    assert same_message(old, ident(domain="new.example"))
    assert not same_message(old, ident("y", "old.example"))


def unaddressed(*rows: tuple[str, ...], places: tuple[int, ...] = (0, 1), email_place: int = 0) -> UnaddressedRows:
    return UnaddressedRows(enumerate(rows, 1), places=places, email_place=email_place)


def test_a_row_is_taken_once() -> None:
    rows = unaddressed(("bad", "Ann"), ("bad", "Ann"), ("worse", "Bob"))
    assert [rows.unchanged(("bad", "Ann"), 2), rows.unchanged(("bad", "Ann"), 2)] == [2, 1]
    assert rows.unchanged(("bad", "Ann"), 2) is None
    assert rows.corrected(("good", "Ann"), 1, ours=True) is None
    assert rows.corrected(("good", "Bob"), 1, ours=True) == 3


def test_only_among_those_asked_for() -> None:
    rows = unaddressed(("a", "Ann"), ("a", "Ann"))
    assert rows.unchanged(("a", "Ann"), 1, among=[2, 9]) == 2
    assert rows.unchanged(("a", "Ann"), 1, among=[2, 9]) is None


@pytest.mark.parametrize(("number", "expected"), [(1, 1), (2, 2), (7, 1)])
def test_alike_but_for_the_address_the_one_in_its_place(number: int, expected: int) -> None:
    assert unaddressed(("bad", "Ann"), ("worse", "Ann")).corrected(("good", "Ann"), number, ours=True) == expected


def test_a_file_that_does_not_say_what_became_of_a_row_has_to_fit_exactly_one() -> None:
    assert unaddressed(("bad", "Ann"), ("worse", "Ann")).corrected(("good", "Ann"), 1, ours=False) is None
    assert unaddressed(("bad", "Ann"), ("worse", "Bob")).corrected(("good", "Ann"), 9, ours=False) == 1
    assert unaddressed(("bad", ""), ("worse", "Bob")).corrected(("good", ""), 1, ours=False) is None
    assert unaddressed(("bad",), places=(0,)).corrected(("new",), 1, ours=False) is None
    assert unaddressed(("bad",), places=(0,)).corrected(("mended",), 1, ours=True) == 1

"""Rows that somebody names on the command line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.contacts import open_contacts
from campaign.errors import UsageError
from campaign.run.row_choice import RowChoice
from tests.campaigns import SmallCampaign


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1", {1}),
        ("1,5,7", {1, 5, 7}),
        ("1-3,9", {1, 2, 3, 9}),
        (" 2 - 4 , 4-5,3 ", {2, 3, 4, 5}),
        ("7,1", {1, 7}),
        ("007", {7}),
    ],
)
def test_rows_are_named_one_by_one_or_by_spans(text: str, rows: set[int]) -> None:
    choice = RowChoice.parse(text, where="--rows")
    assert {number for number in range(100) if number in choice} == rows
    assert choice.count == len(rows)


@pytest.mark.parametrize("text", ["", ",", "1,", "a", "1-", "-3", "0", "0-3", "3-1", "1;2", "1.5", "1-2-3", "-1", "²"])
def test_what_names_no_rows_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        RowChoice.parse(text, where="--rows")
    assert caught.value.where == "--rows" and caught.value.fix


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), min_size=1, max_size=8))
def test_a_row_that_is_named_twice_counts_once(spans: list[tuple[int, int]]) -> None:
    choice = RowChoice.parse(",".join(f"{first}-{first + more}" for first, more in spans), where="--rows")
    assert choice.count == sum(number in choice for number in range(100))


def test_the_rows_come_from_the_file_in_its_order_and_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    small = SmallCampaign(tmp_path / "small").people(12)
    contacts = open_contacts(small.folder / "contacts.csv", email_column="email")
    rows = RowChoice.parse("9,2-3", where="--rows").of(contacts, where="--rows")
    assert [row.number for row in rows] == [2, 3, 9]
    assert [row.email for row in rows] == ["p1@people.example", "p2@people.example", "p8@people.example"]
    with pytest.raises(UsageError) as caught:
        RowChoice.parse("2,13", where="--rows").of(contacts, where="--rows")
    assert caught.value.what == "there is no row 13: contacts.csv has 12 rows"

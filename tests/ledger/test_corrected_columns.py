"""The columns of a corrected file, laid over those of the roster."""

import pytest

from campaign.ledger.sql.corrected_columns import CorrectedColumns
from tests.ledgers import row

OURS = ("email", "name", "city")


def overlay(*theirs: str, email_column: str = "email") -> CorrectedColumns:
    return CorrectedColumns(theirs, OURS, email_column=email_column, ignored={"status", "message_id"})


def test_cells_go_where_their_column_is() -> None:
    laid = overlay("status", "city", "email", "note")
    line = row(1, "a@x.example", "failed", "Rome", "a@x.example", "!")
    assert laid.columns == ["email", "name", "city", "note"]
    assert laid.added == ["note"]
    assert laid.laid_over(line) == ["a@x.example", "", "Rome", "!"]
    assert laid.laid_over(line, ["old", "Ann", "Oslo", ""]) == ["a@x.example", "Ann", "Rome", "!"]
    assert laid.filled_in(line, ["old", "Ann", "Oslo", ""]) == ["old", "Ann", "Oslo", "!"]
    assert sorted(laid.shared_places) == [0, 2]


@pytest.mark.parametrize(("stored", "same"), [(["a", "Ann", "Rome", ""], True), (["a", "Ann", "Oslo", ""], False)])
def test_added_columns_are_no_change(stored: list[str], same: bool) -> None:
    assert overlay("email", "city", "note").changes_nothing(row(1, None, "a", "Rome", "!"), stored) is same


def test_the_address_column_is_known_in_other_letters_and_no_other_is() -> None:
    laid = overlay("E-MAIL", "NAME", "EMAIL", email_column="EMAIL")
    assert laid.columns == [*OURS, "E-MAIL", "NAME"]
    assert laid.email_place == 0
    assert laid.laid_over(row(1, None, "x", "y", "a")) == ["a", "", "", "x", "y"]


def test_another_address_column_is_a_column_of_its_own() -> None:
    laid = overlay("mail", "name", email_column="mail")
    assert laid.columns == [*OURS, "mail"]
    assert laid.email_place == 3

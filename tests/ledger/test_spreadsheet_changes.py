"""What a spreadsheet makes of a cell is the same value; a correction is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.ledger.sql.spreadsheet_changes import canonical, is_respelt


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        ("007", "7"), ("01234", "1234"), ("+4917012345", "4917012345"), ("1.50", "1.5"), ("1.50", "1,5"), ("0.0", "0"),
        ("1234567890123", "1.23457E+12"), ("1234567890123", "1,23457E+12"), ("1234567890123456", "1234567890123450"),
        ("12E4", "1.20E+05"), ("2026-03-04", "04/03/2026"), ("2026-03-04", "3/4/2026"), ("2026-03-04", "04.03.26"),
        ("2026-03-04", "46085"), ("2026-11-23T09:00:00", "23/11/2026 09:00"), ("5.1.1", "05.01.2001"),
        ("10-12", "12-Oct"), ("3/4", "04. Mrz"), ("3-4", "Mar-04"), ("true", "TRUE"), ("False", "FALSE"),
    ],
)  # fmt: skip
def test_respelt(stored: str, given: str) -> None:
    assert is_respelt(stored, given)


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        ("7", "8"), ("007", "8"), ("2026-03-04", "2026-03-05"), ("Bob", "bob"), ("", "x"), ("x", ""), ("x", "x"),
        ("1234567", "1.24E+06"), ("1234567890123456", "1234567890123400"), ("10-12", "14-Oct"), ("yes", "YES"),
        ("7", "-7"), ("46085", "2026-03-05"), ("12 Main St", "12"),
    ],
)  # fmt: skip
def test_corrected(stored: str, given: str) -> None:
    assert not is_respelt(stored, given)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_judged(one: str, other: str) -> None:
    assert not is_respelt(one, one)
    if canonical(one) == canonical(other) and one.strip() != other.strip():
        assert is_respelt(one, other) or not (one and other)


@given(st.integers(0, 10**12), st.integers(1, 5))
def test_leading_zeros(number: int, zeros: int) -> None:
    assert is_respelt("0" * zeros + str(number), str(number))

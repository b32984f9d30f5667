"""What another server said: its words alone, where its codes have fields of their own."""

import pytest

from campaign.settle.quoted import without_codes


@pytest.mark.parametrize(
    ("words", "alone"),
    [
        ("smtp; 550 5.1.1 user unknown", "user unknown"),
        ("550 5.1.1 <(address)>: no", "<(address)>: no"),
        ("550-5.1.1 no", "no"),
        ("5.1.1 no", "no"),
        ("550 no", "no"),
        ("no such user", "no such user"),
        ("552 5.2.2 full", "552 5.2.2 full"),  # other codes than those that are on record
        ("550 5.1.10 null MX", "550 5.1.10 null MX"),
        ("550 5.1.1", "550 5.1.1"),
        ("5501 is a number", "5501 is a number"),
        ("", ""),
    ],
)
def test_codes_that_are_shown_in_front_of_the_words_do_not_stand_in_them_again(words: str, alone: str) -> None:
    assert without_codes(words, 550, "5.1.1") == alone


def test_where_no_code_is_on_record_the_words_keep_theirs() -> None:
    assert without_codes("550 5.1.1 no", None, "") == "550 5.1.1 no"

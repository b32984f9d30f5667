"""What another server said is kept without a live link, in whatever form it quotes it; the rest stands."""

import base64
import quopri
from urllib.parse import quote

import pytest

from campaign.settle.quoted import quoted, without_codes

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGFAZW5naW5lLmV4YW1wbGUifQ." + "Ab3_" * 11
LINK = f"https://login.acme.example/sso?token={TOKEN}"


def in_pieces(text: str, width: int) -> str:
    return " ".join(text[start : start + width] for start in range(0, len(text), width))


@pytest.mark.parametrize(
    "link",
    [
        LINK,
        LINK.removeprefix("https://"),
        TOKEN,
        quote(LINK, safe=""),
        quopri.encodestring(LINK.encode()).decode(),
        base64.encodebytes(LINK.encode()).decode(),
        in_pieces(LINK, 30),
        in_pieces(LINK, 76),
        in_pieces(base64.b64encode(LINK.encode()).decode(), 50),
    ],
)
def test_of_a_link_nothing_is_left_that_signs_anybody_in(link: str) -> None:
    kept = quoted(f"550 5.7.1 refused for {link} as it is")
    assert kept.startswith("550 5.7.1 refused for ") and kept.endswith(" as it is")
    assert "Ab3" not in kept and "eyJ" not in kept and "QWIz" not in kept


def test_addresses_are_left_out_and_what_is_too_long_is_cut() -> None:
    assert quoted("550 <ada@engine.example>: no such user at mx1.engine.example") == (
        "550 <(address)>: no such user at mx1.engine.example"
    )
    assert len(quoted("so it is " * 1_000)) == 400


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

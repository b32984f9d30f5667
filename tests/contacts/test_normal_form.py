"""The normal form of an address as it is written: the same for contacts and suppression lists, and its own."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.contacts import contact_key, parse_address, read_suppressions
from campaign.contacts.normal_form import Mend, is_blank, normal_form, trimmed

ADA = "ada@engine.example"
ODD = [
    *("\u200b", "\ufeff", "\u200e", "\u200f", "\u00ad", "\u2060", "\u202a", "\u202c", "\u2066", "\u2069", "\u061c"),
    *("\u180e", "\u034f", "\u200c", "\u200d", "\ufe0f", "\U000e0001", "\ufffc"),
]
SPACES = ["\u00a0", "\u202f", "\u2009", "\u3000", "\u205f"]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("written", ["{}" + ADA, ADA + "{}", "ada{}@engine.example", "a{}da@engine.exa{}mple"])
def test_what_shows_nothing_is_taken_out_wherever_it_stands(odd: str, written: str) -> None:
    assert normal_form(written.replace("{}", odd)) == (ADA, frozenset({Mend.INVISIBLE}))
    assert parse_address(written.replace("{}", odd)) == ADA


@pytest.mark.parametrize("odd", SPACES)
@pytest.mark.parametrize("written", ["{}" + ADA, ADA + "{}", "ada{}@engine.example", "ada@{}engine.example"])
def test_odd_spaces_are_taken_off_the_ends_and_the_at_sign(odd: str, written: str) -> None:
    assert normal_form(written.replace("{}", odd)) == (ADA, frozenset({Mend.INVISIBLE}))
    assert parse_address(written.replace("{}", odd)) == ADA


@pytest.mark.parametrize("odd", SPACES)
def test_an_odd_space_within_a_name_is_a_space(odd: str) -> None:
    with pytest.raises(ValueError, match="a space or a line break in it"):
        parse_address(f"ada{odd}lovelace@engine.example")


def test_joiners_stay_where_they_spell() -> None:
    """Between letters beyond ASCII: RFC 5892, appendix A."""
    persian = "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc"
    assert normal_form(f"ada@{persian}.example") == (f"ada@{persian}.example", frozenset())
    assert normal_form(f"ada\u200c@{persian}\u200d.example") == (f"ada@{persian}.example", frozenset({Mend.INVISIBLE}))


@pytest.mark.parametrize(
    ("written", "mends"),
    [
        (f"mailto:{ADA}", {Mend.MAILTO}),
        (f" MailTo: {ADA}", {Mend.MAILTO}),
        (f"mailto:{ADA}?subject=Hello%20you", {Mend.MAILTO}),
        ("mailto:ada%40engine.example", {Mend.MAILTO}),
        (f"{ADA};", {Mend.END}),
        (f"{ADA},", {Mend.END}),
        (f"{ADA}.", {Mend.END}),
        (f"{ADA} ;; ", {Mend.END}),
        (f"\ufeffmailto:{ADA}\u00a0.", {Mend.INVISIBLE, Mend.MAILTO, Mend.END}),
        (f"\x1a{ADA}\x7f", {Mend.INVISIBLE}),
        (f"  {ADA}\r\n", set()),
        (ADA, set()),
    ],
)
def test_what_is_mended_is_said(written: str, mends: set[Mend]) -> None:
    address, found = normal_form(written)
    assert (address, set(found)) == (ADA, mends)
    assert parse_address(written) == ADA


@pytest.mark.parametrize("character", ["\x9d", "\x92", "\x02", "\ufffd"])
def test_a_control_character_within_is_no_part_of_an_address_and_not_taken_out(character: str) -> None:
    """A letter may have been lost there: cp1252's apostrophe is \\x92 to Latin-1."""
    with pytest.raises(ValueError, match=r"."):
        parse_address(f"o{character}neill@engine.example")


_PIECES = ["a", "B", "é", "ن", "@", ".", " ", ":", "mailto:", "%C2%A0", "%40", "?", ";", ",", "\x1a", *ODD, *SPACES]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.lists(
    st.sampled_from(_PIECES), max_size=20
).map("".join)


@settings(deadline=None, max_examples=400)
@given(TEXT)
def test_the_normal_form_is_its_own(text: str) -> None:
    once, _ = normal_form(text)
    assert normal_form(once) == (once, frozenset())
    assert trimmed(trimmed(text)) == trimmed(text)
    assert is_blank(text) == (trimmed(text) == "")


DRESSES = st.sampled_from(["", " ", "\ufeff", "\u200b", "\u00ad", "\u00a0", "\u200e", "mailto:", "\t"])
TAILS = st.sampled_from(["", ";", ".", ",", "\u00a0", "\u2060", " ", "\x1a"])
LOCAL = st.text(st.sampled_from("abcXYZ019!#$&'*+/=?^_`{|}~-.éñ用"), min_size=1, max_size=20)
"""Without a percent sign, which means something behind "mailto:"."""
DOMAIN = st.sampled_from(["engine.example", "Bücher.example", "xn--bcher-kva.example", "例え.example", "a.b.test"])


@settings(deadline=None, max_examples=400)
@given(
    local=LOCAL, domain=DOMAIN, dress=st.tuples(DRESSES, TAILS), other=st.tuples(DRESSES, TAILS), header=st.booleans()
)
def test_a_contact_and_the_same_address_in_a_list_always_meet(
    tmp_path_factory: pytest.TempPathFactory,
    local: str,
    domain: str,
    dress: tuple[str, str],
    other: tuple[str, str],
    header: bool,
) -> None:
    try:
        contact = parse_address(f"{dress[0]}{local}@{domain}{dress[1]}")
    except ValueError:
        return
    path = tmp_path_factory.mktemp("lists") / "list.csv"
    line = f"{other[0]}{local.swapcase() if local.isascii() else local}@{domain.upper()}{other[1]}"
    cell = '"' + line.replace('"', '""') + '"'
    path.write_text(f"id,email\n1,{cell}\n" if header else f"{line}\n", encoding="utf-8")
    keys = set(read_suppressions([path]))
    assert contact_key(contact) in keys or contact[contact.rindex("@") :] in keys  # "*@engine.example"

"""Likely slips in an address are named in the row's fault, each with what to type."""

import pytest

from campaign.contacts import parse_address
from campaign.contacts.slips import meant


@pytest.mark.parametrize(
    ("written", "reason", "likely"),
    [
        ("o\u2019neill@x.example", r"typographic apostrophe \(’\)", "o'neill@x.example"),
        ("o\u2018neill@x.example", r"typographic apostrophe \(‘\)", "o'neill@x.example"),
        ("d\u00b4arc@x.example", "typographic apostrophe", "d'arc@x.example"),
        ("o\u02bcneill@x.example", "typographic apostrophe", "o'neill@x.example"),
        ("ada@o\u2019neill.example", "typographic apostrophe", "ada@o'neill.example"),
        ("\uff41da@x.example", r"full-width letter \(ａ\): type a plain one \(a\)", "ada@x.example"),
        ("ad\uff21@x.example", "full-width letter", "adA@x.example"),
        ("ada\uff11@x.example", "full-width digit", "ada1@x.example"),
        ("ada@\uff58.example", "full-width letter", "ada@x.example"),
        ("ada\uff20x.example", "the @-sign is a wide one", "ada@x.example"),
        ("ada\ufe6bx.example", "the @-sign is a wide one", "ada@x.example"),
        ("ada@x\uff0eexample", "full-width dot", "ada@x.example"),
        ("a\uff0eda@x.example", "full-width dot", "a.da@x.example"),
        ("ada@x\u3002example", "wide dot", "ada@x.example"),
        ("'ada@x.example", "begins with an apostrophe", "ada@x.example"),
        ("'ada@x.example'", "stands between apostrophes", "ada@x.example"),
        ("\u2018ada@x.example\u2019", "typographic apostrophe", "ada@x.example"),
        ("\u201cada@x.example\u201d", "typographic quotation mark", "ada@x.example"),
        ("ada\u2013lovelace@x.example", "typographic dash", "ada-lovelace@x.example"),
        ("ada@x\u2011y.example", "typographic dash", "ada@x-y.example"),
        ("ada@x,example", "comma", "ada@x,example"),
    ],
)
def test_a_slip_is_named_and_what_was_meant_is_known(written: str, reason: str, likely: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_address(written)
    assert meant(written) == likely


@pytest.mark.parametrize("address", ["o'neill@x.example", "ada'@x.example", "用户@例え。example", "a-b@x-y.example"])
def test_what_is_no_slip_passes(address: str) -> None:
    parse_address(address)
    assert meant(address) == address.replace("。", ".")

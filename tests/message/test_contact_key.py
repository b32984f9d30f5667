"""contact.key: the same on every try, another in every campaign, and nothing to be read from it."""

import re

from campaign.message import ContactKeys


def test_a_key_is_the_same_on_every_try_however_the_address_is_written() -> None:
    keys = ContactKeys(b"s" * 32)
    assert keys("Ada@Example.net") == keys("ada@example.net") == ContactKeys(b"s" * 32)("ada@example.net")


def test_a_key_is_another_for_another_contact_and_in_another_campaign() -> None:
    one, other = ContactKeys(b"s" * 32), ContactKeys(b"t" * 32)
    found = {keys(f"p{number}@example.net") for keys in (one, other) for number in range(1000)}
    assert len(found) == 2000


def test_a_key_fits_a_header_a_tag_and_a_local_part() -> None:
    assert re.fullmatch(r"[a-z2-7]{16}", ContactKeys(None)("zoë@example.net"))


def test_where_nothing_is_sent_keys_are_good_for_once() -> None:
    assert ContactKeys(None)("a@example.net") != ContactKeys(None)("a@example.net")


def test_one_address_after_the_other_each_has_its_own() -> None:
    """The last one is kept: a message names it several times."""
    keys = ContactKeys(b"s" * 32)
    asked = ["a@example.net", "a@example.net", "b@example.net", "A@example.net", "a@example.net", "", ""]
    assert [keys(one) for one in asked] == [ContactKeys(b"s" * 32)(one) for one in asked]

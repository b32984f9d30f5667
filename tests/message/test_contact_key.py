"""contact.key: the same on every try, another in every campaign, and nothing to be read from it."""

import re
from base64 import b32encode
from hashlib import blake2b

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


def test_it_is_the_start_of_a_keyed_digest_in_base32() -> None:
    """What ledgers and mailboxes hold of earlier runs must go on matching."""
    keys = ContactKeys(b"s" * 32)
    for number in range(500):
        email = f"p{number}@people.example"
        digest = blake2b(email.encode(), digest_size=10, key=b"s" * 32, person=b"contact.key").digest()
        assert keys(email) == b32encode(digest).decode().lower()

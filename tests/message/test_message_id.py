"""The Message-ID: a contact's own in a campaign, the same on every try."""

from campaign.message import message_id
from tests.message.messages import compose, composer, content


def test_the_message_id_is_the_same_on_every_try_and_however_the_address_is_capitalised() -> None:
    first = composer().message_id("Ada@Example.net")

    assert first == composer(constants=("other",)).message_id("ada@example.NET")
    assert compose(content("one"), to="ADA@example.net").message_id == first
    local, _, domain = first.strip("<>").partition("@")
    assert len(local) == 32
    assert int(local, 16) >= 0
    assert domain == "acme.example"
    assert "ada" not in first


def test_the_message_id_differs_by_campaign_and_by_address_and_does_not_run_one_into_the_other() -> None:
    pairs = [("a", "b@x"), ("a", "c@x"), ("b", "b@x"), ("ab", "@x"), ("", "ab@x"), ("a\0", "b@x"), ("a", "\0b@x")]

    assert len({message_id(campaign, address, "acme.example") for campaign, address in pairs}) == len(pairs)


def test_whoever_knows_the_campaign_and_an_address_but_not_the_secret_can_not_find_out_the_message_id() -> None:
    known = "autumn", "ada@example.net", "acme.example"
    assert len({message_id(*known), message_id(*known, b"one"), message_id(*known, b"other")}) == 3
    assert message_id(*known, b"one") == message_id(*known, b"one")

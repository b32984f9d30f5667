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

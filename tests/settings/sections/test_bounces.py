"""bounces.verp: on a return path that has room for a contact's key, and on no other."""

import pytest

from campaign.message import ContactKeys
from tests.settings.campaign_files import Folder, changed

KEY = ContactKeys(None)("anna@acme.example")


def test_it_is_off_unless_set(folder: Folder) -> None:
    assert not folder.load().bounces.verp
    assert folder.load(changed(bounces={"verp": True})).bounces.verp


def test_a_return_path_with_a_plus_of_its_own_is_refused(folder: Folder) -> None:
    message = {"return_path": "bounces+autumn@acme.example"}
    assert folder.load(changed(message=message)).message.return_path == message["return_path"]
    error = folder.refusal(changed(message=message, bounces={"verp": True}))
    assert error.what.startswith("bounces.verp: ") and "bounces+autumn@acme.example has a + already" in error.what
    assert "message.return_path" in error.fix


def test_what_return_path_is_made_of_the_sender_is_looked_at_too(folder: Folder) -> None:
    error = folder.refusal(changed(message={"from": "Acme <hello+x@acme.example>"}, bounces={"verp": True}))
    assert "hello+x@acme.example has a + already" in error.what


@pytest.mark.parametrize("letter", ["a", "é"])
def test_one_without_room_for_the_key_is_refused(folder: Folder, letter: str) -> None:
    """RFC 5321 section 4.5.3.1.1: octets, not characters."""
    longest = letter * ((64 - len("+") - len(KEY)) // len(letter.encode()))
    fits = changed(message={"return_path": f"{longest}@acme.example"}, bounces={"verp": True})
    assert folder.load(fits).bounces.verp
    too_long = changed(message={"return_path": f"{longest}{letter}@acme.example"}, bounces={"verp": True})
    assert folder.refusal(too_long).what.startswith("bounces.verp: it adds 17 characters to the return path")

"""`Ours`: whether a message is one of this campaign's, and whose, as readers of evidence ask it.

A number of the ledger's comes out, or None for a stranger's message. Raises nothing. All letters are compared without
case; a Message-ID may come with or without its angle brackets.
"""

from typing import Protocol

KEY = r"[A-Za-z2-7]{16}"
"""What looks like a `contact.key`: 16 letters and digits of base32 (`message/contact_key.py`)."""


class Ours(Protocol):
    """Who can be found, by what identifies a message for certain."""

    def by_message_id(self, message_id: str) -> int | None:
        """By our own Message-ID."""

    def by_key(self, key: str) -> int | None:
        """By `contact.key`."""

    def by_relay_id(self, relay_id: str) -> int | None:
        """By the id in the relay's final reply; None, too, where several rows have that id."""

    def by_address(self, address: str) -> int | None:
        """By the contact's address: proof of nothing that was sent."""

    def has_address(self, contact: int, address: str) -> bool:
        """Whether this is that contact's address."""

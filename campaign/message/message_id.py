"""The Message-ID: the same for a contact in a campaign on every try, so that a duplicate can be recognised.

In: the campaign's name, the recipient's address, the sender's domain, and a secret that the campaign's ledger keeps.
Out: an RFC 5322 section 3.6.4 identifier, from which the address can't be read. Raises nothing.

Whoever has a message knows its Message-ID, and a bounce is taken for the answer to it. The secret keeps them from
finding out those of others, whose addresses and whose campaign they may know.
"""

from hashlib import blake2b


class MessageIds:
    """The Message-IDs of one campaign."""

    def __init__(self, campaign: str, domain: str, secret: bytes | None = None) -> None:
        """`domain`: in ASCII. `secret`: up to 64 octets; None where nothing is sent, and for a campaign that began
        before there was one: its Message-IDs stay.
        """
        # The name comes in as the salt, by its digest: whatever it is, it can't run over into the address.
        name = blake2b(campaign.encode("utf-8", "surrogatepass"), digest_size=blake2b.SALT_SIZE).digest()
        self._start = blake2b(digest_size=16, key=secret or b"", salt=name, person=b"Message-ID")
        self._domain = domain

    def __call__(self, email: str) -> str:
        """`<32 hexadecimal digits@domain>`, the same however the address is capitalised."""
        address = email.lower()
        digest = self._start.copy()
        digest.update(address.encode() if address.isascii() else address.encode("utf-8", "surrogatepass"))
        return f"<{digest.hexdigest()}@{self._domain}>"


def message_id(campaign: str, email: str, domain: str, secret: bytes | None = None) -> str:
    """Give the Message-ID of the message to `email` in the campaign of that name, sent from `domain`."""
    return MessageIds(campaign, domain, secret)(email)

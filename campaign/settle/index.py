"""`PeopleIndex`: everybody of a campaign, to be found by what a message says of itself (`Ours`).

    people ─▶ Message-ID, key, relay's id ─▶ digest ─▶ number

In: what gives everybody, and what gives somebody's Message-ID (each has another one, in whatever case the address is)
and key. What nobody asks for is not made: logs ask for Message-IDs alone. Of each, 16 octets of a digest (BLAKE2b) are
kept, as many as a Message-ID has itself; so no two are taken for each other, and nobody's address is held: whose an
address is, says the Message-ID that is made of it. Flat: about 27 octets a person for each of the three.
Raises what the callables raise. Limits: who was read into the ledger after the first question is not found.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b

from campaign.settle.relay_ids import ids_in

_DIGEST, _BUCKET, _NUMBER = 16, 2, 6
"""Octets: of a digest, of them those that name a bucket, and of the ledger's number."""
_KEPT = _DIGEST - _BUCKET
_RECORD = _KEPT + _NUMBER

People = Callable[[], Iterator[Sequence[tuple[int, str, str]]]]
"""Gives everybody, many at a time: number, address in lower case, the words of the last reply."""


class PeopleIndex:
    """`Ours` of one campaign."""

    def __init__(self, people: People, *, message_id: Callable[[str], str], key: Callable[[str], str]) -> None:
        self._message_id = message_id
        self._message_ids = _Identifiers(people, lambda email, _: (_bare(message_id(email)),))
        self._keys = _Identifiers(people, lambda email, _: (key(email).lower(),))
        self._relay_ids = _Identifiers(people, lambda _, reply: (one.lower() for one in ids_in(reply)))

    def by_message_id(self, message_id: str) -> int | None:
        """Give whose it is."""
        return self._message_ids.find(_bare(message_id))

    def by_key(self, key: str) -> int | None:
        """Give whose it is."""
        return self._keys.find(key.strip().lower())

    def by_relay_id(self, relay_id: str) -> int | None:
        """Give whose it is; None where several have it."""
        return self._relay_ids.find(relay_id.strip(" .=").lower())

    def by_address(self, address: str) -> int | None:
        """Give whose it is."""
        address = address.strip()
        return self.by_message_id(self._message_id(address)) if address else None

    def has_address(self, contact: int, address: str) -> bool:
        """Whether this is that contact's address."""
        return self.by_address(address) == contact


class _Identifiers:
    """One kind of identifier, of everybody; made at the first question."""

    def __init__(self, people: People, names: Callable[[str, str], Iterable[str]]) -> None:
        self._people, self._names = people, names
        self._buckets: dict[bytes, bytearray] | None = None

    def find(self, name: str) -> int | None:
        """Give the number of whoever has it; None where nobody has, or several have."""
        if not name:
            return None
        if self._buckets is None:
            self._buckets = self._made()
        digest = _digest(name)
        bucket = self._buckets.get(digest[:_BUCKET])
        if bucket is None:
            return None
        kept, found, at = digest[_BUCKET:], None, -1
        while (at := bucket.find(kept, at + 1)) >= 0:
            if at % _RECORD:
                continue  # it begins in one record and ends in the next
            number = int.from_bytes(bucket[at + _KEPT : at + _RECORD], "big")
            if found is not None and found != number:
                return None
            found = number
        return found

    def _made(self) -> dict[bytes, bytearray]:
        buckets: defaultdict[bytes, bytearray] = defaultdict(bytearray)
        names = self._names
        for some in self._people():
            for number, email, reply in some:
                for name in names(email, reply):
                    digest = _digest(name)
                    buckets[digest[:_BUCKET]] += digest[_BUCKET:] + number.to_bytes(_NUMBER, "big")
        return dict(buckets)


def _bare(message_id: str) -> str:
    return message_id.strip("<> \t").lower()


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()

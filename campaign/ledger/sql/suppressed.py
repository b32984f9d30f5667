"""Who of some addresses is on a suppression list, and where: the question to the table `suppressed`.

In it stand addresses, and domains with an @-sign before them, as the lists were last read. Addresses go in, words for
the results come out. Raises the database's errors, which whoever asks explains.
"""

import json
from collections.abc import Iterator, Sequence

from campaign.ledger.database import Database

_LISTED = "SELECT address, list, line FROM suppressed WHERE address IN (SELECT value FROM json_each(?))"
_ANY_DOMAIN = "SELECT 1 FROM suppressed WHERE address >= '@' AND address < 'A'"
"""No address begins with an @-sign, and no key with a capital letter."""


class Suppressed:
    """The lists as they stand in the ledger now."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._any = database.execute("SELECT 1 FROM suppressed").fetchone() is not None
        self._any_domain = database.execute(_ANY_DOMAIN).fetchone() is not None

    def among(self, addresses: Sequence[str]) -> dict[str, str]:
        """Give those of the addresses that are suppressed, each with the words: its own line goes before
        that of its domain.
        """
        if not self._any:
            return {}
        found = dict(self._look_up(addresses))
        if self._any_domain:
            domains = dict(self._look_up(sorted({_domain_key(address) for address in addresses})))
            if domains:
                for address in addresses:
                    words = domains.get(_domain_key(address))
                    if words is not None:
                        found.setdefault(address, words)
        return found

    def _look_up(self, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        for key, name, line in self._database.execute(_LISTED, (json.dumps(keys),)):
            # A ledger that an earlier version filled does not know the place.
            yield key, "on a suppression list" if name is None else f"on suppression list {name}, line {line}"


def _domain_key(address: str) -> str:
    return address[address.rfind("@") :]

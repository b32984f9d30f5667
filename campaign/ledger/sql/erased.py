"""People whose data has been erased: a keyed hash (a mark) stands where their address stood, so that whoever comes
again is known, and nobody is mailed twice.

The mark is HMAC-SHA-256 (RFC 2104) of an address's identity, cut to 128 bits, with a key of the campaign's own that its
first erasure draws. Addresses go in; marks, and rows with nothing in them, come out. Where nobody was ever erased,
nothing is computed and nothing looked up. Takes a connection to a ledger that is up to date. Raises the
database's errors.

Limits: whoever has the ledger has the key, and can try addresses one by one. None can be read out of it.
"""

import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from campaign.ledger.cells import encode_cells
from campaign.ledger.database import Database
from campaign.ledger.sql.facts import KEEP
from campaign.model import Row

CELL = "erased"
"""What stands in the place of an address."""
_START = "erased "
"""With a space, as no address has: no mark is ever taken for one."""
_KEY = "erasure_key"
_DIGITS = 32
"""Hexadecimal: half of the hash, as RFC 2104, section 5, allows."""
_AT_ONCE = 500
_FIND = "SELECT mark, day FROM erased WHERE mark IN (SELECT value FROM json_each(?))"


def is_mark(identity: str) -> bool:
    """Whether this stands for somebody who was erased."""
    return identity.startswith(_START)


def detail(day: str) -> str:
    """Give the words for the results."""
    return f"erased {day}"


def blank(cells: Sequence[str]) -> str:
    """Give a row's cells with nothing of a person in them: as many as before, one of which says so."""
    place = next((place for place, cell in enumerate(cells) if "@" in cell), 0)
    return encode_cells(["" if index != place else CELL for index in range(len(cells))])


def draw_key(database: Database) -> None:
    """Have a key from now on."""
    database.execute(KEEP, (_KEY, secrets.token_hex(32)))


class Erased:
    """Those who were erased so far."""

    def __init__(self, database: Database) -> None:
        self._database = database
        found = database.execute("SELECT value FROM facts WHERE name = ?", (_KEY,)).fetchone()
        self._key = None if found is None else bytes.fromhex(found[0])

    def __bool__(self) -> bool:
        return self._key is not None

    def mark(self, identity: str) -> str:
        """Give the mark of somebody's address."""
        assert self._key is not None
        digest = hmac.digest(self._key, identity.encode("utf-8", "surrogatepass"), "sha256")
        return _START + digest.hex()[:_DIGITS]

    def day(self, identity: str) -> str | None:
        """Give the day on which whoever has this address (or this mark) was erased; None for somebody who was not."""
        if self._key is None:
            return None
        mark = identity if is_mark(identity) else self.mark(identity)
        found = self._database.execute("SELECT day FROM erased WHERE mark = ?", (mark,)).fetchone()
        return None if found is None else str(found[0])

    def is_blank(self, row: Row, place: int) -> bool:
        """Whether a row of a results file is one that was erased. `place` is that of the address."""
        return self._key is not None and row.email is None and row.cells[place] == CELL

    def known(self, identity: str) -> str:
        """Give the identity, or the mark in the place of one that was erased."""
        return identity if self.day(identity) is None else self.mark(identity)

    def days(self, identities: Iterable[str]) -> dict[str, str]:
        """Give (identity, day) of those among these who were erased."""
        if self._key is None:
            return {}
        whose = {self.mark(identity): identity for identity in identities}
        found = self._database.execute(_FIND, (json.dumps(list(whose)),))
        return {whose[mark]: day for mark, day in found}

    def among(self, rows: Sequence[Row], identities: Sequence[str | None]) -> tuple[list[str | None], list[str | None]]:
        """Give the rows' identities, with a mark in the place of each that was erased, and the day for each row of
        such a person: also for rows that can't be mailed and have such an address in a cell all the same.
        """
        days = self.days(filter(None, identities))
        known = [self.mark(one) if one in days else one for one in identities]
        gone = [None if one is None else days.get(one) for one in identities]
        for place, (row, identity) in enumerate(zip(rows, identities, strict=True)):
            if identity is None:
                written = [cell.strip().lower() for cell in (*row.cells, row.email or "")]
                gone[place] = next(iter(self.days(written).values()), None)
        return known, gone

    def without(self, entries: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, str, int]]:
        """Leave out of a suppression list whoever was erased: the mark keeps them from being mailed as well."""
        if self._key is None:
            yield from entries
            return
        waiting = iter(entries)
        while some := list(islice(waiting, _AT_ONCE)):
            gone = self.days(entry[0] for entry in some)
            yield from (entry for entry in some if entry[0] not in gone)

"""Which row of the roster a row of a corrected file is, when its address does not say.

`owners_of` finds whose a Message-ID is: a corrected address still carries that of the old one. `UnaddressedRows` takes
the cells of rows that no address leads to, because they can't be mailed or are duplicates, and gives the row that has
the same cells (a spreadsheet's respellings apart), or the same but for the address. A file that was once our results
says of each row what became of it; one that does not has to fit exactly one row. Raises LedgerError.

Limits: two rows that differ in nothing but their address are taken for one another; nothing hangs on which is which.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from campaign.ledger.database import Database
from campaign.ledger.sql.spreadsheet_changes import canonical, is_respelt


def owners_of(database: Database, message_ids: Collection[str], message_id: Callable[[str], str]) -> dict[str, str]:
    """Give the address of each Message-ID that this campaign has given to somebody. What stands behind the @ does not
    count: it is the sender's domain, which may have changed since.
    """
    wanted = {_left(one): one for one in message_ids}
    found: dict[str, str] = {}
    with database.explained(), database.streamed("SELECT address FROM contact") as addresses:
        for (address,) in addresses:
            if len(found) == len(wanted):
                break
            one = wanted.get(_left(message_id(address)))
            if one is not None:
                found[one] = address
    return found


def same_message(one: str, other: str) -> bool:
    """Whether two Message-IDs are those of one contact in one campaign, whatever domain sent them."""
    return _left(one) == _left(other)


def _left(message_id: str) -> str:
    return message_id.partition("@")[0]


class UnaddressedRows:
    """The rows of the roster that an address does not lead to. `places` are the cells that both sides have."""

    def __init__(
        self, entries: Iterable[tuple[int, Sequence[str]]], *, places: Sequence[int], email_place: int
    ) -> None:
        self._places = places
        self._other_places = [place for place in places if place != email_place]
        self._whole: dict[tuple[str, ...], list[int]] = {}
        self._others: dict[tuple[str, ...], list[int]] = {}
        self._left: dict[int, Sequence[str]] = {}
        for row, cells in entries:
            self._left[row] = cells
            self._whole.setdefault(self._cells(cells, places), []).append(row)
            self._others.setdefault(self._cells(cells, self._other_places), []).append(row)

    def unchanged(self, cells: Sequence[str], number: int, among: Iterable[int] | None = None) -> int | None:
        """Take the row (of those in `among`, if given) that has exactly these cells."""
        rows = self._free(self._whole, self._cells(cells, self._places))
        if among is not None:
            rows = sorted({*rows}.intersection(among))
        return self._take(rows, number)

    def corrected(self, cells: Sequence[str], number: int, *, ours: bool) -> int | None:
        """Take the row that has these cells but for the address. `ours`: the file says that it is one of them."""
        others = self._cells(cells, self._other_places)
        rows = self._free(self._others, others)
        if not rows and self._is_respelling(cells, number):
            rows = [number]
        if not ours and (len(rows) != 1 or not any(others)):
            return None
        return self._take(rows, number)

    def _is_respelling(self, cells: Sequence[str], number: int) -> bool:
        """Whether a spreadsheet may have made these cells of the row with the same number."""
        stored = self._left.get(number)
        return (
            bool(self._other_places)
            and stored is not None
            and all(
                stored[place] == cells[place] or is_respelt(stored[place], cells[place]) for place in self._other_places
            )
        )

    def _free(self, index: dict[tuple[str, ...], list[int]], cells: tuple[str, ...]) -> list[int]:
        return [row for row in index.get(cells, ()) if row in self._left]

    def _take(self, rows: Sequence[int], number: int) -> int | None:
        """One of these rows: the one with the same number, if it is among them."""
        if not rows:
            return None
        row = number if number in rows else rows[0]
        del self._left[row]
        return row

    @staticmethod
    def _cells(cells: Sequence[str], places: Sequence[int]) -> tuple[str, ...]:
        return tuple([canonical(cells[place]) for place in places])

"""The columns of a corrected file, laid over those of the roster.

Takes both headers; says which cell of a row goes where. Columns that the file lacks stay as they were; those that it
adds come last. Our own columns of the results are not the contacts'. A cell that a spreadsheet has only respelt stays
as it was, and is kept in `left`. Raises nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from campaign.ledger.sql.spreadsheet_changes import canonical, is_respelt
from campaign.ledger.values import SpreadsheetChange
from campaign.model import Row


class CorrectedColumns:
    """`theirs` is the file's header, `ours` the roster's, `ignored` the columns that are nobody's data; `renamed` gives
    the roster's name for a column that the results call otherwise.
    """

    def __init__(
        self,
        theirs: Sequence[str],
        ours: Sequence[str],
        *,
        email_column: str,
        ignored: Collection[str],
        renamed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        named = [
            (index, renamed.get(column) or _our_name(column, email_column, ours))
            for index, column in enumerate(theirs)
            if column not in ignored
        ]
        self.left: list[SpreadsheetChange] = []
        """The cells that stay as they were."""
        self.added = [column for _, column in named if column not in ours]
        """The columns that the roster gets by it."""
        self.columns = [*ours, *self.added]
        self.email_place = self.columns.index(_our_name(email_column, email_column, ours))
        places = [(index, self.columns.index(column)) for index, column in named]
        self._places = places
        self._shared = [(index, place) for index, place in places if place < len(ours)]
        self._new = [(index, place) for index, place in places if place >= len(ours)]

    @property
    def shared_places(self) -> list[int]:
        """The roster's places that the file has a cell for, but for the added ones."""
        return [place for _, place in self._shared]

    def laid_over(self, row: Row, cells: Sequence[str] = ()) -> list[str]:
        """Give the file's cells, over these."""
        laid = self._put(row, cells or [""] * len(self.columns), self._places)
        for place, before in enumerate(cells):
            if laid[place] != before and place != self.email_place and is_respelt(before, laid[place]):
                self.left.append(SpreadsheetChange(row, self.columns[place], before, laid[place]))
                laid[place] = before
        return laid

    def filled_in(self, row: Row, cells: Sequence[str]) -> list[str]:
        """Give these cells, with the file's in the added columns only."""
        return self._put(row, cells, self._new)

    def changes_nothing(self, row: Row, cells: Sequence[str]) -> bool:
        """Whether the file says the same as these cells, added columns apart."""
        return all(
            cells[place] == row.cells[index] or canonical(cells[place]) == canonical(row.cells[index])
            for index, place in self._shared
        )

    @staticmethod
    def _put(row: Row, cells: Sequence[str], places: Sequence[tuple[int, int]]) -> list[str]:
        laid = list(cells)
        for index, place in places:
            laid[place] = row.cells[index]
        return laid


def _our_name(column: str, email_column: str, ours: Sequence[str]) -> str:
    """The roster's name for a column of the file. That of the addresses may be written in other letters."""
    if column != email_column or column in ours:
        return column
    return next((own for own in ours if own.casefold() == column.casefold()), column)

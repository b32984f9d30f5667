"""A results file that an operator has corrected, laid over the roster: which rows go again, and with what cells.

A row is recognised by the Message-ID that it carries, else by its address, else by its other cells (`recognition`). A
file with a row that fits none is refused: whoever that is, is none of this campaign's. Rows are marked `chosen`;
nothing is sent by it, and nothing that was sent can be sent again by it: that is the delivery's to say. A row that was
sent keeps its cells; only columns that the operator added are filled in: nor does somebody who wants no more get
another address. Of somebody who was erased, nothing comes back: such a row is passed over, and a row that gets such an
address is not sent. Raises LedgerError, ResultsError.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from campaign.ledger.cells import encode_cells
from campaign.ledger.database import Database
from campaign.ledger.sql.corrected_columns import CorrectedColumns
from campaign.ledger.sql.erased import Erased, blank, detail, is_mark
from campaign.ledger.sql.facts import read_columns
from campaign.ledger.sql.later_words import has_feedback
from campaign.ledger.sql.newest import forget_newest
from campaign.ledger.sql.row_matching import UnaddressedRows
from campaign.ledger.sql.stored_rows import StoredRows
from campaign.ledger.sql.suppressed import Suppressed
from campaign.ledger.sql.tally import recount
from campaign.ledger.sql.unknown_rows import unknown_rows
from campaign.ledger.sql.words import RESULT_ROWS, WORD
from campaign.ledger.values import SpreadsheetChange
from campaign.model import Row, Status

_READDRESSED = (Status.PENDING, Status.FAILED, Status.REJECTED, Status.BOUNCED, Status.INVALID, Status.DUPLICATE)
"""Where a corrected address counts: nobody has got, or may have got, the message at the old one."""
_ENTRY = f"SELECT entry.email, entry.status, {WORD}, entry.contact {RESULT_ROWS} WHERE entry.row = ?"
_CONTACT = """
INSERT INTO contact (address, id, roster, row)
SELECT ?, coalesce(max(id), 0) + 1, coalesce(max(roster), 0), ? FROM contact WHERE true
ON CONFLICT (address) DO UPDATE SET row = excluded.row, roster = excluded.roster
"""
_READDRESS = "UPDATE entry SET cells = ?, email = ?, contact = ?, status = ?, detail = ?, chosen = TRUE WHERE row = ?"


class Corrections:
    """One corrected file. `columns` are its own, `ignored` those that are not the contacts' (status, attempts ...),
    `renamed` gives the contacts' name for a column that the results call otherwise. `where` names the file.
    `owners` gives the address to which each Message-ID in the file belongs, where that is not the row's own address.
    """

    def __init__(
        self,
        database: Database,
        columns: Sequence[str],
        *,
        email_column: str,
        ignored: Iterable[str],
        key: Callable[[str], str],
        owners: Mapping[str, str],
        renamed: Mapping[str, str] = MappingProxyType({}),
        where: str = "",
    ) -> None:
        self._database = database
        self._rows = StoredRows(database)
        self._erased = Erased(database)
        self._key = key
        self._owners = owners
        ours = read_columns(database)
        self._columns = CorrectedColumns(
            columns, ours, email_column=email_column, ignored=set(ignored), renamed=renamed
        )
        self.left: Sequence[SpreadsheetChange] = self._columns.left
        """The cells that a spreadsheet has respelt, and that stay as they were."""
        self._where = where
        self._id_index = columns.index("message_id") if "message_id" in columns else None
        self._email_index = columns.index(email_column)
        self._word_index = columns.index("status") if "status" in columns else None
        self._met: set[int] = set()
        self._met_twins: set[tuple[str, ...]] = set()
        self._met_unaddressed: set[tuple[str, ...]] = set()
        self._changed: set[int] = set()
        self._duplicates: dict[int, list[int]] = {}
        self._abandoned: list[int] = []

    def apply(self, rows: Iterable[Row]) -> int:
        """Lay the rows over the roster; gives how many contacts were chosen."""
        with self._database.transaction():
            self._database.execute("UPDATE entry SET chosen = FALSE WHERE chosen")
            self._widen()
            unaddressed = self._unaddressed()
            rows = (row for row in rows if not self._erased.is_blank(row, self._email_index))
            unplaced = [row for row in rows if not self._place(row, unaddressed)]
            unknown = [row for row in unplaced if not self._unchanged(row, unaddressed)]
            unknown = [row for row in unknown if not self._recognise(row, unaddressed)]
            if unknown:
                raise unknown_rows(unknown, where=self._where)
            self._promote()
            recount(self._database)
            (chosen,) = self._database.execute("SELECT count(*) FROM entry WHERE chosen AND status IS NULL").fetchone()
            return int(chosen)

    def _widen(self) -> None:
        """The operator has added columns: every row has them now, empty where the file says nothing."""
        added = self._columns.added
        if added:
            blank = ',""' * len(added)
            self._database.execute("UPDATE entry SET cells = substr(cells, 1, length(cells) - 1) || ? || ']'", (blank,))
            columns = json.dumps(self._columns.columns)
            self._database.execute("UPDATE facts SET value = ? WHERE name = 'columns'", (columns,))

    def _unaddressed(self) -> UnaddressedRows:
        """What no address leads to; and, where no Message-ID tells whose row it was, what an address led to in vain."""
        refused = "" if self._id_index is not None else ", 'rejected', 'bounced'"
        entries = []
        for row, contact, cells, word in self._database.execute(
            f"SELECT entry.row, entry.contact, entry.cells, {WORD} {RESULT_ROWS} "
            f"WHERE {WORD} IN ('invalid', 'duplicate'{refused}) AND coalesce(entry.status, '') <> 'suppressed' "
            "ORDER BY entry.row"
        ):
            entries.append((row, self._rows.decoded(cells, row)))
            if word == Status.DUPLICATE:
                self._duplicates.setdefault(contact, []).append(row)
        return UnaddressedRows(entries, places=self._columns.shared_places, email_place=self._columns.email_place)

    def _place(self, row: Row, unaddressed: UnaddressedRows) -> bool:
        """Lay a row over the one that its Message-ID or its address leads to."""
        owner = self._owners.get(row.cells[self._id_index]) if self._id_index is not None else None
        if owner is not None and (found := self._rows.first_of(owner)) is not None and found[0] not in self._changed:
            self._lay(row, found[0])
            return True
        if is_mark(address := self._address(row) or ""):
            return True
        found = self._rows.first_of(address)
        if found is None:
            return False
        target, contact = found
        was_unaddressed = (
            self._word(row) not in ("", Status.SUPPRESSED)  # whose Message-ID is nobody's business
            and self._id_index is not None
            and not row.cells[self._id_index]
        )
        twin = None
        twins = self._duplicates.get(contact)
        if twins and (was_unaddressed or target in self._met or not self._same(row, target)):
            twin = unaddressed.unchanged(self._columns.laid_over(row), row.number, among=twins)
        if twin is not None:
            self._met_twins.add(row.cells)
            self._fill_in(row, twin)
        if row.cells in self._met_twins:  # now, or the same line once more
            self._choose(target)
        elif was_unaddressed:
            return False
        else:
            self._met.add(target)
            self._lay(row, target)
        return True

    def _unchanged(self, row: Row, unaddressed: UnaddressedRows) -> bool:
        """Whether the row is one that could not be mailed, and still is what it was."""
        if (target := unaddressed.unchanged(self._columns.laid_over(row), row.number)) is not None:
            self._met_unaddressed.add(row.cells)
            self._fill_in(row, target)
        return target is not None or row.cells in self._met_unaddressed  # the same line once more

    def _recognise(self, row: Row, unaddressed: UnaddressedRows) -> bool:
        """Lay a row over the one with the same cells but for the address. Gives whether there is one."""
        word, address, target = self._word(row), self._address(row), None
        if word != Status.SUPPRESSED and (word or self._word_index is None):
            target = unaddressed.corrected(self._columns.laid_over(row), row.number, ours=bool(word))
        if target is not None:
            self._lay(row, target)
        elif (found := self._rows.first_of(address)) is not None:
            self._choose(found[0])
        else:  # a damaged line may still say whose it is: nothing is changed by it
            return (
                row.fault is not None
                and row.email is not None
                and self._rows.first_of(self._key(row.email)) is not None
            )
        return True

    def _lay(self, row: Row, target: int) -> None:
        """Correct a row of the roster, as far as what became of it allows."""
        email, status, word, contact = self._database.execute(_ENTRY, (target,)).fetchone()
        known = self._key(email) if email is not None and status in (None, Status.SUPPRESSED) else None
        address = self._address(row)
        if address is not None and address == known:
            if word != Status.SENT and target not in self._changed:
                self._rewrite(row, target)
            elif word == Status.SENT:
                self._fill_in(row, target)
            self._choose(target)
        elif word not in _READDRESSED or status == Status.SUPPRESSED or has_feedback(self._database, contact):
            self._fill_in(row, target)
        elif target not in self._changed:
            self._changed.add(target)
            self._readdress(row, target, address)

    def _readdress(self, row: Row, target: int, address: str | None) -> None:
        """Give a row of the roster another address."""
        laid = self._columns.laid_over(row, self._rows.cells(target))
        day = None if address is None else self._erased.day(address)
        email, cells = (row.email, encode_cells(laid)) if day is None else (None, blank(laid))
        (before,) = self._database.execute("SELECT contact FROM entry WHERE row = ?", (target,)).fetchone()
        if before is not None and before in self._duplicates and target not in self._duplicates[before]:
            self._abandoned.append(before)
        if address is None:
            values: tuple[object, ...] = (cells, email, None, Status.INVALID.value, row.fault or "no address", target)
        elif (found := self._rows.first_of(address)) is not None:
            values = (cells, email, found[1], Status.DUPLICATE.value, f"the address of row {found[0]}", target)
        else:
            self._database.execute(_CONTACT, (address, target))
            forget_newest(self._database)
            (contact,) = self._database.execute("SELECT id FROM contact WHERE address = ?", (address,)).fetchone()
            listed = detail(day) if day else Suppressed(self._database).among([address]).get(address)
            why = (Status.SUPPRESSED.value, listed) if listed else (None, None)
            values = (cells, email, contact, *why, target)
        self._database.execute(_READDRESS, values)

    def _promote(self) -> None:
        """Where a row has left an address that others share, the first of those is no duplicate any more."""
        for contact in self._abandoned:
            (heir,) = self._database.execute(
                "SELECT min(row) FROM entry WHERE contact = ? AND status = 'duplicate'", (contact,)
            ).fetchone()
            self._database.execute("UPDATE entry SET status = NULL, detail = NULL WHERE row = ?", (heir,))
            self._database.execute("UPDATE contact SET row = ? WHERE id = ? AND ? > 0", (heir, contact, heir))

    def _rewrite(self, row: Row, target: int) -> None:
        if (cells := self._columns.laid_over(row, stored := self._rows.cells(target))) != stored:
            self._changed.add(target)
            values = (encode_cells(cells), row.email, target)
            self._database.execute("UPDATE entry SET cells = ?, email = ? WHERE row = ?", values)

    def _fill_in(self, row: Row, target: int) -> None:
        """Fill in the columns that the operator added, and no other."""
        if self._columns.added:
            cells = encode_cells(self._columns.filled_in(row, self._rows.cells(target)))
            self._database.execute("UPDATE entry SET cells = ? WHERE row = ?", (cells, target))

    def _choose(self, target: int) -> None:
        self._database.execute("UPDATE entry SET chosen = TRUE WHERE row = ?", (target,))

    def _same(self, row: Row, target: int) -> bool:
        return self._columns.changes_nothing(row, self._rows.cells(target))

    def _word(self, row: Row) -> str:
        """What the file says has become of the row: whatever it is, the row is one of ours."""
        return "" if self._word_index is None else row.cells[self._word_index]

    def _address(self, row: Row) -> str | None:
        return self._erased.known(self._key(row.email)) if row.email is not None and row.fault is None else None

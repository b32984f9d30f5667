"""In which kind of row each contact stands: due, suppressed, or none any more. A byte for each, so that whoever moves
the word of a contact need not look for the row, for which there is no index.

Takes the ledger's connection. Raises the database's errors, which whoever asks explains.
"""

from campaign.ledger.database import Database
from campaign.ledger.sql import tally
from campaign.ledger.sql.newest import newest
from campaign.model import Status

_NOBODY = ""
_NAMES = (_NOBODY, tally.GONE, tally.DUE, Status.SUPPRESSED.value)
_GONE, _DUE, _SUPPRESSED = range(1, 4)
_CONTACTS = "SELECT id FROM contact WHERE address NOT LIKE 'erased %'"


class RosterPlaces:
    """As they were when they were looked up last."""

    def __init__(self) -> None:
        self._places = bytearray()
        self._changes = -1

    def is_stale(self, database: Database) -> bool:
        """Whether rows have been read, corrected or erased since."""
        return tally.roster_changes(database) != self._changes

    def look_up(self, database: Database) -> None:
        """Look them up, in a transaction."""
        self._changes = tally.roster_changes(database)
        self._places = places = bytearray(newest(database) + 1)
        with database.streamed(_CONTACTS) as found:
            for (contact,) in found:
                places[contact] = _GONE
        for some in tally.entries(database):
            for contact, entry in some:
                if places[contact]:
                    places[contact] = _DUE if entry == tally.DUE else _SUPPRESSED

    def of(self, contact: int) -> str:
        """Give 'due', 'suppressed' or 'gone' as in `tally`; nothing for somebody who is not known, or was erased."""
        return _NAMES[self._places[contact]] if 0 < contact < len(self._places) else _NOBODY

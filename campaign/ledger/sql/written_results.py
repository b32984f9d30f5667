"""The results files that we have written, by digest: what is none of them, somebody else has changed or put there.

Kept among the ledger's facts. Best effort: where the fact can't be written (a full disk), a results file is taken for
changed later on, and kept, which loses nothing. Raises LedgerError only where the ledger can't be read.
"""

import contextlib
import json
from collections.abc import Iterator

from campaign.errors import LedgerError
from campaign.ledger.cells import decode_cells
from campaign.ledger.database import PATIENCE, Database
from campaign.ledger.sql.facts import WRITE, read_fact

_FACT = "results_written"
_GUARDED = "results_guarded"
_MOST = 16
"""Digests kept: a file may be put back by hand, or stand under another name."""
_QUOTED = "SELECT cells FROM entry WHERE instr(cells, '''') > 0"


def written_digests(database: Database) -> frozenset[str]:
    """Give the digests of the results files written last."""
    return frozenset(_known(database))


def may_be_guarded(database: Database) -> bool:
    """Whether a results file was ever written with its cells guarded against spreadsheets."""
    return read_fact(database, _GUARDED) is not None


def cells_with_apostrophe(database: Database) -> Iterator[str]:
    """Give the contacts' cells that hold an apostrophe: what looks guarded may be so by itself."""
    with database.explained(), database.streamed(_QUOTED) as rows:
        for (cells,) in rows:
            with contextlib.suppress(ValueError):  # damage is told by whoever needs these cells
                yield from (cell for cell in decode_cells(cells) if "'" in cell)


def remember_written(database: Database, digest: str, *, guarded: bool = False, patience: float = PATIENCE) -> None:
    """Put a digest on record, before the file takes its place; and whether its cells are guarded."""
    with contextlib.suppress(LedgerError), database.transaction(patience=patience):
        kept = [digest, *(one for one in _known(database) if one != digest)][:_MOST]
        database.execute(WRITE, (_FACT, json.dumps(kept)))
        if guarded:
            database.execute(WRITE, (_GUARDED, "1"))


def _known(database: Database) -> list[str]:
    known = read_fact(database, _FACT)
    try:
        return [] if known is None else [str(one) for one in json.loads(known)]
    except (ValueError, TypeError):
        return []

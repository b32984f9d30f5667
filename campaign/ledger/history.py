"""What the runs of this name did before: when the window opened, with which templates, to whom, and when.

A run says beforehand what will hold once it has mailed somebody (`announce`). When it is over, or at the start of the
next one where it was cut off, `settle` puts that on record if messages could go, and drops it if none could: sign-in
refused, no server, our own fault. So a start that failed opens no window.

The test is the ledger's own: whether more rows have an outcome, or have cost a try, than before the run began. Takes
the ledger's connection; gives counts, and moments in Unix seconds. Raises LedgerError.
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from campaign.ledger.faults import explained, transaction
from campaign.ledger.newest import newest

_TOUCHED = (
    "SELECT count(*) FROM delivery WHERE status IN ('sent', 'in_doubt', 'sending', 'rejected', 'failed') OR tries > 0"
)
_EARLIER = """
SELECT count(*), coalesce(sum(own.status IN ('sent', 'in_doubt')), 0),
    coalesce(sum(own.contact IS NULL AND entry.contact > ?), 0)
FROM entry LEFT JOIN delivery AS own ON own.contact = entry.contact
WHERE entry.status IS NULL OR entry.status = 'suppressed'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What earlier runs have done for the contacts file as it is now."""

    contacts: int
    """Rows of the file that can be mailed, suppressed ones included."""
    mailed: int
    """Of these: `sent`, or `in_doubt`."""
    new: int
    """Of these: those that the last run which mailed somebody did not know."""
    elsewhere: int
    """Contacts that were mailed and are not in the file any more."""
    first_at: int
    last_at: int
    """When the first and the last of all that were mailed were."""


def announce(database: sqlite3.Connection, *, opened: datetime | None, template: str) -> None:
    """Say what will hold if this run mails somebody: `opened`, unless None, and the digest of the templates."""
    with transaction(database):
        (touched,) = database.execute(_TOUCHED).fetchone()
        begun = {"touched": touched, "opened": opened and opened.isoformat(), "template": template}
        database.execute("INSERT OR REPLACE INTO facts VALUES ('begun', ?)", (json.dumps(begun),))


def settle(database: sqlite3.Connection) -> None:
    """Put what the last run announced on record if it mailed somebody, and drop it otherwise."""
    with explained(database):
        found = database.execute("SELECT value FROM facts WHERE name = 'begun'").fetchone()
    if found is None:
        return
    begun = json.loads(found[0])
    with transaction(database):
        database.execute("DELETE FROM facts WHERE name = 'begun'")
        if database.execute(_TOUCHED).fetchone()[0] <= begun["touched"]:
            return
        facts = [("template", begun["template"]), ("known", newest(database))]
        if begun["opened"] is not None:
            facts.append(("opened", begun["opened"]))
        database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)


def drop(database: sqlite3.Connection) -> None:
    """Forget what was announced: the run did not begin after all."""
    with explained(database):
        database.execute("DELETE FROM facts WHERE name = 'begun'")


def last_mailed(database: sqlite3.Connection) -> int | None:
    """Give when the last message left; None where none ever did."""
    with explained(database):
        last: int | None = database.execute(
            "SELECT max(settled_at) FROM delivery WHERE status IN ('sent', 'in_doubt')"
        ).fetchone()[0]
    return last


def last_known(database: sqlite3.Connection) -> tuple[str, int] | None:
    """Give the digest of the templates, and the last contact number, of the last run that mailed somebody; None where
    none did.
    """
    with explained(database):
        facts = dict(database.execute("SELECT name, value FROM facts WHERE name IN ('template', 'known')"))
    return (facts["template"], int(facts["known"])) if len(facts) == 2 else None


def knows_all(database: sqlite3.Connection, known: int) -> bool:
    """Whether nobody has come to the campaign since the contact number `known`."""
    with explained(database):
        return newest(database) <= known


def earlier_runs(database: sqlite3.Connection, known: int) -> Earlier:
    """Count what earlier runs have done. `known`: the last contact number that they knew."""
    with explained(database):
        contacts, mailed, new = database.execute(_EARLIER, (known,)).fetchone()
        everybody, first, last = database.execute(
            "SELECT count(*), coalesce(min(settled_at), 0), coalesce(max(settled_at), 0) FROM delivery "
            "WHERE status IN ('sent', 'in_doubt')"
        ).fetchone()
    return Earlier(
        contacts=contacts, mailed=mailed, new=new, elsewhere=everybody - mailed, first_at=first, last_at=last
    )

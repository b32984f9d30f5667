"""What the runs of this name did before: when the window opened, with which templates, to whom, and when.

A run says beforehand what will hold once it has mailed somebody (`announce`). When it is over, or at the start of the
next one where it was cut off, `settle` puts that on record if messages could go, and drops it if none could: sign-in
refused, no server, our own fault. So a start that failed opens no window.

The test is the ledger's own: whether more rows have an outcome, or have cost a try, than before the run began. Takes
the ledger's connection; gives counts, and moments in Unix seconds. Raises LedgerError.
"""

import json
import time
from datetime import UTC, datetime

from campaign.ledger.database import Database
from campaign.ledger.sql.facts import KEEP, WRITE, read_fact
from campaign.ledger.sql.later_words import LEFT, LEFT_AT
from campaign.ledger.sql.newest import newest
from campaign.ledger.values import EarlierRuns, LastRun

_TOUCHED = (
    "SELECT count(*) FROM delivery WHERE status IN ('sent', 'bounced', 'in_doubt', 'sending', 'rejected', 'failed') "
    "OR tries > 0"
)
_EARLIER = """
SELECT count(*), count(*) FILTER (WHERE own.status IN ('sent', 'bounced', 'in_doubt')),
    count(*) FILTER (WHERE own.contact IS NULL AND entry.contact > ?)
FROM entry LEFT JOIN delivery AS own ON own.contact = entry.contact
WHERE entry.status IS NULL OR entry.status = 'suppressed'
"""
FIRST_RUN = "first_run_at"
"""The fact of when the campaign's first run began: a Unix second."""


def first_run(database: Database) -> datetime | None:
    """Give when the campaign's first run began, aware; None where none has."""
    found = read_fact(database, FIRST_RUN)
    return None if found is None else datetime.fromtimestamp(int(found), UTC)


def announce(database: Database, *, opened: datetime | None, template: str) -> None:
    """Say what will hold if this run mails somebody: `opened`, unless None, and the digest of the templates."""
    with database.transaction():
        (touched,) = database.execute(_TOUCHED).fetchone()
        begun = {"touched": touched, "opened": opened and opened.isoformat(), "template": template}
        database.execute(WRITE, ("begun", json.dumps(begun)))
        database.execute(KEEP, (FIRST_RUN, str(int(time.time()))))


def settle(database: Database) -> None:
    """Put what the last run announced on record if it mailed somebody, and drop it otherwise."""
    found = read_fact(database, "begun")
    if found is None:
        return
    begun = json.loads(found)
    with database.transaction():
        database.execute("DELETE FROM facts WHERE name = 'begun'")
        if database.execute(_TOUCHED).fetchone()[0] <= begun["touched"]:
            return
        facts = [("template", begun["template"]), ("known", str(newest(database)))]
        if begun["opened"] is not None:
            facts.append(("opened", begun["opened"]))
        database.executemany(WRITE, facts)


def drop(database: Database) -> None:
    """Forget what was announced: the run did not begin after all."""
    with database.explained():
        database.execute("DELETE FROM facts WHERE name = 'begun'")


def last_run(database: Database) -> LastRun | None:
    """Give the last run that mailed somebody; None where none did."""
    with database.explained():
        (mailed_at,) = database.execute(
            f"SELECT max({LEFT_AT}) FROM {LEFT} WHERE status IN ('sent', 'bounced', 'in_doubt')"  # noqa: S608 - ours
        ).fetchone()
        facts = dict(database.execute("SELECT name, value FROM facts WHERE name IN ('template', 'known')"))
    if mailed_at is None or len(facts) != 2:
        return None
    return LastRun(mailed_at=mailed_at, templates=facts["template"], latest_contact=int(facts["known"]))


def knew_all(database: Database, last: LastRun) -> bool:
    """Whether nobody has come to the campaign since."""
    with database.explained():
        return newest(database) <= last.latest_contact


def earlier_runs(database: Database, last: LastRun) -> EarlierRuns:
    """Count what earlier runs have done."""
    with database.explained():
        contacts, mailed, new = database.execute(_EARLIER, (last.latest_contact,)).fetchone()
        everybody, first, latest = database.execute(
            f"SELECT count(*), coalesce(min({LEFT_AT}), 0), coalesce(max({LEFT_AT}), 0) FROM {LEFT} "  # noqa: S608
            "WHERE status IN ('sent', 'bounced', 'in_doubt')"
        ).fetchone()
    return EarlierRuns(
        contacts=contacts, mailed=mailed, new=new, elsewhere=everybody - mailed, first_at=first, last_at=latest
    )

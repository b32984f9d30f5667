"""What came after a message was sent, as it stands on record: proofs that moved a word, and who wants no more.

    evidence    every proof that moved a word or put feedback on record, with what stood there before: nothing that was
                known is lost. What only confirms a word is not kept.
    later_word  one row for each contact of whom there is anything: what is shown of it, and what `resend` has made of
                it. So the tables that are written while mail goes out have nothing more to carry.

Columns of `later_word`: `evidence`, the place of what the word rests on; `reopened_at`: a bounce from before says
nothing of what was sent since; `came_back_at`: nor does acceptance from before, for what was accepted then had bounced;
`left_at`: when the message that bounced was taken; `reply`: what the server said then, its own name for the message in
it.

Somebody with feedback has a delivery that is not pending, so no run finds them due; where a run was sending to them
just as it came, the next claim finds it out (`outbox`), or the start of the next run (`keep_quiet`). Takes the ledger's
connection, in a transaction where it writes. Raises the database's errors, which whoever asks explains.

Limits: a ledger that an earlier version began has neither table until a run or `settle` opens it.
"""

from collections.abc import Sequence

from campaign.ledger.database import Database
from campaign.ledger.sql.tally import recount

BY_PROOF = "by_proof"
"""The facts of how many more have a word than runs have found: `by_proof sent`, `by_proof in_doubt`."""
LEFT = "delivery LEFT JOIN later_word ON status = 'bounced' AND later_word.contact = delivery.contact"
LEFT_AT = "coalesce(left_at, settled_at)"
"""When a message left, in this table: what bounced has been settled later."""
HAS_FEEDBACK = "SELECT contact FROM later_word WHERE feedback IS NOT NULL"
_REOPENED = f"""
INSERT INTO later_word (contact, reopened_at, came_back_at)
SELECT contact, :now, CASE WHEN status = 'bounced' THEN :now END FROM delivery
WHERE status IN ('bounced', 'in_doubt') AND status IN (SELECT value FROM json_each(:words))
    AND contact NOT IN ({HAS_FEEDBACK}) {{chosen}}
ON CONFLICT (contact) DO UPDATE SET evidence = NULL, reopened_at = excluded.reopened_at,
    came_back_at = coalesce(excluded.came_back_at, later_word.came_back_at)
"""  # noqa: S608 - our own words
_QUIET = f"""
UPDATE delivery SET status = 'suppressed',
    detail = (SELECT feedback FROM later_word WHERE later_word.contact = delivery.contact)
WHERE status = 'pending' AND contact IN ({HAS_FEEDBACK})
"""  # noqa: S608 - our own words
_NOT_AGAIN = f"""
SELECT count(*) FROM entry WHERE status IS NULL {{chosen}} AND contact IN (
    SELECT contact FROM delivery WHERE contact IN ({HAS_FEEDBACK}) AND status IN (SELECT value FROM json_each(?)))
"""  # noqa: S608 - our own words


def has_tables(database: Database) -> bool:
    """Whether the ledger is of a version that keeps any of it."""
    return bool(database.columns_of("later_word"))


def has_any(database: Database) -> bool:
    """Whether there is evidence or feedback to be shown of anybody."""
    shown = "SELECT 1 FROM later_word WHERE evidence IS NOT NULL OR feedback IS NOT NULL LIMIT 1"
    return has_tables(database) and database.execute(shown).fetchone() is not None


def has_feedback(database: Database, contact: int | None = None) -> bool:
    """Whether anybody, or this contact, has made a complaint, or wants no more."""
    if not has_tables(database):
        return False
    if contact is None:
        return database.execute(f"{HAS_FEEDBACK} LIMIT 1").fetchone() is not None
    return database.execute(f"{HAS_FEEDBACK} AND contact = ?", (contact,)).fetchone() is not None


def not_again(database: Database, words: str, *, chosen: str) -> int:
    """Give how many rows with these words (a JSON array) are not reopened, since their contacts have feedback."""
    return int(database.execute(_NOT_AGAIN.format(chosen=chosen), (words,)).fetchone()[0])


def note_reopened(database: Database, words: str, *, now: int, chosen: str) -> None:
    """Remember that rows with these words (a JSON array) are about to be pending again: what proved them is history."""
    database.execute(_REOPENED.format(chosen=chosen), {"now": now, "words": words})


def keep_quiet(database: Database) -> None:
    """Suppress whoever is pending and has feedback: a run was sending to them when it came."""
    if has_feedback(database) and database.execute(_QUIET).rowcount:
        recount(database)


def suppress_pending(database: Database, contacts: Sequence[int]) -> int:
    """The same for those among these, which are due. Gives how many; counting them is the caller's."""
    return sum(database.execute(f"{_QUIET} AND contact = ?", (contact,)).rowcount for contact in contacts)

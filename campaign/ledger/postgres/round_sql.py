"""The statements of a worker's round: each moves what may be moved still, and counts it (`worker_tally`).

Parameters: `me`, the worker's number, and arrays of as many elements as there are rows. An outcome is written only of a
row that this worker has claimed, and that has none. The `LATE` ones are for a worker that was called lost: its claims
were called in doubt, with one attempt more on record, and what it knows of them is the truth.
"""

from campaign.ledger.postgres.lease import RENEWED
from campaign.ledger.postgres.worker_tally import counted

_PASSED = f"""
passed AS (
    UPDATE worker SET round = %(round)s, {RENEWED}
    WHERE number = %(me)s AND state = 'working' AND round = %(round)s - 1 AND losses = %(losses)s RETURNING 1)
"""  # noqa: S608 - our own words
GATE = f"WITH {_PASSED} SELECT 1 / count(*) FROM passed"  # noqa: S608 - our own words
"""A division by zero where the worker was called lost, or the round is on record already: nothing of it is done then.
Until the round is over, nobody can call the worker lost.
"""
_OUTCOME_ROWS = """
outcome AS (SELECT * FROM unnest(%(contacts)s::bigint[], %(statuses)s::text[], %(spent)s::integer[],
    %(codes)s::integer[], %(enhanced)s::text[], %(details)s::text[], %(moments)s::bigint[], %(servers)s::text[])
    AS outcome (contact, status, spent, code, enhanced, detail, moment, server))
"""
_OUTCOME = """
status = outcome.status, tries = d.tries + outcome.spent, smtp_code = outcome.code, enhanced = outcome.enhanced,
    detail = outcome.detail, settled_at = outcome.moment, server = outcome.server
"""
SETTLE = counted(
    f"""
UPDATE delivery AS d SET attempts = d.attempts + outcome.spent, {_OUTCOME}
FROM outcome WHERE d.contact = outcome.contact AND d.worker = %(me)s AND d.status = 'sending'
RETURNING 'sending' AS before, d.status AS after
""",  # noqa: S608 - our own words
    first=_OUTCOME_ROWS,
)
SETTLE_LATE = counted(
    f"""
UPDATE delivery AS d SET attempts = d.attempts + outcome.spent - (was.status <> 'sending')::integer, {_OUTCOME}
FROM outcome JOIN delivery AS was ON was.contact = outcome.contact
WHERE d.contact = outcome.contact AND d.worker = %(me)s
    AND (d.status IN ('sending', 'in_doubt') OR d.status = 'pending' AND outcome.status = 'sent')
RETURNING was.status AS before, d.status AS after
""",  # noqa: S608 - our own words
    first=_OUTCOME_ROWS,
)
"""A row that was called in doubt may have been made pending since, to go again: what proves that it went is the truth
all the same.
"""
_RELEASED = "status = 'pending', link_expires_at = NULL, link_fingerprint = NULL"
RELEASE = counted(f"""
UPDATE delivery AS d SET {_RELEASED}
WHERE contact = ANY(%(contacts)s::bigint[]) AND worker = %(me)s AND status = 'sending'
RETURNING 'sending' AS before, d.status AS after
""")  # noqa: S608 - our own words
RELEASE_LATE = counted(f"""
UPDATE delivery AS d SET {_RELEASED}, attempts = d.attempts - (was.status <> 'sending')::integer
FROM delivery AS was WHERE was.contact = d.contact AND was.contact = ANY(%(contacts)s::bigint[])
    AND d.worker = %(me)s AND d.status IN ('sending', 'in_doubt')
RETURNING was.status AS before, d.status AS after
""")  # noqa: S608 - our own words
TAKE_BACK = counted("""
UPDATE delivery AS d SET status = 'pending', tries = 0
FROM delivery AS was WHERE was.contact = d.contact AND was.contact = ANY(%(contacts)s::bigint[])
    AND d.worker = %(me)s AND d.status IN ('rejected', 'failed')
RETURNING was.status AS before, d.status AS after
""")
_UNLESS_TAKEN = """
ON CONFLICT (contact) DO UPDATE SET status = 'sending', link_expires_at = excluded.link_expires_at,
    link_fingerprint = excluded.link_fingerprint, worker = excluded.worker
WHERE d.status = 'pending'
    AND NOT EXISTS (SELECT 1 FROM later_word WHERE later_word.contact = d.contact AND feedback IS NOT NULL)
"""
CLAIM = counted(
    f"""
INSERT INTO delivery AS d (contact, status, link_expires_at, link_fingerprint, worker)
SELECT contact, 'sending', expires, fingerprint, %(me)s
FROM unnest(%(contacts)s::bigint[], %(expiries)s::bigint[], %(fingerprints)s::text[])
    AS asked (contact, expires, fingerprint) ORDER BY contact
{_UNLESS_TAKEN} RETURNING 'pending' AS before, d.status AS after, d.contact
""",  # noqa: S608 - our own words
    give="contact",
)
"""In the order of contacts, so that two workers that claim the same rows do not wait for each other in a ring."""
PLAIN = f"""
WITH {_PASSED}, {_OUTCOME_ROWS}, settled AS (
    UPDATE delivery AS d SET attempts = d.attempts + outcome.spent, {_OUTCOME}
    FROM outcome WHERE d.contact = outcome.contact AND d.worker = %(me)s AND d.status = 'sending' RETURNING 1),
claimed AS (
    INSERT INTO delivery AS d (contact, status, link_expires_at, link_fingerprint, worker)
    SELECT contact, 'sending', expires, fingerprint, %(me)s
    FROM unnest(%(claims)s::bigint[], %(expiries)s::bigint[], %(fingerprints)s::text[])
        AS asked (contact, expires, fingerprint)
    {_UNLESS_TAKEN} RETURNING 1),
tallied AS (
    INSERT INTO worker_tally AS kept (worker, delivery, rows)
    SELECT %(me)s, word, by FROM unnest(%(words)s::text[], %(changes)s::bigint[]) AS changed (word, by)
    ON CONFLICT (worker, delivery) DO UPDATE SET rows = kept.rows + excluded.rows)
SELECT 1 / ((SELECT count(*) FROM passed) = 1
    AND (SELECT count(*) FROM settled) = %(outcomes)s AND (SELECT count(*) FROM claimed) = %(asked)s)::integer
"""  # noqa: S608 - our own words
"""Most rounds, with their gate: outcomes, and claims of other rows, sorted by contact, and what they change if all of
it can be done. A division by zero where it can't: then it is done one by one, and counted.
"""
CONDEMN = counted("""
INSERT INTO delivery AS d (contact, status, detail, settled_at)
SELECT contact, 'invalid', why, moment FROM unnest(%(contacts)s::bigint[], %(details)s::text[], %(moments)s::bigint[])
    AS outcome (contact, why, moment) ORDER BY contact
ON CONFLICT (contact) DO UPDATE SET status = 'invalid', detail = excluded.detail, settled_at = excluded.settled_at
WHERE d.status = 'pending'
RETURNING 'pending' AS before, d.status AS after
""")
GIVE_UP = counted("""
UPDATE delivery AS d SET status = 'failed' WHERE contact = ANY(%(contacts)s::bigint[]) AND status = 'pending'
RETURNING 'pending' AS before, d.status AS after
""")
DOUBT = counted(
    """
UPDATE delivery AS d SET status = 'in_doubt', detail = outcome.why, settled_at = outcome.moment
FROM outcome WHERE d.contact = outcome.contact AND d.status = 'pending'
RETURNING 'pending' AS before, d.status AS after
""",
    first="""
outcome AS (SELECT * FROM unnest(%(contacts)s::bigint[], %(details)s::text[], %(moments)s::bigint[])
    AS outcome (contact, why, moment))
""",
)
QUIET = counted("""
UPDATE delivery AS d SET status = 'suppressed', detail = later_word.feedback
FROM later_word WHERE later_word.contact = d.contact AND later_word.feedback IS NOT NULL
    AND d.contact = ANY(%(contacts)s::bigint[]) AND d.status = 'pending'
RETURNING 'pending' AS before, d.status AS after
""")
"""Of claims that were lost: those who want no more (`sql.later_words`)."""
STANDING = "SELECT state, round, losses FROM worker WHERE number = %(me)s FOR UPDATE"
PASSED = f"UPDATE worker SET round = %(round)s, {RENEWED} WHERE number = %(me)s"  # noqa: S608 - our own words
WON = """
SELECT contact FROM delivery WHERE contact = ANY(%(contacts)s::bigint[]) AND worker = %(me)s
    AND (status IN ('sending', 'in_doubt') OR contact = ANY(%(ended)s::bigint[]))
"""
"""Which claims of a round that is on record already were this worker's: `ended` had their outcomes in it."""

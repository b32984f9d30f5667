"""A row's word: what becomes of a row of the contacts file by its entry and its contact's delivery, as SQL; and whether
it is to be mailed.
"""

RESULT_ROWS = """
FROM entry LEFT JOIN delivery AS own ON own.contact = entry.contact
    AND (entry.status IS NULL
        OR entry.status = 'suppressed' AND own.status IN ('sent', 'bounced', 'in_doubt', 'rejected'))
"""
"""Every row, with the delivery that is its own: a duplicate's is another row's. What was sent stays sent, even if it
has been suppressed since.
"""
WORD = "CASE WHEN own.status = 'sending' THEN sending_word() ELSE coalesce(own.status, entry.status, 'pending') END"
"""The status of a row of `RESULT_ROWS`. A claim without an outcome is in doubt, once nobody can be sending it."""
SENDABLE = "entry.status IS NULL AND coalesce(delivery.status, 'pending') = 'pending'"
"""Whether a row is due, of `entry LEFT JOIN delivery`."""

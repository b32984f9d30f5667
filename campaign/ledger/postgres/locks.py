"""The advisory locks of a campaign's schema, each for one transaction, in the order in which they are taken.

EXCLUSIVE_LOCK   whoever writes alone, as in SQLite: a recount, a settling, an erasure
SHARED_LOCK      workers' rounds, and rows as they are read: not beside one of those, but beside each other
SHARES_LOCK      whoever grants, or frees, a share of what all workers have together
"""

_KEY = 1129140295
"""That is "CMPG": the key space of this program."""
LOCK_OF_SCHEMA = f"SELECT pg_advisory_xact_lock({_KEY}, hashtext(?))"
"""EXCLUSIVE_LOCK, of a schema that may not be there yet."""
EXCLUSIVE_LOCK = f"SELECT pg_advisory_xact_lock({_KEY}, hashtext(current_schema()))"
SHARED_LOCK = f"SELECT pg_advisory_xact_lock_shared({_KEY}, hashtext(current_schema()))"
SHARES_LOCK = f"SELECT pg_advisory_xact_lock({_KEY}, hashtext(current_schema() || ' shares'))"

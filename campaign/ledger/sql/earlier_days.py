"""Days on which nobody counted (`daily_count`), since there was no daily limit: counted by the outcomes on record, so
that a limit that is set later begins with what today has had, and at the step of the ladder that is due.

Takes the ledger's connection and a zone. Raises LedgerError. Limits: an outcome has the time at which it came, a moment
after its message began; one that is in doubt has the time at which that was found out, and counts for no day.
"""

from collections import Counter
from datetime import UTC, date, datetime, tzinfo

from campaign.daily_plan import day_of
from campaign.ledger.database import Database
from campaign.ledger.sql.later_words import LEFT, LEFT_AT

_QUARTER = 900
"""Seconds: midnight is a multiple of it after 1970 in every zone."""
_BY_QUARTER = f"""
SELECT {LEFT_AT} / {_QUARTER}, count(*) FROM {LEFT}
WHERE status IN ('sent', 'rejected', 'bounced') AND settled_at IS NOT NULL GROUP BY 1
"""  # noqa: S608 - our own number


def earlier_days(database: Database, zone: tzinfo) -> Counter[date]:
    """Give how many messages began on each day, as far as outcomes show. A look at every outcome: for a run that has a
    daily limit.
    """
    days: Counter[date] = Counter()
    with database.explained():
        for quarter, messages in database.execute(_BY_QUARTER):
            days[day_of(datetime.fromtimestamp(quarter * _QUARTER, UTC), zone)] += messages
    return days

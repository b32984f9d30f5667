"""A run made ready for its workers: where they begin, and nothing left of earlier ones. Raises LedgerError."""

import json
from collections.abc import Collection

from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.daily_record import drop_leave
from campaign.ledger.sql.server_memory import forget_abilities

_PREPARE = """
UPDATE run SET cursor = 0, allowance = :allowance, chosen_only = :chosen_only, reading = :reading, queues = :queues
WHERE number = :run
"""


def prepare_run(
    database: PostgresConnection,
    run: int,
    *,
    limit: int | None,
    chosen_only: bool,
    reading: bool,
    zone_column: str,
    limited_domains: Collection[str],
) -> None:
    """Put the cursor before the first row, and say how many contacts the run may take (None: all), of which rows, and
    whether more are being read; their queues are as in `RunLedger.prepare`.
    """
    prepared = {
        "run": run,
        "allowance": -1 if limit is None else limit,
        "chosen_only": chosen_only,
        "reading": reading,
        "queues": json.dumps([zone_column, sorted(limited_domains)]),
    }
    with database.transaction():
        database.execute(_PREPARE, prepared)
        for table in ("block", "set_aside", "news"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        if reading:
            database.execute("DELETE FROM facts WHERE name = 'columns'")
        forget_abilities(database)
        drop_leave(database)

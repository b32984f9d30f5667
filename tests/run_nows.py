"""A run at a moment, for tests of whoever shows it."""

from dataclasses import replace
from typing import Any

from campaign.run_now import Refusal, RunNow, ServerNow

AT = 1_795_719_600.0
"""2026-11-26 19:00:00 UTC."""

THROTTLED = ServerNow(
    name="mx.example",
    connections=3,
    limit=3,
    most=10,
    slowed_to=12.5,
    slowed_by="451 4.7.1 Try again later",
    fewer_by="421 too many connections",
)


def run_now(**known: Any) -> RunNow:
    """A run that is throttled and has refusals, with these fields as given."""
    return replace(
        RunNow(
            at=AT,
            pid=4711,
            phase="sending",
            started_at=AT - 60,
            total=3000,
            settled={"sent": 1200, "rejected": 34},
            under_way=3,
            deferred=12,
            next_try_at=AT + 40,
            rate=20.0,
            rates=(10.0, 40.0, 20.0),
            servers=(THROTTLED,),
            window_closes_at=AT + 3600,
            refusals=(
                Refusal(
                    at=AT - 1,
                    status="rejected",
                    row=17,
                    server="mx.example",
                    code=550,
                    enhanced="5.1.1",
                    text="No such user (address)",
                ),
            ),
        ),
        **known,
    )

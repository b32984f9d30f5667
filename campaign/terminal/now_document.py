"""How a run goes now, for a program: the same fields in `status --json` and in the events of `--log-format json`.

Takes a `RunNow`; gives plain values: moments in ISO 8601, UTC, with the offset. Raises nothing.
"""

from datetime import UTC, datetime

from campaign.run_now import Refusal, RunNow


def now_document(now: RunNow) -> dict[str, object]:
    """Give all of it."""
    return {
        "at": iso(now.at),
        "pid": now.pid,
        "host": now.host,
        "workers": now.workers,
        "phase": now.phase,
        "started_at": iso(now.started_at),
        **numbers(now),
        "rates": list(now.rates),
        "rates_every": now.rates_every,
        "waits_for": now.waits_for or None,
        "waits_until": iso(now.waits_until),
        "window_closes_at": iso(now.window_closes_at),
        "last_refusals": [_refusal(one) for one in now.refusals],
    }


def numbers(now: RunNow) -> dict[str, object]:
    """Give how far it is, and what holds it up."""
    left = now.seconds_left
    return {
        "to_send": now.total,
        "settled": {word: count for word, count in now.settled.items() if count},
        "under_way": now.under_way,
        "deferred": now.deferred,
        "next_try_at": iso(now.next_try_at),
        "rate": now.rate,
        "seconds_left": None if left is None else round(left),
        "servers": [
            {
                "server": server.name,
                "connections": server.connections,
                "limit": server.limit,
                "configured": server.most,
                "slowed_to": None if server.slowed_to is None else round(server.slowed_to, 3),
                "slowed_by": server.slowed_by or None,
                "fewer_connections_by": server.fewer_by or None,
                "out": server.out or None,
            }
            for server in now.servers
        ],
    }


def iso(moment: float | None) -> str | None:
    """Give Unix seconds as ISO 8601."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _refusal(one: Refusal) -> dict[str, object]:
    return {
        "at": iso(one.at),
        "status": one.status,
        "row": one.row,
        "server": one.server,
        "code": one.code,
        "enhanced": one.enhanced,
        "text": one.text,
    }

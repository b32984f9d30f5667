"""What `report --json` tells a program: what the page says, the numbers of its pictures among it, as
`campaign/guide/json.md` describes them.

Takes what the page is made of; gives plain values. Moments are ISO 8601 with their offset, lengths of time seconds.
Holds no link and no secret.
"""

from collections.abc import Mapping
from pathlib import Path

from campaign.commands.json_documents import afterwards_document, counts_document
from campaign.model import Status
from campaign.report import Pictures, ReportData, TimeToAccept


def report_document(data: ReportData, page: Path | None) -> dict[str, object]:
    """What the page says; `page` is where it was written, if it was."""
    return {
        "campaign": data.campaign,
        "exit_code": 0,
        **counts_document(data.counts),
        "generated_at": data.generated_at.isoformat(),
        "first_sent_at": None if data.first_accepted is None else data.first_accepted.isoformat(),
        "last_sent_at": None if data.last_accepted is None else data.last_accepted.isoformat(),
        "afterwards": afterwards_document(data.afterwards),
        "reasons": [
            {"status": one.status.value, "code": one.code, "detail": one.detail, "count": one.count}
            for one in data.reasons
        ],
        **_pictures_document(data.pictures),
        "people": [
            {
                "row": one.number,
                "email": one.email,
                "status": one.status.value,
                "reason": one.reason,
                "message_id": one.message_id or None,
            }
            for one in data.people
        ],
        "commands": [{"for": words, "command": line} for words, line in data.commands],
        "page": None if page is None else str(page),
    }


def _pictures_document(drawn: Pictures) -> dict[str, object]:
    """The numbers of the pictures."""
    others = drawn.other_domains
    return {
        "bar_seconds": drawn.bar_seconds,
        "bars": [
            {
                "begins_at": bar.begins.isoformat(),
                "counts": _present(bar.counts),
                "time_to_accept": _time_document(bar.time_to_accept),
                "put_off": bar.put_off,
                "rate": bar.rate,
                "throttled_to": bar.allowed,
            }
            for bar in drawn.bars
        ],
        "time_to_accept": _time_document(drawn.time_to_accept),
        "refusals": [
            {"code": one.code, "counts": _present(one.counts), "detail": one.detail} for one in drawn.refusals
        ],
        "tries": [{"tries": one.tries, "counts": _present(one.counts)} for one in drawn.tries],
        "waits": [{"up_to_seconds": one.up_to, "count": one.count} for one in drawn.waits],
        "domains": [{"domain": one.domain or None, "counts": _present(one.counts)} for one in drawn.domains],
        "other_domains": None if others is None else {"domains": others.domains, "counts": _present(others.counts)},
    }


def _time_document(took: TimeToAccept | None) -> dict[str, object] | None:
    if took is None:
        return None
    return {
        "messages": took.messages,
        "median": round(took.median, 4),
        "p95": round(took.p95, 4),
        "p99": round(took.p99, 4),
    }


def _present(counts: Mapping[Status, int]) -> dict[str, int]:
    return {status.value: counts[status] for status in Status if counts.get(status)}

"""What commands tell a program: JSON documents, as `campaign/guide/json.md` describes them.

Takes what the words for people are made of, so that both say the same; gives plain values. Moments are ISO 8601 with
their offset, lengths of time seconds. No document holds a link or a secret.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.links import Inspection
from campaign.model import Status
from campaign.report import ReportData
from campaign.run.dry_run_findings import DryRun
from campaign.run.summary import RunSummary
from campaign.terminal.findings import Findings
from campaign.terminal.stop_reason import stop_reason

if TYPE_CHECKING:  # `send` says nothing of them, and need not wait for their import
    from campaign.run.run_forecast import RunForecast
    from campaign.run.trial_run import TrialResult


def run_document(name: str, ended: RunSummary, *, limited: bool) -> dict[str, object]:
    """How a run ended. `limited`: it was told how many to send at most."""
    reason, words = stop_reason(ended, datetime.now(UTC), limited=limited)
    return {
        "campaign": name,
        "exit_code": ended.exit_code,
        **counts_document(ended.counts),
        "sent_now": ended.sent_now,
        "in_doubt_now": ended.in_doubt_now,
        "tried_now": ended.tried_now,
        "seconds": round(ended.seconds, 3),
        "results": str(ended.results) if ended.results_written else None,
        "stopped": words or None,
        "reason": reason or None,
        "error": None
        if ended.trouble is None
        else {"what": ended.trouble.what, "where": ended.trouble.where, "fix": ended.trouble.fix},
    }


def trial_document(
    name: str, results: Sequence["TrialResult"], *, live_links: bool, exit_code: int
) -> dict[str, object]:
    """What became of test messages."""
    return {
        "campaign": name,
        "exit_code": exit_code,
        "live_links": live_links,
        "accepted": sum(bool(one.accepted) for one in results),
        "messages": [
            {
                "row": one.message.row,
                "email": one.message.email,
                "to": one.message.to,
                "message_id": None if one.message.attempt is None else one.message.attempt.message.message_id,
                "accepted": one.accepted,
                "smtp_code": one.code,
                "enhanced_status": one.enhanced,
                "detail": one.words,
                "fix": one.fix,
            }
            for one in results
        ],
    }


def check_document(
    name: str, seen: DryRun, forecast: "RunForecast | None", found: Findings, exit_code: int
) -> dict[str, object]:
    """What a check has found; `pending` are the rows with a message."""
    return {
        "campaign": name,
        "exit_code": exit_code,
        "ready": exit_code != 2,
        **_dry_run_document(seen),
        "wrong": found.wrong,
        "notes": found.notes,
        "forecast": None if forecast is None else _forecast_document(forecast),
        "findings": found.found,
    }


def _forecast_document(told: "RunForecast") -> dict[str, object]:
    """When a run would end."""
    found, pace = told.found, told.measured.pace
    return {
        "begins_at": told.now.isoformat(),
        "ends_at": None if found.ends is None else found.ends.astimezone(told.window.zone).isoformat(),
        "closes_at": None if told.window.closes is None else told.window.closes.isoformat(),
        "rows": found.rows,
        "unsent": found.unsent,
        "rate": round(found.per_second, 3),
        "set_by": found.set_by or None,
        "day_limited": found.day_limited,
        "round_trip": None if pace is None else round(pace.round_trip, 6),
        "round_trips": None if pace is None else pace.trips,
    }


def preview_document(name: str, seen: DryRun, folder: Path, exit_code: int) -> dict[str, object]:
    """What a preview has written; `pending` are the rows with a message."""
    return {
        "campaign": name,
        "exit_code": exit_code,
        **_dry_run_document(seen),
        "folder": str(folder),
    }


def _dry_run_document(seen: DryRun) -> dict[str, object]:
    """What the messages came to."""
    sizes = {
        "largest": seen.sizes.largest,
        "largest_html": seen.sizes.largest_html,
        "clipped": seen.sizes.clipped,
    }
    return {**counts_document({status: seen.counts[status] for status in Status}), "sizes": sizes}


def status_document(
    name: str, counts: Mapping[Status, int], results: Path, running: int | None, being_sent: int
) -> dict[str, object]:
    """What the ledger says. `running`: the process that sends; `being_sent`: messages without an outcome so far."""
    found = {"results": str(results), "running": running, "being_sent": being_sent}
    return {"campaign": name, "exit_code": 0, **counts_document(counts), **found}


def report_document(data: ReportData, page: Path | None) -> dict[str, object]:
    """What the page says; `page` is where it was written, if it was."""
    return {
        "campaign": data.campaign,
        "exit_code": 0,
        **counts_document(data.counts),
        "generated_at": data.generated_at.isoformat(),
        "first_sent_at": None if data.first_accepted is None else data.first_accepted.isoformat(),
        "last_sent_at": None if data.last_accepted is None else data.last_accepted.isoformat(),
        "reasons": [
            {"status": one.status.value, "code": one.code, "detail": one.detail, "count": one.count}
            for one in data.reasons
        ],
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


def inspection_document(found: Inspection, exit_code: int) -> dict[str, object]:
    """What a link says, and what is wrong with it."""
    return {
        "exit_code": exit_code,
        "claims": dict(found.claims),
        "expires_at": None if found.expires_at is None else found.expires_at.isoformat(),
        "seconds_left": found.seconds_left,
        "checks": [{"name": one.name, "ok": one.ok, "words": one.words} for one in found.checks],
        "trouble": found.trouble,
    }


def counts_document(counts: Mapping[Status, int]) -> dict[str, object]:
    """Rows by status, and all of them."""
    return {"total": sum(counts.values()), "counts": {status.value: count for status, count in counts.items()}}

"""What commands tell a program: JSON documents, as `campaign/guide/json.md` describes them.

Takes what the words for people are made of, so that both say the same; gives plain values. Moments are ISO 8601 with
their offset, lengths of time seconds. No document holds a link or a secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.model import Status
from campaign.terminal.now_document import now_document

if TYPE_CHECKING:  # a command need not wait for the import of what it says nothing of
    from campaign.check import CheckResult
    from campaign.deliverability import Finding
    from campaign.links import Inspection
    from campaign.report import Pictures, ReportData, TimeToAccept
    from campaign.run.erase import Erasure
    from campaign.run.preview_result import PreviewResult
    from campaign.run.run_forecast import RunForecast
    from campaign.run.status_now import StatusNow
    from campaign.run.summary import RunSummary
    from campaign.run.trial_run import TrialResult


def run_document(name: str, ended: "RunSummary") -> dict[str, object]:
    """How a run ended."""
    return {
        "campaign": name,
        "exit_code": ended.exit_code,
        **counts_document(ended.counts),
        "sent_now": ended.sent_now,
        "in_doubt_now": ended.in_doubt_now,
        "tried_now": ended.tried_now,
        "seconds": round(ended.seconds, 3),
        "servers": ended.servers,
        "results": str(ended.results) if ended.results_written else None,
        "stopped": ended.why or None,
        "reason": ended.reason or None,
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
                "seconds": None if one.seconds is None else round(one.seconds, 3),
                "detail": one.words,
                "fix": one.fix,
            }
            for one in results
        ],
    }


def check_document(found: "CheckResult", exit_code: int) -> dict[str, object]:
    """What a check has found; `pending` are the rows with a message."""
    return {
        "campaign": found.campaign,
        "exit_code": exit_code,
        "ready": found.ready,
        **counts_document(found.counts),
        "sizes": asdict(found.sizes),
        "wrong": found.wrong,
        "notes": found.notes,
        "forecast": None if found.forecast is None else _forecast_document(found.forecast),
        "findings": [finding_document(one) for one in found.findings],
    }


def finding_document(finding: "Finding") -> dict[str, object]:
    """A finding; under older names, too, where it had them."""
    document: dict[str, object] = {
        "kind": finding.severity.value,
        "rule": finding.rule,
        "what": finding.what,
        "where": finding.where,
        "fix": finding.fix,
    }
    if finding.severity.value == "ok":
        document["subject"] = finding.rule
    if finding.severity.value != "wrong":
        document["words"] = finding.what
    if finding.details:
        document["details"] = list(finding.details)
    return document


def _forecast_document(told: "RunForecast") -> dict[str, object]:
    """When a run would end."""
    found = told.found
    return {
        "begins_at": told.now.isoformat(),
        "ends_at": None if found.ends is None else found.ends.astimezone(told.window.zone).isoformat(),
        "closes_at": None if told.window.closes is None else told.window.closes.isoformat(),
        "rows": found.rows,
        "unsent": found.unsent,
        "rate": round(found.per_second, 3),
        "set_by": found.set_by or None,
        "day_limited": found.day_limited,
        "accepting": None if told.accepting is None else round(told.accepting, 6),
        "servers": [
            {"name": name, "round_trip": round(pace.round_trip, 6), "round_trips": pace.trips}
            for name, pace in told.measured.paces.items()
        ],
    }


def preview_document(seen: "PreviewResult") -> dict[str, object]:
    """What a preview has written; `pending` are the rows with a message."""
    return {
        "campaign": seen.campaign,
        "exit_code": seen.exit_code,
        **counts_document(seen.counts),
        "sizes": asdict(seen.sizes),
        "folder": str(seen.folder),
    }


def erasure_document(name: str, went: "Erasure") -> dict[str, object]:
    """What was taken out, of the real run and of the sandbox's; in a dry run, what would be."""
    return {
        "campaign": name,
        "exit_code": went.exit_code,
        "dry_run": went.dry_run,
        "people": max((one.found.people for one in went.runs), default=0),
        "rows": sum(one.found.rows for one in went.runs),
        "waiting": sum(one.found.waiting for one in went.runs),
        "erased_before": max((len(one.found.already) for one in went.runs), default=0),
        "unknown": list(went.unknown),
        "messages": sum(one.messages for one in went.runs),
        "written": [str(path) for path in (*filter(None, (one.results for one in went.runs)), *went.reports)],
        "kept": [str(one.kept) for one in went.runs if one.kept is not None],
        "named_in": [str(path) for path in went.named],
    }


def status_document(now: "StatusNow") -> dict[str, object]:
    """What the ledger says."""
    found: dict[str, object] = {"results": str(now.results), "running": now.running, "being_sent": now.being_sent}
    found["now"] = None if now.run is None else now_document(now.run)
    return {"campaign": now.campaign, "exit_code": 0, **counts_document(now.counts), **found}


def report_document(data: "ReportData", page: Path | None) -> dict[str, object]:
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


def _pictures_document(drawn: "Pictures") -> dict[str, object]:
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


def _time_document(took: "TimeToAccept | None") -> dict[str, object] | None:
    if took is None:
        return None
    return {
        "messages": took.messages,
        "median": round(took.median, 4),
        "p95": round(took.p95, 4),
        "p99": round(took.p99, 4),
    }


def _present(counts: Mapping[Status, int]) -> dict[str, int]:
    return {status.value: count for status, count in counts.items() if count}


def inspection_document(found: "Inspection", exit_code: int) -> dict[str, object]:
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

"""What commands tell a program: JSON documents, as `campaign/guide/json.md` describes them.

Takes what the words for people are made of, so that both say the same; gives plain values. Moments are ISO 8601 with
their offset, lengths of time seconds. No document holds a link or a secret. Those with the most to say have a module of
their own: `check_document`, `report_document`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from campaign.evidence import SOON
from campaign.model import Status
from campaign.terminal.now_document import now_document

if TYPE_CHECKING:  # a command that says nothing of them need not wait for their import
    from campaign.evidence import LaterWords
    from campaign.links import Inspection
    from campaign.run.erase import Erasure
    from campaign.run.preview_result import PreviewResult
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
    found["running_on"] = (now.process and now.process.host) or None
    found["now"] = None if now.run is None else now_document(now.run)
    found["afterwards"] = afterwards_document(now.afterwards)
    return {"campaign": now.campaign, "exit_code": 0, **counts_document(now.counts), **found}


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


def afterwards_document(after: "LaterWords") -> dict[str, object]:
    """What later evidence has shown."""
    at = after.recorded_at
    return {
        "complaints": after.complaints,
        "unsubscribed": after.unsubscribed,
        "evidence_at": None if at is None else datetime.fromtimestamp(at, UTC).isoformat(),
        "came_back": [{"up_to_seconds": limit, "count": after.came_back_after.get(limit, 0)} for limit in (*SOON, None)]
        if after.came_back_after
        else [],
    }

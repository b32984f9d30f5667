"""What `campaign settle --json` tells a program, as `campaign/guide/json.md` describes it. Raises nothing."""

from collections.abc import Iterable

from campaign.commands.json_documents import counts_document
from campaign.evidence import Unread
from campaign.run.settlement import Settlement


def settle_document(settled: Settlement) -> dict[str, object]:
    """What later evidence has moved; in a dry run, what it would move."""
    suppressed = settled.suppressed
    return {
        "campaign": settled.campaign,
        "exit_code": settled.exit_code,
        "dry_run": settled.dry_run,
        **counts_document(settled.counts),
        "files": settled.files,
        "mails": settled.mails,
        "moved": settled.moved,
        "moves": [
            {"before": move.before.value, "after": move.after.value, "source": move.source, "rows": move.rows}
            for move in settled.moves
        ],
        "feedback": [{"kind": one.kind.value, "source": one.source, "rows": one.rows} for one in settled.feedback],
        "unchanged": dict(settled.unchanged),
        "unmatched": dict(settled.unmatched),
        "earlier": dict(settled.earlier),
        "being_sent": settled.being_sent,
        "unread": _told(settled.unread),
        "unread_total": settled.unread_total,
        "hints": _told(settled.hints),
        "hints_total": settled.hints_total,
        "running": settled.running,
        "results": None if settled.results is None else str(settled.results),
        "kept": None if settled.kept is None else str(settled.kept),
        "suppress": None if suppressed is None else {"path": str(suppressed.path), "added": suppressed.added},
    }


def _told(those: Iterable[Unread]) -> list[dict[str, str]]:
    return [{"what": one.what, "where": one.where, "fix": one.fix} for one in those]

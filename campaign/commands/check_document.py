"""What `check --json` tells a program: the findings, and when a run would end. `campaign/guide/json.md` describes it.

Takes what the words for people are made of; gives plain values. Holds no link and no secret.
"""

from dataclasses import asdict

from campaign.check import CheckResult
from campaign.commands.json_documents import counts_document
from campaign.deliverability import Finding
from campaign.run.run_forecast import RunForecast


def check_document(found: CheckResult, exit_code: int) -> dict[str, object]:
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


def finding_document(finding: Finding) -> dict[str, object]:
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


def _forecast_document(told: RunForecast) -> dict[str, object]:
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
            {
                "name": name,
                "round_trip": round(pace.round_trip, 6),
                "round_trips": pace.trips,
                "in_flight": pace.in_flight,
            }
            for name, pace in told.measured.paces.items()
        ],
    }

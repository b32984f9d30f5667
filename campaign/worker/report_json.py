"""A worker's report as text, for an owner on another machine, and back: the same report.

Both are of the same version of this program, or the worker was refused: what is left out is as `WorkerReport` has it by
itself. Raises ValueError for text that is no report.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from campaign.histogram import Histogram, Stretch
from campaign.run_now import Refusal
from campaign.worker.worker_report import Event, Notice, ServerReport, StopReason, WorkerReport

_NOTHING = asdict(WorkerReport(settled={}))


def report_to_json(report: WorkerReport) -> str:
    """Give it as JSON, without what says nothing."""
    said = {name: value for name, value in asdict(report).items() if value != _NOTHING[name]}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def report_from_json(text: str) -> WorkerReport:
    """Give the report. Raises ValueError."""
    try:
        return _report(json.loads(text))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no report of a worker: {error}") from None


def _report(found: dict[str, Any]) -> WorkerReport:
    read: dict[str, Any] = {
        "settled": {str(word): int(count) for word, count in found.get("settled", {}).items()},
        "refusals": tuple(Refusal(**one) for one in found.get("refusals", ())),
        "events": tuple(Event(*one) for one in found.get("events", ())),
        "notices": tuple(Notice(*one) for one in found.get("notices", ())),
        "timeline": tuple(_stretch(**one) for one in found.get("timeline", ())),
        "suspicious": {int(contact): str(words) for contact, words in found.get("suspicious", {}).items()},
        "servers": {str(name): ServerReport(**one) for name, one in found.get("servers", {}).items()},
    }
    if found.get("trouble") is not None:
        read["trouble"] = StopReason(**found["trouble"])
    if found.get("opens") is not None:
        moment, words = found["opens"]
        read["opens"] = (int(moment), str(words))
    return WorkerReport(**found | read)


def _stretch(*, accepted: Mapping[str, int], put_off: Mapping[str, int], **others: Any) -> Stretch:
    return Stretch(accepted=_histogram(accepted), put_off=_histogram(put_off), **others)


def _histogram(found: Mapping[str, int]) -> Histogram:
    """JSON knows keys of text alone."""
    return {int(bucket): count for bucket, count in found.items()}

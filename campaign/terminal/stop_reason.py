"""Why a run stopped before its end: one word for a program, and a sentence for people."""

from datetime import datetime

from campaign.model import Status
from campaign.run.summary import RunSummary


def stop_reason(summary: RunSummary, now: datetime, *, limited: bool = True) -> tuple[str, str]:
    """Give why a run stopped before the end: one word for a program, and a sentence; both empty where it did not.
    `limited`: it was told how many to send at most.
    """
    if summary.trouble is not None:
        return summary.trouble.reason, summary.trouble.what
    if not summary.counts[Status.PENDING]:
        return "", ""
    if summary.declined:
        return "declined", "stopped before the end: nobody said yes"
    if summary.window.is_over(now):
        return "window_over", f"the window is over: it {summary.window.describe(now)}"
    if not summary.window.is_open(now):
        words = f"the window is not open yet: it {summary.window.describe(now)}"
        return "signal" if summary.stopped else "not_open", words
    if summary.stopped:
        return "signal", "stopped before the end"
    return "limit" if limited else "not_chosen", "there is more to send"

"""How a run ended, in words: the counts, the reason, and what can be done next.

Takes the run's outcome; gives lines to whoever says them. Names no address, no link and no secret.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from campaign.durations import brief_duration, pace_words
from campaign.errors import CampaignError
from campaign.model import Status
from campaign.run.counts import show_counts
from campaign.run.summary import RunSummary
from campaign.settings import WindowSettings
from campaign.terminal.first_steps import after_run
from campaign.terminal.invocation import Invocation
from campaign.terminal.next_commands import is_stale, next_commands, show_next
from campaign.terminal.stdout import Say

_MAILABLE = (Status.PENDING, Status.SENT, Status.BOUNCED, Status.REJECTED, Status.FAILED, Status.IN_DOUBT)
"""Of rows that can be mailed, or could be once."""
_STAGES = ("read", "mint", "render", "compose", "sign", "send", "ledger")
_ONLY_IF_ASKED_FOR = ("sign",)
"""Stages that there are only with a setting for them."""


def show_summary(summary: RunSummary, invocation: Invocation, given: WindowSettings, say: Say) -> None:
    """Say how a run ended, and what can be done next."""
    counts, trouble, now = summary.counts, summary.trouble, datetime.now(UTC)
    if trouble is not None:
        say(f"error: {CampaignError(trouble.what, where=trouble.where, fix=trouble.fix)}")
    doubtful = f"; {summary.in_doubt_now:,} may have been delivered (in doubt)" if summary.in_doubt_now else ""
    if summary.sent_now:
        rate = summary.sent_now / summary.seconds if summary.seconds else 0
        pace = f"{rate:,.0f} a second" if rate >= 1 or not rate else pace_words(rate)
        took = (
            brief_duration(timedelta(seconds=summary.seconds)) if summary.seconds >= 10 else f"{summary.seconds:.1f} s"
        )
        through = ", ".join(f"{name} {sent:,}" for name, sent in summary.servers.items())
        say(f"sent {summary.sent_now:,} in {took}, {pace}{doubtful}{f' ({through})' if through else ''}")
    elif doubtful:
        say(f"sent 0{doubtful}")
    else:
        why = _why_nothing(summary)
        say(f"nothing was sent: {why}" if why else "nothing was sent")
    show_counts(counts, say)
    if summary.profile:
        show_profile(summary.profile, max(1, summary.sent_now), say)
    if counts[Status.PENDING] and trouble is None:
        say(summary.why)
    if not summary.results_written:  # nothing can be done before the ledger is back
        return
    say(f"results: {summary.results}")
    all_over = summary.over and summary.opens is None  # on each contact's own clock
    commands = next_commands(
        counts,
        invocation,
        summary.results,
        opened=not summary.window.seconds_until_open(now),
        over=all_over or summary.window.is_over(now),
        stale=all_over or is_stale(given, now),
    )
    show_next(commands, say)
    if summary.sent_now and not counts[Status.PENDING] and trouble is None:
        show_next(after_run(invocation, in_doubt=counts[Status.IN_DOUBT] > 0), say)
    if invocation.sandbox and not summary.sent_now and not counts[Status.PENDING]:
        say(f"to begin the sandbox anew:\n    {invocation.line('send', '--fresh')}")


def _why_nothing(summary: RunSummary) -> str:
    """Give why a run sent nothing; empty where what is said further down tells it."""
    counts = summary.counts
    if not any(counts.values()):
        return "the contacts file has no rows"
    if summary.tried_now:
        return "" if summary.trouble is not None else f"of {summary.tried_now:,} tried, 0 were accepted"
    if counts[Status.PENDING]:
        return ""
    if counts[Status.INVALID] and all(counts[status] == 0 for status in _MAILABLE):
        return "no row can be mailed as it stands"
    return "the run's workers had finished it already" if summary.taken_over else "nobody was left to send to"


def show_profile(profile: Mapping[str, float], messages: int, say: Say) -> None:
    """Say microseconds of CPU a message, by stage."""
    say("CPU microseconds a message, all processes together:")
    for stage in _STAGES:
        if stage in _ONLY_IF_ASKED_FOR and stage not in profile:
            continue
        say(f"  {stage:<8} {1e6 * profile.get(stage, 0.0) / messages:>8.1f}")

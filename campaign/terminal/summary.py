"""How a run ended, in words: the counts, the reason, and what can be done next, as commands to paste.

Takes counts by status; gives lines to whoever says them. Names no address, no link and no secret.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign.durations import brief_duration, compact_duration
from campaign.errors import CampaignError, WindowError
from campaign.model import Status
from campaign.run.summary import RunSummary
from campaign.settings import WindowSettings
from campaign.terminal.invocation import Invocation
from campaign.window import SendWindow

Say = Callable[[str], None]

MEANINGS = {
    Status.PENDING: "not sent yet",
    Status.SENT: "accepted by the SMTP server",
    Status.REJECTED: "refused for good",
    Status.FAILED: "temporary failures until tries or window ran out",
    Status.IN_DOUBT: "left, but the server's reply never came",
    Status.INVALID: "can't be mailed as it stands",
    Status.SUPPRESSED: "on a suppression list",
    Status.DUPLICATE: "the same address stands earlier in the file",
}
_MAILABLE = (Status.PENDING, Status.SENT, Status.REJECTED, Status.FAILED, Status.IN_DOUBT)
"""Of rows that can be mailed, or could be once."""
WINDOW = ("--opens", "--closes", "--lasts")
"""The options that give another window."""
_STAGES = ("read", "mint", "render", "compose", "send", "ledger")


def show_summary(summary: RunSummary, invocation: Invocation, given: WindowSettings, say: Say) -> None:
    """Say how a run ended, and what can be done next."""
    counts, trouble, now = summary.counts, summary.trouble, datetime.now(UTC)
    if trouble is not None:
        say(f"error: {CampaignError(trouble.what, where=trouble.where, fix=trouble.fix)}")
    doubtful = f"; {summary.in_doubt_now:,} may have been delivered (in doubt)" if summary.in_doubt_now else ""
    if summary.sent_now:
        rate = summary.sent_now / summary.seconds if summary.seconds else 0
        took = (
            brief_duration(timedelta(seconds=summary.seconds)) if summary.seconds >= 10 else f"{summary.seconds:.1f} s"
        )
        say(f"sent {summary.sent_now:,} in {took}, {rate:,.0f} a second{doubtful}")
    elif doubtful:
        say(f"sent 0{doubtful}")
    else:
        why = _why_nothing(summary)
        say(f"nothing was sent: {why}" if why else "nothing was sent")
    show_counts(counts, say)
    if summary.profile:
        show_profile(summary.profile, max(1, summary.sent_now), say)
    if counts[Status.PENDING] and trouble is None:
        say(stop_of(summary, now)[1])
    say(f"results: {summary.results}")
    commands = next_commands(
        counts,
        invocation,
        summary.results,
        opened=not summary.window.seconds_until_open(now),
        over=summary.window.is_over(now),
        stale=is_stale(given, now),
    )
    show_next(commands, say)
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
    return "nobody was left to send to"


def show_counts(counts: Mapping[Status, int], say: Say) -> None:
    """Say one line for each status that occurs."""
    for status, count in counts.items():
        if count:
            say(f"  {status.value:<10} {count:>9,}  {MEANINGS[status]}")


def show_next(commands: Sequence[tuple[str, str]], say: Say) -> None:
    """Say what can be done, each with its command on a line of its own."""
    for words, line in commands:
        say(f"{words}:\n    {line}")


def show_profile(profile: Mapping[str, float], messages: int, say: Say) -> None:
    """Say microseconds of CPU a message, by stage."""
    say("CPU microseconds a message, all processes together:")
    for stage in _STAGES:
        say(f"  {stage:<8} {1e6 * profile.get(stage, 0.0) / messages:>8.1f}")


def next_commands(
    counts: Mapping[Status, int], invocation: Invocation, results: Path, *, opened: bool, over: bool, stale: bool
) -> Sequence[tuple[str, str]]:
    """Give what can be done about the rows that are not settled well, and the command for it.

    `opened`: the window of the last run has opened; `over`: it has closed, so that `send` would send nothing. `stale`:
    the closing time that the settings name has passed, so that a re-send needs another one.
    """
    fresh = ("--lasts", "8h") if stale else ()

    def resend(*more: str) -> str:
        return invocation.line("resend", *more, *fresh, without=WINDOW if stale else ("--opens",) if opened else ())

    commands = []
    again = []
    goes_on = bool(counts[Status.PENDING]) and not over
    if goes_on:
        words = "to go on (invalid rows that you have corrected go, too)" if counts[Status.INVALID] else "to go on"
        commands.append((words, invocation.line("send")))
    elif counts[Status.PENDING]:
        again.append("pending rows")
    if counts[Status.FAILED]:
        again.append("failed rows")
    if counts[Status.INVALID] and not goes_on:
        again.append("invalid rows that you have corrected")
    if again:
        commands.append((f"to resend: {', and '.join(filter(None, [', '.join(again[:-1]), again[-1]]))}", resend()))
    if counts[Status.REJECTED]:
        copy = results.with_name(f"{results.stem}-corrected.csv")
        words = (
            f"to send to rejected addresses: copy the results to {copy.name}, correct the addresses there, keep those "
            "rows, and send to them"
        )
        commands.append((words, resend("--from", str(copy))))
    if counts[Status.IN_DOUBT]:
        copy = results.with_name(f"{results.stem}-doubtful.csv")
        words = (
            "in doubt: they may have been delivered, and are not sent again unless you ask for it. Look in the "
            "server's log (in Postfix's, a line with the Message-ID alone proves nothing: it takes “queue active” or "
            f"“status=” with the same queue ID); copy the results to {copy.name}, keep the rows that did not arrive, "
            "and send to those"
        )
        commands.append((words, resend("--from", str(copy), "--include", "in_doubt")))
    return commands


def fresh_window(given: WindowSettings) -> tuple[str, str]:
    """Give the option for a window that begins now: as long as the settings say, or a working day."""
    lasts = given.lasts or timedelta(hours=8)
    return "--lasts", compact_duration(lasts)


def is_stale(given: WindowSettings, now: datetime) -> bool:
    """Whether the settings name a closing time after which no window can begin now."""
    try:
        SendWindow.resolve(opens=None, closes=given.closes, lasts=None, timezone=given.timezone, now=now)
    except WindowError:
        return True
    return False


def stop_of(summary: RunSummary, now: datetime, *, limited: bool = True) -> tuple[str, str]:
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

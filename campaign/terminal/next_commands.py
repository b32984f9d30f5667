"""What can be done next, as commands to paste: about pending, failed, invalid and rejected rows, those in doubt, and
those that bounced.

Takes counts by status; gives words and a command for each. Names no address, no link and no secret.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from campaign.durations import compact_duration
from campaign.errors import WindowError
from campaign.model import Status
from campaign.settings import WindowSettings
from campaign.terminal.invocation import Invocation
from campaign.terminal.stdout import Say
from campaign.window import SendWindow

WINDOW = ("--opens", "--closes", "--lasts")
"""The options that give another window."""


def next_commands(
    counts: Mapping[Status, int],
    invocation: Invocation,
    results: Path,
    *,
    opened: bool,
    over: bool,
    stale: bool,
    settled: bool = False,
    suppressed: bool = False,
    feedback: bool = False,
) -> Sequence[tuple[str, str]]:
    """Give what can be done about the rows that are not settled well, and the command for it.

    `opened`: the window of the last run has opened; `over`: it has closed, so that `send` would send nothing. `stale`:
    the closing time that the settings name has passed, so that a re-send needs another one. `settled`: evidence was
    read just now; `suppressed`: whoever belongs on a suppression list has just been put on one;
    `feedback`: somebody complained, or wants no more.
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
    refused = " and ".join(word for word in (Status.REJECTED, Status.BOUNCED) if counts[word])
    if refused:
        copy = results.with_name(f"{results.stem}-corrected.csv")
        words = (
            f"to send to {refused} addresses: copy the results to {copy.name}, correct the addresses there, keep those "
            "rows, and send to them"
        )
        commands.append((words, resend("--from", str(copy))))
    if counts[Status.IN_DOUBT]:
        words = "in doubt: may have been delivered"
        if not invocation.sandbox:  # which has no log, and its messages are at hand
            proof = "to find out whether it was, by the mail server's logs or what your provider exports"
            if settled:
                words = "still in doubt: the evidence that was read does not say"
                proof = "to look again, by older logs, or by what comes later"
            commands.append((f"{words}; {proof}", invocation.line("settle", "MAIL.LOG")))
            words = "what that leaves in doubt may have been delivered, too"
        copy = results.with_name(f"{results.stem}-doubtful.csv")
        words += (
            f", and is not sent again unless you ask for it: copy the results to {copy.name}, keep the rows that do no "
            "harm twice, and send to those"
        )
        commands.append((words, resend("--from", str(copy), "--include", "in_doubt")))
    whom = ["to addresses that are no good"] if counts[Status.BOUNCED] else []
    if feedback:
        whom.append("to whoever complained or wants no more")
    if whom and not invocation.sandbox and not suppressed:
        words = f"to have no other campaign write {', or '.join(whom)}, add them to a suppression list"
        commands.append((words, invocation.line("settle", "--suppress", "stop.csv")))
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


def show_next(commands: Sequence[tuple[str, str]], say: Say) -> None:
    """Say what can be done, each with its command on a line of its own."""
    for words, line in commands:
        say(f"{words}:\n    {line}")

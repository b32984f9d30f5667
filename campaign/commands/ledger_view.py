"""What `status`, `results` and `report` first find out: where the ledger is, whether a run goes on with it, what
can be done next. Raises LedgerError.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from campaign.errors import WindowError
from campaign.ledger.interface import LedgerReader
from campaign.ledger.location import locate
from campaign.message import MessageIds
from campaign.settings import Settings, output_paths
from campaign.terminal.invocation import Invocation
from campaign.terminal.next_commands import is_stale, next_commands
from campaign.window import SendWindow


def find_ledger(settings: Settings, output: Path | None, *, sandbox: bool) -> tuple[Path, Path]:
    """Where the results and the ledger are."""
    results, ledger, earlier = output_paths(settings, output, sandbox)
    return results, locate(ledger, earlier, settings.name)


def cautions(running: int | None, sending: int, *, unread: bool) -> list[str]:
    """What has to be known about the numbers."""
    if running is not None:
        return [f"a run is going on, process {running}" + (f"; {sending:,} being sent" if sending else "")]
    if unread:
        return ["the contacts file had not been read to its end when the run was cut off: there are more rows"]
    return []


def window_now(settings: Settings, ledger: LedgerReader) -> SendWindow | None:
    """The window as the settings have it now; None where it has not opened, or can't be told."""
    given, first = settings.window, ledger.opened()
    if first is None and given.opens is None:
        return None
    try:
        return SendWindow.resolve(
            opens=given.opens, closes=given.closes, lasts=given.lasts, timezone=given.timezone,
            now=datetime.now(UTC), first_opened=first,
        )  # fmt: skip
    except WindowError:
        return None


def commands_now(
    settings: Settings, ledger: LedgerReader, invocation: Invocation, results: Path
) -> list[tuple[str, str]]:
    """What can be done about the rows that are not settled well, each with the command for it."""
    now = datetime.now(UTC)
    given = settings.window
    stale = is_stale(given, now)
    first = ledger.opened()
    over = stale
    if given.lasts is not None and (given.opens is not None or first is not None):
        over = SendWindow.resolve(
            opens=given.opens, closes=None, lasts=given.lasts, timezone=given.timezone, now=now, first_opened=first
        ).is_over(now)
    return list(next_commands(ledger.counts(), invocation, results, opened=True, over=over, stale=stale))


def message_ids(settings: Settings, ledger: LedgerReader) -> Callable[[str], str]:
    """What gives a contact's Message-ID, by the domain that the campaign began with."""
    return MessageIds(settings.name, ledger.message_id_domain() or settings.message.sender_domain)

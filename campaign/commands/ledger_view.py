"""What `status` and `report` say of a campaign besides its numbers: what can be done next. Raises nothing."""

from datetime import UTC, datetime

from campaign.run.status_now import StatusNow
from campaign.settings import Settings
from campaign.terminal.invocation import Invocation
from campaign.terminal.next_commands import is_stale, next_commands
from campaign.window import SendWindow


def commands_now(
    settings: Settings, status: StatusNow, invocation: Invocation, *, settled: bool = False, suppressed: bool = False
) -> list[tuple[str, str]]:
    """What can be done about the rows that are not settled well, each with the command for it; nothing while a run
    goes on. `settled`, `suppressed`: as in `next_commands`.
    """
    if status.running is not None:
        return []
    now = datetime.now(UTC)
    given, first = settings.window, status.opened
    stale = is_stale(given, now)
    over = stale
    if given.lasts is not None and (given.opens is not None or first is not None):
        over = SendWindow.resolve(
            opens=given.opens, closes=None, lasts=given.lasts, timezone=given.timezone, now=now, first_opened=first
        ).is_over(now)
    return list(
        next_commands(
            status.counts,
            invocation,
            status.results,
            opened=True,
            over=over,
            stale=stale,
            settled=settled,
            suppressed=suppressed,
            feedback=status.afterwards.complaints + status.afterwards.unsubscribed > 0,
        )
    )

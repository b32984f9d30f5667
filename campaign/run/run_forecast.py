"""The forecast of one run: what is known put together, and calculated.

    settings, window ─┐
    measured, sent    ├─▶ `SendPlan` ─▶ `Forecast`
    rows              ┘

Raises nothing.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from campaign.errors import CampaignError
from campaign.histogram import Histogram, Stretch, merged, seconds_of
from campaign.ledger.opening import open_for_reading
from campaign.ledger_place import Place
from campaign.run.forecast import Forecast, SendPlan
from campaign.run.forecast_inputs import Measured, Sent, send_plan, server_name
from campaign.run.forecast_steps import forecast, spread
from campaign.settings import Settings
from campaign.window import SendWindow

QUICK = 500.0
"""Messages a second from which on it matters how fast this machine makes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForecast:
    """What was found, and what it rests on."""

    found: Forecast
    plan: SendPlan
    window: SendWindow
    measured: Measured
    accepting: float | None
    """As in `Sent`."""
    now: datetime
    """When it would begin."""

    @property
    def says_something(self) -> bool:
        """Whether there is anything to tell: nothing where neither its pace nor a limit is known."""
        return bool(self.found.rows and (self.found.set_by or not self.found.fits))


def run_forecast(
    settings: Settings,
    window: SendWindow,
    now: datetime,
    *,
    rows: int,
    queues: Mapping[tuple[str, str], int],
    measured: Measured,
    sent: Sent,
    processes: int | None = None,
) -> RunForecast:
    """Forecast a run that is begun at `now` (aware). What is given is as in `send_plan`."""
    plan = send_plan(
        settings,
        window,
        now,
        rows=rows,
        queues=queues,
        measured=measured,
        sent=sent,
        processes=processes,
    )
    if settings.window.pace == "spread":
        plan = spread(plan, now)
    return RunForecast(
        found=forecast(plan, now), plan=plan, window=window, measured=measured, accepting=sent.accepting, now=now
    )


def sent_so_far(settings: Settings, ledger: Place | None) -> Sent:
    """Give what earlier runs of the campaign have sent, as far as limits of the day count it, and measured."""
    limited = [server_name(server) for server in settings.servers if server.daily_limit is not None]
    if ledger is None:
        return Sent()
    with suppress(CampaignError), open_for_reading(ledger, settings.name, quick=True) as reader:
        return Sent(
            by_day=reader.begun_by_day(""),
            by_server={name: reader.begun_by_day(name) for name in limited},
            accepting=_mean(reader.timeline()),
        )
    return Sent()


def _mean(measured: Sequence[Stretch]) -> float | None:
    """The seconds that a message took in the mean."""
    took: Histogram = {}
    for stretch in measured:
        took = merged(took, stretch.accepted)
    messages = sum(took.values())
    return sum(seconds_of(bucket) * count for bucket, count in took.items()) / messages if messages else None

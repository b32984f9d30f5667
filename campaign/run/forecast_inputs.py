"""What a forecast is made of: settings, the window, what was measured, and what was sent so far → `SendPlan`.

Moments are aware. Raises nothing: what is not known is left out, and the forecast says less.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from campaign.daily_plan import day_of, step_of
from campaign.run.forecast import DayLimit, QueueForecast, SendPlan, ServerForecast, Spans
from campaign.run.preconditions import usual_processes
from campaign.run.server_pace import ServerPace
from campaign.settings import Settings, SmtpSettings
from campaign.settings.addresses import is_loopback
from campaign.window import SendWindow

RATE_SLACK = 1.07
"""By how much the moments that a rate gives leave for are further apart than its messages would be
(`ledger.rate_limit`).
"""
_BESIDE_A_SERVER = 0.7
"""What is left of this machine where the server is on it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is known of how fast it can go."""

    pace: ServerPace | None = None
    """The server's; None: it was not asked."""
    cpu: float | None = None
    """CPU seconds that a message takes here; None: not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What earlier runs have done that counts against limits: messages by day, and that by server."""

    by_day: Mapping[date, int] = field(default_factory=dict)


def send_plan(
    settings: Settings,
    window: SendWindow,
    now: datetime,
    *,
    rows: int,
    domains: Mapping[str, int],
    measured: Measured,
    sent: Sent,
    processes: int | None = None,
) -> SendPlan:
    """Give the plan of a run that begins at `now`. `rows` are to be sent, `domains` of them to each domain that has
    limits; `processes`: as they were asked for.
    """
    smtp = settings.smtp
    processes = min(processes or usual_processes(smtp, rows), smtp.connections)
    spans = open_spans(window, now)
    queues = [
        QueueForecast(rows=count, spans=spans, rate=_domain_rate(settings, domain, measured.pace))
        for domain, count in domains.items()
    ]
    queues.append(QueueForecast(rows=max(0, rows - sum(domains.values())), spans=spans))
    return SendPlan(
        queues=queues,
        servers=[server_forecast(smtp, measured)],
        zone=window.zone,
        rate=None if smtp.rate is None else smtp.rate / RATE_SLACK,
        machine=_machine(smtp, measured.cpu, processes),
        day_limit=_ladder(settings, window, now, sent),
        mail_today=bool(sent.by_day.get(day_of(now, window.zone))),
        delay=0.0 if measured.pace is None else measured.pace.delay(smtp.connections, processes),
    )


def open_spans(window: SendWindow, now: datetime) -> Spans:
    """Give when it is open from `now` on."""
    if window.is_over(now):
        return ()
    return ((max(now, window.opens), window.closes),)


def server_forecast(smtp: SmtpSettings, measured: Measured) -> ServerForecast:
    """Give what can go through the server."""
    pace = measured.pace
    if pace is None:
        return ServerForecast(per_second=None)
    return ServerForecast(
        per_second=pace.per_second(smtp.connections, messages_per_connection=smtp.messages_per_connection)
    )


def _domain_rate(settings: Settings, domain: str, pace: ServerPace | None) -> float | None:
    limit = settings.limits[domain]
    rates = [] if limit.rate is None else [limit.rate / RATE_SLACK]
    if limit.connections is not None and pace is not None:
        rates.append(limit.connections / pace.seconds_per_message)
    return min(rates, default=None)


def _machine(smtp: SmtpSettings, cpu: float | None, processes: int) -> float | None:
    if cpu is None:
        return None
    return processes * (_BESIDE_A_SERVER if is_loopback(smtp.host) else 1.0) / cpu


def _ladder(settings: Settings, window: SendWindow, now: datetime, sent: Sent) -> DayLimit | None:
    """The campaign's daily limit: its step is the number of days with mail before (`campaign/daily_plan.py`)."""
    ladder = settings.window.daily_limit
    if ladder is None:
        return None
    today = day_of(now, window.zone)
    begun, climbed = sent.by_day.get(today, 0), sum(day < today and bool(count) for day, count in sent.by_day.items())

    def left(day: date, with_mail: int) -> int:
        return step_of(ladder, climbed + with_mail) - (begun if day == today else 0)

    return left

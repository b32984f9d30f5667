"""What a forecast is made of: settings, the window, what was measured, and what was sent so far → `SendPlan`.

Moments are aware. Raises nothing: what is not known is left out, and the forecast says less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice

from campaign.daily_plan import day_of, step_of
from campaign.run.forecast import DayLimit, QueueForecast, SendPlan, ServerForecast, Spans
from campaign.run.preconditions import processes_of
from campaign.run.server_pace import ServerPace
from campaign.schedule import Schedule
from campaign.settings import Settings, SmtpSettings
from campaign.settings.addresses import is_loopback
from campaign.window import SendWindow

_MOST_SPANS = 1_000
RATE_SLACK = 1.07
"""By how much the moments that a rate gives leave for are further apart than its messages would be
(`ledger.rate_limit`).
"""
_BESIDE_A_SERVER = 0.7
"""What is left of this machine where the server is on it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is known of how fast it can go."""

    paces: Mapping[str, ServerPace] = field(default_factory=dict)
    """Those of the servers, by name; none of one that was not asked, or did not answer."""
    cpu: float | None = None
    """CPU seconds that a message takes here; None: not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What earlier runs have done that counts against the limits of the day, and what they have measured."""

    by_day: Mapping[date, int] = field(default_factory=dict)
    """Messages."""
    by_server: Mapping[str, Mapping[date, int]] = field(default_factory=dict)
    """Those through each server that has a limit of its own."""
    accepting: float | None = None
    """Seconds that a message took in the mean, from when it began to leave until it was accepted; None: no message
    did.
    """


def send_plan(
    settings: Settings,
    window: SendWindow,
    now: datetime,
    *,
    rows: int,
    queues: Mapping[tuple[str, str], int],
    measured: Measured,
    sent: Sent,
    processes: int | None = None,
) -> SendPlan:
    """Give the plan of a run that begins at `now`. `rows` are to be sent; of those that something may hold back,
    `queues` says how many there are by time zone (its name; "": the window's) and by domain of recipients with limits
    ("": none). `processes`: as they were asked for.
    """
    servers = settings.servers
    paces = {name: pace.with_accepting(sent.accepting) for name, pace in measured.paces.items()}
    measured = replace(measured, paces=paces)
    processes = processes_of(servers, rows, asked=processes)
    clocks = window if isinstance(window, Schedule) else Schedule.within(window)
    by_zone = {zone: _open_spans(clocks.of(zone), now) for zone in {"", *(zone for zone, _ in queues)}}
    waiting = [
        QueueForecast(rows=count, spans=by_zone[zone], rate=_domain_rate(settings, domain, measured))
        for (zone, domain), count in queues.items()
    ]
    waiting.append(QueueForecast(rows=max(0, rows - sum(queues.values())), spans=by_zone[""]))
    today = day_of(now, window.zone)
    alone = len(servers) == 1
    rate = servers[0].rate if alone else None
    first = min(server.priority for server in servers)
    delays = [
        pace.delay(server.connections, processes)
        for server in servers
        if server.priority == first and (pace := measured.paces.get(server_name(server))) is not None
    ]
    return SendPlan(
        queues=waiting,
        servers=[_server_forecast(server, measured, sent, today, alone=alone) for server in servers],
        zone=window.zone,
        rate=None if rate is None else rate / RATE_SLACK,
        machine=_machine(servers, measured.cpu, processes),
        day_limit=_ladder(settings, today, sent),
        mail_today=bool(sent.by_day.get(today)),
        delay=max(delays, default=0.0),
    )


def _open_spans(window: Schedule, now: datetime) -> Spans:
    """Give when it is open from `now` on; of hours without end, as much as anybody plans for."""
    return tuple(islice(window.open_spans(now), _MOST_SPANS))


def server_name(server: SmtpSettings) -> str:
    """Give the name by which a server's messages are counted."""
    return server.name or server.host


def connections_of(settings: Settings) -> int:
    """Give the connections that are open at once, to all servers whose turn it is first."""
    first = min(server.priority for server in settings.servers)
    return sum(server.connections for server in settings.servers if server.priority == first)


def _server_forecast(
    server: SmtpSettings, measured: Measured, sent: Sent, today: date, *, alone: bool
) -> ServerForecast:
    """`alone`: its rate is the campaign's."""
    name = server_name(server)
    pace = measured.paces.get(name)
    per_second = None
    if pace is not None:
        per_second = pace.per_second(server.connections, messages_per_connection=server.messages_per_connection)
    limit, begun = server.daily_limit, sent.by_server.get(name, {}).get(today, 0)
    return ServerForecast(
        per_second=per_second,
        rate=None if alone or server.rate is None else server.rate / RATE_SLACK,
        day_limit=None if limit is None else lambda day, _: limit - (begun if day == today else 0),
        priority=server.priority,
        weight=server.weight,
    )


def _domain_rate(settings: Settings, domain: str, measured: Measured) -> float | None:
    if not domain:
        return None
    limit = settings.limits[domain]
    rates = [] if limit.rate is None else [limit.rate / RATE_SLACK]
    if limit.connections is not None and measured.paces:
        seconds = [pace.seconds_per_message for pace in measured.paces.values()]
        rates.append(limit.connections / (sum(seconds) / len(seconds)))
    return min(rates, default=None)


def _machine(servers: Sequence[SmtpSettings], cpu: float | None, processes: int) -> float | None:
    if cpu is None:
        return None
    shared = any(is_loopback(server.host) for server in servers)
    return processes * (_BESIDE_A_SERVER if shared else 1.0) / cpu


def _ladder(settings: Settings, today: date, sent: Sent) -> DayLimit | None:
    """The campaign's daily limit: its step is the number of days with mail before (`campaign/daily_plan.py`)."""
    ladder = settings.window.daily_limit
    if ladder is None:
        return None
    begun, climbed = sent.by_day.get(today, 0), sum(day < today and bool(count) for day, count in sent.by_day.items())

    def left(day: date, with_mail: int) -> int:
        return step_of(ladder, climbed + with_mail) - (begun if day == today else 0)

    return left

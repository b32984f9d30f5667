"""A forecast in words: when a run will end, or what is too small and by how much.

Takes a `RunForecast`; gives a sentence, what it rests on, and what to do where it does not fit. Raises nothing.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from campaign.durations import brief_duration, pace_words
from campaign.run.forecast import SendPlan
from campaign.run.forecast_inputs import RATE_SLACK
from campaign.run.forecast_steps import forecast, least_that_fits
from campaign.run.run_forecast import RunForecast
from campaign.window import SendWindow, say_day

_MOST_CONNECTIONS = 1_000
_MOST_RATE = 1_000_000
_SHORT = timedelta(minutes=2)
_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)
_LONG = 1e10
"""Seconds that nobody waits for: 300 years."""


def ending_words(told: RunForecast, grace: timedelta) -> str:
    """Say when it ends: "ends about 14:35 UTC, in 52 min, inside the window; links live until 18:00 UTC"."""
    found, window, now = told.found, told.window, told.now
    assert found.ends is not None
    ends = found.ends
    if ends - now >= _SHORT:  # rather a minute late than early
        ends = ends.replace(second=0, microsecond=0) + timedelta(minutes=bool(ends.second or ends.microsecond))
    words = f"ends about {say_clock(ends, window, now)}, in {about(ends - now)}"
    if found.set_by and 2 * found.rows > found.per_second * (found.ends - now).total_seconds():
        words += f" ({pace_words(found.per_second)})"  # where it mostly waits, for hours or days, that is no matter
    if window.closes is None:
        return words
    expiry = window.link_expiry(now, grace)
    return f"{words}, inside the window; links live until {say_clock(expiry, window, now)}"


def shortage_words(told: RunForecast, *, connections: int) -> str:
    """Say that it does not fit, and by how much."""
    found, plan, paces = told.found, told.plan, list(told.measured.paces.values())
    if _takes_years(told):
        pending = f"{found.unsent:,} of {found.rows:,}"
        limits = (
            "with the limits of the day" if found.day_limited else f"at {pace_words(found.per_second * RATE_SLACK)}"
        )
        year = "" if found.ends is None else f" in {found.ends:%Y}"
        return f"{limits}, it takes years: about {pending} would still be pending{year}"
    if found.day_limited:
        return f"the limits of the day leave {found.unsent:,} of {found.rows:,} unsent when the window closes"
    left = f"about {found.unsent:,} of {found.rows:,} stay pending"
    if found.set_by == "queue_rate":
        return f"with the limits of recipient domains it takes longer than the window is open: {left}"
    needed = about(timedelta(seconds=min(plan.delay + plan.rows / found.per_second, _LONG)))
    at = {
        "rate": f"at smtp.rate, {pace_words(found.per_second * RATE_SLACK)}",
        "server_rate": f"at the rates of the servers, {pace_words(found.per_second * RATE_SLACK)}",
        "machine": f"at what this machine makes and sends, {pace_words(found.per_second)}",
    }.get(found.set_by, "")
    if found.set_by == "connections" and paces:
        count = "1 connection" if connections == 1 else f"{connections} connections"
        trip = f" and a round trip of {milliseconds(paces[0].round_trip)}" if len(paces) == 1 else ""
        at = f"with {count}{trip}, {pace_words(found.per_second)}"
    return f"{at}, it takes {needed}, longer than the window is open: {left}"


def way_out(told: RunForecast, *, connections: int) -> str:
    """Say what would do, where it does not fit."""
    found, plan, now = told.found, told.plan, told.now
    later = "send to fewer people" if _takes_years(told) else "let the window close later"
    if found.day_limited:
        return f"raise the limits of the day (window.daily_limit, smtp.daily_limit), or {later}"
    enough = enough_connections(told, connections=connections)
    if enough is not None:
        return f"{enough} connections would do (smtp.connections), if the server takes them; or {later}"
    if found.set_by == "rate":
        rate = least_that_fits(lambda rate: forecast(replace(plan, rate=rate / RATE_SLACK), now).fits, _MOST_RATE)
        if rate is not None:
            return f"{rate:,} a second would do (smtp.rate), if the server takes them; or {later}"
    return later if _takes_years(told) else f"{later}, or send to fewer people"


def enough_connections(told: RunForecast, *, connections: int) -> int | None:
    """Give how many connections would do; None where more of them would not."""
    if told.found.set_by != "connections" or told.found.day_limited or told.found.fits:
        return None
    return least_that_fits(lambda count: _with(told.plan, told.now, count / connections), _MOST_CONNECTIONS)


def basis_words(told: RunForecast, *, connections: int) -> str:
    """Say what it rests on; "" where nothing was measured."""
    paces = told.measured.paces
    if not paces:
        return ""
    trips = {1: "one for a message", 2: "two for a message", 4: "four for a message, without PIPELINING"}
    measured = "; ".join(
        f"{'' if len(paces) == 1 else f'{name}: '}a round trip takes {milliseconds(one.round_trip)}, "
        f"{trips[one.trips] if one.in_flight == 1 else f'one for {one.in_flight} messages'}"
        for name, one in paces.items()
    )
    count = "1 connection" if connections == 1 else f"{connections} connections"
    accepting = "what a server takes to accept a message is not counted: only messages show that"
    if told.accepting is not None:
        accepting = f"a message took {milliseconds(told.accepting)} so far, from when it left until it was accepted"
    return f"{measured}; {count}; {accepting}"


def milliseconds(seconds: float) -> str:
    """Say a round trip."""
    if seconds < 0.0001:
        return "under 0.1 ms"
    return f"{1000 * seconds:.0f} ms" if seconds >= 0.01 else f"{1000 * seconds:.1f} ms"


def _takes_years(told: RunForecast) -> bool:
    """Whether it did not come to an end as far as a forecast looks, with the window still open."""
    found, closes = told.found, told.window.closes
    return not found.fits and found.ends is not None and (closes is None or closes - found.ends > _YEAR)


def _with(plan: SendPlan, now: datetime, factor: float) -> bool:
    """Whether it fits with so many times the connections."""
    servers = [
        replace(one, per_second=None if one.per_second is None else one.per_second * factor) for one in plan.servers
    ]
    return forecast(replace(plan, servers=servers), now).fits


def about(length: timedelta) -> str:
    """Say a length of time as exactly as a forecast is."""
    if length < _SHORT:
        return brief_duration(max(length, timedelta(seconds=1)))
    unit = timedelta(minutes=1) if length < _DAY else timedelta(hours=1)
    return brief_duration(-(-length // unit) * unit)


def say_clock(moment: datetime, window: SendWindow, now: datetime) -> str:
    """Say a moment in the window's zone: its time, and the day if that is not today."""
    local, today = moment.astimezone(window.zone), now.astimezone(window.zone)
    name = local.tzname() or ""
    label = f"UTC{name}" if name[:1] in {"+", "-"} else name
    clock = f"{local:%H:%M:%S}" if moment - now < _SHORT and moment > now else f"{local:%H:%M}"
    day = "" if local.date() == today.date() else f"{say_day(moment, window.zone)} "
    return f"{day}{clock} {label}"

"""The check of when a run would end: inside the window, or not."""

from contextlib import suppress
from datetime import UTC, datetime

from campaign.check.findings import Findings
from campaign.check.setup import Known
from campaign.errors import CampaignError
from campaign.links import throwaway_secret
from campaign.model import Status
from campaign.run.forecast_inputs import Measured, connections_of
from campaign.run.forecast_words import basis_words, ending_words, shortage_words, way_out
from campaign.run.own_speed import cpu_seconds
from campaign.run.plan import message_plan, open_window
from campaign.run.run_forecast import QUICK, RunForecast, run_forecast, sent_so_far
from campaign.run.servers import read_signing_keys
from campaign.settings import Settings
from campaign.worker.message_factory import MessageFactory


def forecast(settings: Settings, known: Known, found: Findings) -> None:
    """When it would end if it were begun now."""
    told = _forecast(settings, known, Measured(paces=known.paces))
    if told is not None and known.paces and told.plan.most > QUICK:
        told = _forecast(settings, known, Measured(paces=known.paces, cpu=_own_speed(settings, known)))
    if told is None or not told.says_something:
        return
    known.forecast = told
    connections = connections_of(settings)
    if told.found.fits:
        found.ok("forecast", ending_words(told, settings.link.grace))
    else:
        found.note(
            shortage_words(told, connections=connections),
            rule="window_too_short",
            where="window, smtp",
            fix=way_out(told, connections=connections),
        )
    if words := basis_words(told, connections=connections):
        found.detail(f"  {words}")


def _forecast(settings: Settings, known: Known, measured: Measured) -> RunForecast | None:
    """None where the window is over, or nobody is left to send to."""
    seen = known.seen
    ready = seen.counts[Status.PENDING]
    rows = ready if seen.before is None else min(ready, seen.before.due)
    if known.window is None or not rows:
        return None
    return run_forecast(
        settings,
        known.window,
        datetime.now(UTC),
        rows=rows,
        queues={queue: count * rows // ready for queue, count in seen.queues.items()},
        measured=measured,
        sent=sent_so_far(settings, known.ledger),
    )


def _own_speed(settings: Settings, known: Known) -> float | None:
    """By the messages that stand for all, signed where they are; None where none can be made."""
    with suppress(CampaignError):
        plan = message_plan(settings, throwaway_secret(), open_window(), read_signing_keys(settings))
        return cpu_seconds(MessageFactory(plan), list(known.seen.sizes.samples.values()))
    return None

"""When a run will end, for the question before it: measured in two seconds, or said without what was not measured."""

from collections.abc import Sequence
from datetime import UTC, datetime

from campaign.ledger.location import ledger_exists
from campaign.ledger_place import Place
from campaign.run.forecast_inputs import Measured, connections_of, server_name
from campaign.run.forecast_words import ending_words, shortage_words, way_out
from campaign.run.quick_measure import quick_measure
from campaign.run.run_forecast import run_forecast, sent_so_far
from campaign.settings import Settings
from campaign.smtp.session.server import Server
from campaign.window import SendWindow

_USUAL_CPU = 0.0002
"""Seconds that a message takes on a machine as that of the guide's page on speed: nobody waits for a measurement."""


class Ending:
    """One run's. Made before its ledger is opened, which it looks into for what counts against a limit of the day."""

    def __init__(self, settings: Settings, servers: Sequence[Server], ledger: Place, *, processes: int | None) -> None:
        self._settings = settings
        self._servers = {
            server_name(given): (server, given.pipelining, given.in_flight)
            for given, server in zip(settings.servers, servers, strict=True)
        }
        self._processes = processes
        self._sent = sent_so_far(settings, ledger if ledger_exists(ledger, settings.name) else None)

    def words(self, messages: int, window: SendWindow) -> str:
        """Say when so many messages will have left; "" where nothing can be said."""
        settings = self._settings
        paces = quick_measure(self._servers)
        told = run_forecast(
            settings,
            window,
            datetime.now(UTC),
            rows=messages,
            queues={},
            measured=Measured(paces=paces, cpu=_USUAL_CPU if paces else None),
            sent=self._sent,
            processes=self._processes,
        )
        if not told.says_something:
            return ""
        connections = connections_of(settings)
        clocks = ["each contact's own clock"] if settings.contacts.timezone_column else []
        left_out = [*(["[limits]"] if settings.limits else []), *clocks]
        aside = f"; not counting {' and '.join(left_out)}" if left_out else ""
        if told.found.fits:
            return ending_words(told, settings.link.grace) + aside
        return f"{shortage_words(told, connections=connections)}{aside}; {way_out(told, connections=connections)}"

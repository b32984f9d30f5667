"""Servers measured while somebody waits for a question: their round trips, within two seconds or not at all.

Takes each `Server` with the settings of its pipelining and of its messages in flight; gives the `ServerPace` of those
that were heard in time. Raises nothing: what is wrong with a server, the run will tell. No message is begun.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from campaign.errors import CampaignError
from campaign.run.server_pace import ServerPace
from campaign.smtp.envelope_probe import EnvelopeProbe, probe_round_trip
from campaign.smtp.pipelining.trials import Pipelining
from campaign.smtp.session.connect import connect
from campaign.smtp.session.server import Server

PATIENCE = 2.0
"""Seconds that whoever is to be asked can be kept waiting."""


def quick_measure(
    servers: Mapping[str, tuple[Server, Pipelining, int]], *, patience: float = PATIENCE
) -> dict[str, ServerPace]:
    """Measure servers, by name, all at once. In threads, since a host name may take its time; workers are to be forked
    before.
    """
    found: dict[str, ServerPace] = {}

    def measure(name: str, server: Server, mode: Pipelining, in_flight: int) -> None:
        with suppress(CampaignError):
            began = time.monotonic()
            session = connect(server)
            opening = time.monotonic() - began
            probe = EnvelopeProbe(steps=(), round_trip=probe_round_trip(session, timeout=server.timeout))
            found[name] = ServerPace.of(session, probe, opening=opening, mode=mode, in_flight=in_flight)

    threads = [
        threading.Thread(target=measure, args=(name, *server), name="smtp-measure", daemon=True)
        for name, server in servers.items()
    ]
    until = time.monotonic() + patience
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return dict(found)

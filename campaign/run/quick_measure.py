"""A server measured while somebody waits for a question: its round trip, within two seconds or not at all.

Takes the `Server`; gives its `ServerPace`, or None where it was not heard in time. Raises nothing: what is wrong with
the server, the run will tell. No message is begun.
"""

import threading
import time
from contextlib import suppress

from campaign.errors import CampaignError
from campaign.run.server_pace import ServerPace
from campaign.smtp.envelope_probe import EnvelopeProbe, probe_round_trip
from campaign.smtp.pipelining.trials import Pipelining
from campaign.smtp.session.connect import connect
from campaign.smtp.session.server import Server

PATIENCE = 2.0
"""Seconds that whoever is to be asked can be kept waiting."""


def quick_measure(server: Server, *, mode: Pipelining, patience: float = PATIENCE) -> ServerPace | None:
    """Measure it. In a thread, since a host name may take its time; workers are to be forked before."""
    found: list[ServerPace] = []

    def measure() -> None:
        with suppress(CampaignError):
            began = time.monotonic()
            session = connect(server)
            opening = time.monotonic() - began
            probe = EnvelopeProbe(steps=(), round_trip=probe_round_trip(session, timeout=server.timeout))
            found.append(ServerPace.of(session, probe, opening=opening, mode=mode))

    thread = threading.Thread(target=measure, name="smtp-measure", daemon=True)
    thread.start()
    thread.join(patience)
    return found[0] if found else None

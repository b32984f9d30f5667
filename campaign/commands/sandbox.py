"""`campaign sandbox`: the embedded SMTP server alone, to send to from elsewhere.

Raises SettingsError for a port that is taken, ResultsError for a folder that can't be written.
"""

import itertools
import signal
import threading
from pathlib import Path

from campaign.commands.folders import refuse_stdout
from campaign.run.destination import sandbox_server
from campaign.terminal.stderr import say_aside


def serve_sandbox(port: int, folder: Path) -> None:
    """Run the sandbox until SIGINT or SIGTERM. Raises SettingsError."""
    from campaign.sandbox import BEHAVIOURS

    refuse_stdout(folder)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    arrived = itertools.count(1 + sum(1 for _ in folder.glob("*.eml")))
    with sandbox_server(folder, "sandbox", port=port, numbers=lambda _: next(arrived), numbered="Message") as to:
        say_aside(f'listening: smtp.host = "{to.server.host}", port = {to.server.port}, security = "none"')
        say_aside("it misbehaves for addresses that begin so:")
        for behaviour in BEHAVIOURS:
            say_aside(f"  {behaviour.prefix + '…':<16} {behaviour.meaning}")
        say_aside(f"what arrives lands in {folder}; Ctrl-C stops, and writes {folder / 'index.html'}")
        stop.wait()

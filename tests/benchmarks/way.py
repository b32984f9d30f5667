"""The way from a sender to the sink: straight, or by the relay that makes it long."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from smtplib import SMTP
from statistics import median

from tests.benchmarks.sink import running_sink


class Way:
    """Where a sender connects to, and the process that carries it on (0: none)."""

    def __init__(self, port: int, relay: subprocess.Popen[str] | None) -> None:
        self.port = port
        self.pid = relay.pid if relay else 0
        self._relay = relay

    def finish(self) -> float | None:
        """End the relay; give the seconds from its first connection to its last byte, None without one."""
        if self._relay is None:
            return None
        self._relay.terminate()
        said, _ = self._relay.communicate()
        carried = json.loads(said)
        return float(carried["last"]) - float(carried["first"])


@contextmanager
def way_to(port: int, round_trip: float) -> Iterator[Way]:
    """Give a way to a port of loopback that takes `round_trip` seconds there and back; 0 is loopback itself."""
    if not round_trip:
        yield Way(port, None)
        return
    program = str(Path(__file__).with_name("relay.py"))
    delay = ("--delay-ms", str(1000 * round_trip / 2))
    relay = subprocess.Popen(
        (sys.executable, program, "--to", f"127.0.0.1:{port}", *delay), stdout=subprocess.PIPE, text=True
    )
    try:
        assert relay.stdout is not None
        yield Way(int(relay.stdout.readline()), relay)
    finally:
        if relay.poll() is None:
            relay.kill()
            relay.communicate()


def probe(round_trip: float, scratch: Path) -> tuple[float, float]:
    """Measure what a round trip by the relay really takes, with NOOPs: median and worst, in seconds."""
    with (
        tempfile.TemporaryDirectory(dir=scratch) as folder,
        running_sink(Path(folder)) as sink,
        way_to(sink.port, round_trip) as way,
        SMTP("127.0.0.1", way.port, local_hostname="sender.example") as connection,
    ):
        times = []
        for _ in range(25):
            began = time.perf_counter()
            connection.noop()
            times.append(time.perf_counter() - began)
    return median(times), max(times)

"""The benchmark's own sink, for what smtp-sink does not speak: CHUNKING, STARTTLS, TLS from the first byte. In Go.

    python -m tests.benchmarks.own_sink [--port 2525] [--tls-port 4650] [--certificate sink.pem] [--without CHUNKING]

starts it by hand; it says its ports, and counts until Ctrl-C. The certificate, its own authority, is made at each
start. It is built from `peers/sink` with Go's standard library, into the cache of what the benchmark builds.

Limits: as `peers/sink/main.go` says. Raises MissingProgramError where Go is not installed.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.sink import MissingProgramError, Sink

_SOURCE = Path(__file__).parent / "peers" / "sink"
_PATIENCE = 10.0


def cache_folder() -> Path:
    """Where the benchmark keeps what it builds and fetches, if it is not told another place."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "campaign-benchmark"


def build(cache: Path) -> Path:
    """Build the sink into `cache`, unless it is there as its source has it; give the program."""
    compiler = shutil.which("go")
    if compiler is None:
        raise MissingProgramError("go is not installed, and the benchmark's own sink needs it: apt-get install golang")
    cache.mkdir(parents=True, exist_ok=True)
    program = cache / "go-sink"
    built = subprocess.run(
        (compiler, "build", "-buildvcs=false", "-o", str(program), "."),
        cwd=_SOURCE,
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise MissingProgramError(f"the benchmark's own sink can't be built: {built.stderr.strip()[-300:]}")
    return program


class OwnSink(Sink):
    """A running sink of our own: `port` with STARTTLS, `tls_port` with TLS from the first byte."""

    def __init__(self, process: subprocess.Popen[bytes], ports: tuple[int, int], folder: Path) -> None:
        super().__init__(process, ports[0], folder / "sink-counters")
        self.tls_port = ports[1]
        self.certificate = folder / "sink.pem"
        """What a sender has to trust, in PEM."""

    def so_far(self) -> dict[str, int]:
        """Give all counters as they were last written: `sess`, `tls`, `resumed`, `bdat`, `mesg`."""
        lines = self._counters.read_bytes().split(b"\r")[:-1]
        found = re.findall(rb"([a-z]+)=(\d+)", lines[-1]) if lines else []
        return {name.decode(): int(count) for name, count in found}


@contextmanager
def running_own_sink(program: Path, folder: Path, *options: str) -> Iterator[OwnSink]:
    """Run what `build` gave for as long as the block lasts; certificate and counters are written into `folder`."""
    counters = folder / "sink-counters"
    command = [str(program), "--certificate", str(folder / "sink.pem"), *options]
    with counters.open("wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file)
    try:
        yield OwnSink(process, _ports(process, counters), folder)
    finally:
        process.terminate()
        process.wait()


def _ports(process: subprocess.Popen[bytes], counters: Path) -> tuple[int, int]:
    """Wait for its first line."""
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        said = re.match(rb"port=(\d+) tls-port=(\d+)\n", counters.read_bytes())
        if said:
            return int(said[1]), int(said[2])
        time.sleep(0.01)
    raise MissingProgramError("the benchmark's own sink did not start listening")


if __name__ == "__main__":
    try:
        program = str(build(cache_folder()))
    except MissingProgramError as error:
        sys.exit(str(error))
    os.execv(program, (program, *sys.argv[1:]))

"""What senders send to, to the benchmark: a server that is started anew for each run, counts, and can be charged."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.benchmarks.sink import running_sink


class Receiver(Protocol):
    """A server that is running on loopback."""

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        ...

    @property
    def certificate(self) -> Path | None:
        """What a sender has to trust, in PEM; None where the server has no TLS."""
        ...

    def cpu(self) -> float:
        """Processor time that all its processes have used, in seconds."""
        ...

    def counted(self, expected: int) -> int:
        """Give how many messages it has taken, after waiting for the last of `expected` to be counted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of server: what the tables call it, and how to run one that writes into a folder."""

    name: str
    start: Callable[[Path], AbstractContextManager[Receiver]]


SMTP_SINK = Kind(name="smtp-sink", start=running_sink)

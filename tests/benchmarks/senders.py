"""What a sender is, to the benchmark: a name, a way to start it, and a way to check what it left behind.

Every sender sends to all contacts of a workload folder (`workload.write`) by way of a port of loopback.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A process to start."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a sender is to do: everybody in `workload`, by way of 127.0.0.1:`port`."""

    workload: Path
    messages: int
    port: int
    connections: int
    folder: Path
    """Empty and its own; what the sender writes stays in it."""
    certificate: Path | None = None
    """What to trust, in PEM: then the way there is encrypted, by STARTTLS."""


class Sender(Protocol):
    """One of those who are compared."""

    @property
    def name(self) -> str:
        """What the tables call it."""
        ...

    @property
    def best(self) -> int:
        """Connections at which it is quickest on loopback."""
        ...

    @property
    def share(self) -> float:
        """Of a loopback run's messages, how many it gets: a rate is a rate after some seconds."""
        ...

    @property
    def distant_share(self) -> float:
        """The same at the long round trip."""
        ...

    @property
    def personal(self) -> bool:
        """Whether it sends the workload, or one ready-made message of the same size to everybody."""
        ...

    @property
    def can_encrypt(self) -> bool:
        """Whether it can send over TLS."""
        ...

    @property
    def scratch(self) -> Path | None:
        """Where its run folders are made, if not where everybody's are."""
        ...

    def prepare(self, task: Task) -> Command:
        """Write what the sender needs, off the clock, and say how to start it."""
        ...

    def fault(self, task: Task) -> str | None:
        """Say, off the clock, why a run that ended well does not count; None if it does."""
        ...


def clean_environment() -> dict[str, str]:
    """Our own environment without what would slow a Python sender down, and without settings for `campaign`."""
    slowing = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE"}
    return {
        name: value for name, value in os.environ.items() if name not in slowing and not name.startswith("CAMPAIGN_")
    }

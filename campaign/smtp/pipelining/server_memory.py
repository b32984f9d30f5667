"""What a run's processes, and the runs after it, remember of a server. The ledger keeps it; here is
what is needed of it.
"""

from typing import Protocol


class ServerMemory(Protocol):
    """Facts by `server` (see `known_servers.kind_of_server`) and `ability`, a word such as "pipelining".

    Never raises: what can't be kept is not remembered, and the server is treated as one that is not known.
    """

    def look_up(self, server: str, ability: str) -> bool | None:
        """Say whether the server is able; None where that is not known yet."""

    def begin_trial(self, server: str, ability: str) -> bool:
        """Say whether the caller, and nobody else in this run, may find out."""

    def learn(self, server: str, ability: str, *, able: bool) -> None:
        """Remember it: for this run if it is able, for all runs of the campaign if it is not."""

    def forget(self, server: str, ability: str) -> None:
        """Let somebody find out again, where it was thought able."""


class PrivateMemory:
    """A memory that nobody shares."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bool] = {}

    def look_up(self, server: str, ability: str) -> bool | None:
        """See `ServerMemory`."""
        return self._known.get((server, ability))

    def begin_trial(self, server: str, ability: str) -> bool:
        """See `ServerMemory`."""
        return True

    def learn(self, server: str, ability: str, *, able: bool) -> None:
        """See `ServerMemory`."""
        self._known[server, ability] = able

    def forget(self, server: str, ability: str) -> None:
        """See `ServerMemory`."""
        self._known.pop((server, ability), None)

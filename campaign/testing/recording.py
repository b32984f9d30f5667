"""The recording server, from `with` to its end. Raises ValueError for a misbehaviour that is none; OSError where it
can't listen.
"""

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Self

from campaign.links import throwaway_secret
from campaign.model import Phase
from campaign.sandbox.loopback import Loopback
from campaign.testing.handler import RecordingHandler
from campaign.testing.message import RecordedMessage
from campaign.testing.misbehaviour import Misbehaviour, Trap, misbehaviour


class RecordingServer:
    """Keeps every message, in memory. One may serve several runs, one after the other."""

    def __init__(self, *, port: int = 0) -> None:
        """`port`: a free one, unless told."""
        self.link_secret = throwaway_secret()
        """What links are signed with: the server's own, which signs nobody in."""
        self._kept: list[RecordedMessage] = []
        self._traps: list[Trap] = []
        self._lock = threading.Lock()
        handler = RecordingHandler(self._strikes, self._keep)
        self._server = Loopback(handler, port=port, auth_require_tls=False, auth_exclude_mechanism=["LOGIN"])

    @property
    def host(self) -> str:
        """Where it listens."""
        return self._server.host

    @property
    def port(self) -> int:
        """Where it listens, once it does."""
        return self._server.port

    @property
    def messages(self) -> list[RecordedMessage]:
        """What was delivered so far, in order: one for each recipient."""
        with self._lock:
            return list(self._kept)

    @property
    def settings(self) -> Mapping[str, object]:
        """What to give to `Campaign.load(settings=…)`: this server, a secret that signs nobody in, and tries that
        follow each other quickly.
        """
        return MappingProxyType(
            {
                "smtp": {
                    "host": self.host,
                    "port": self.port,
                    "security": "none",
                    "username": "recording",
                    "password": "recording",
                    "auth": "plain",
                    "pipelining": "envelope",  # what is refused behind a body costs no try, and would be counted here
                    "timeout": "2s",
                },
                "link.secret": self.link_secret,
                "retry.first_wait": "10ms",
                "retry.longest_wait": "50ms",
            }
        )

    def misbehave(self, name: str, *, for_: str | None = None, times: int | None = None) -> None:
        """From now on, do this wrong: one of `MISBEHAVIOURS`. `for_`: only where this address is the recipient;
        `times`: so often, for each recipient, in place of what the list says. What was asked for first strikes first.
        Raises ValueError.
        """
        what = misbehaviour(name)
        if for_ is not None and not what.has_recipients:
            raise ValueError(f"{name} comes before the server knows whom the message is for: leave for_ out")
        if times is not None and times < 1:
            raise ValueError(f"times is {times}: it must be at least 1")
        whom = None if for_ is None else for_.lower()
        with self._lock:
            self._traps.append(Trap(what=what, whom=whom, times=what.times if times is None else times))

    def behave(self) -> None:
        """From now on, do nothing wrong."""
        with self._lock:
            self._traps.clear()

    def clear(self) -> None:
        """Forget the messages."""
        with self._lock:
            self._kept.clear()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def _strikes(self, phase: Phase, recipients: Sequence[str]) -> Misbehaviour | None:
        with self._lock:
            return next((trap.what for trap in self._traps if trap.strikes(phase, recipients)), None)

    def _keep(self, return_path: str, recipients: Sequence[str], octets: bytes) -> None:
        with self._lock:
            self._kept += [
                RecordedMessage(to=one, return_path=return_path, octets=octets, secret=self.link_secret)
                for one in recipients
            ]

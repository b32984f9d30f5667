"""How a run is told to stop: by SIGINT, SIGTERM or SIGHUP, once to drain and twice to stop at once."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ShutdownSignals:
    """SIGINT, SIGTERM, SIGHUP (unless `nohup` has it ignored): the first asks to drain, the second stops at once."""

    def __init__(self) -> None:
        self.asked = False
        self.on_ask: list[Callable[[], None]] = []
        self.on_insist: list[Callable[[], None]] = []

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals while the context lasts."""
        taken = [number for number in _ENDINGS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, self._hear) for number in taken}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            for act in self.on_insist:
                act()
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.asked = True
        for act in self.on_ask:
            act()

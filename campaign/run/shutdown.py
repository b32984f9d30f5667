"""How a run is told to stop: by SIGINT, SIGTERM or SIGHUP, once to drain and twice to stop at once; or by an event
that the program which it runs in sets.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ShutdownSignals:
    """SIGINT, SIGTERM, SIGHUP (unless `nohup` has it ignored): the first asks to drain, the second stops at once."""

    def __init__(self, stop: threading.Event | None = None, *, own_process: bool = True) -> None:
        """`stop`: once it is set, the run drains. `own_process`: the process is the run's alone, and a second signal
        ends it; else it goes to whoever took such signals before, and a run in another thread than the main one, which
        alone may take them (signal(7); Python's `signal` module), takes none.
        """
        self.on_ask: list[Callable[[], None]] = []
        self.on_insist: list[Callable[[], None]] = []
        self._stop = stop or threading.Event()
        self._own_process = own_process
        self._heard = False
        self._before: dict[int, Callable[[int, FrameType | None], object] | int] = {}

    @property
    def asked(self) -> bool:
        """Whether the run is to stop."""
        return self._heard or self._stop.is_set()

    def heed(self) -> None:
        """Act on the event: to be called a few times a second, by the thread that runs."""
        if self._stop.is_set() and not self._heard:
            self.ask()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals while the context lasts."""
        if not self._own_process and threading.current_thread() is not threading.main_thread():
            yield
            return
        taken = [number for number in _ENDINGS if signal.getsignal(number) is not signal.SIG_IGN]
        for number in taken:  # None: it was taken by no handler of Python's, and none of ours can give it back
            before = signal.signal(number, self._hear)
            self._before[number] = signal.SIG_DFL if before is None else before
        try:
            yield
        finally:
            for taken_from, handler in self._before.items():
                signal.signal(taken_from, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            for act in self.on_insist:
                act()
            signal.signal(number, signal.SIG_DFL if self._own_process else self._before[number])
            signal.raise_signal(number)
        self.ask()

    def ask(self) -> None:
        """Ask to drain."""
        self._heard = True
        for act in self.on_ask:
            act()

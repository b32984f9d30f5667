"""A run as a program follows it: by two functions that it may give. Neither is asked anything.

What such a function raises must lose nobody's mail: it is kept, the run drains as at a signal, and whoever began the
run has the exception raised once that is over.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec

from campaign.run.progress import Progress
from campaign.run.start import RunOptions, start
from campaign.run.summary import RunSummary
from campaign.settings import Settings
from campaign.window import SendWindow

_P = ParamSpec("_P")
OnProgress = Callable[[Progress], object] | None
OnNotice = Callable[[str], object] | None


def follow(
    settings: Settings, options: RunOptions, *, yes: bool, on_progress: OnProgress, on_notice: OnNotice
) -> RunSummary:
    """Run it. `yes`: what a run wants a person's yes for has it. Raises as `start` does; and what a function raised."""
    stop = options.stop or threading.Event()
    followed = Callbacks(stop, on_progress=on_progress, on_notice=on_notice, yes=yes or options.sandbox)
    ended = start(settings, replace(options, stop=stop), lambda _: followed)
    followed.raise_what_was_raised(ended)
    return ended


class Callbacks:
    """The observer of such a run."""

    asks = False

    def __init__(
        self,
        stop: threading.Event,
        *,
        on_progress: OnProgress = None,
        on_notice: OnNotice = None,
        yes: bool = False,
    ) -> None:
        """`stop` is set where one of the functions raises; `yes`: what a run wants a person's yes for has it."""
        self.can_confirm = yes
        self._stop = stop
        self._on_progress = on_progress
        self._on_notice = on_notice
        self._error: Exception | None = None

    def reading(self, rows: int) -> None:
        """Not told."""

    def confirm(self, total: int | None, window: SendWindow) -> bool:
        """Go ahead: whoever calls has decided."""
        return True

    def waiting(self, window: SendWindow, seconds: float) -> None:
        """Not told."""

    def sending(self, progress: Progress) -> None:
        """Tell how far it is."""
        if self._on_progress is not None:
            self._call(self._on_progress, progress)

    def writing(self, rows: int, total: int) -> None:
        """Not told."""

    def notice(self, words: str) -> None:
        """Tell what an operator would want to know."""
        if self._on_notice is not None:
            self._call(self._on_notice, words)

    def raise_what_was_raised(self, ended: RunSummary) -> None:
        """Raise what a function raised, with a word on how the run ended all the same."""
        if self._error is not None:
            self._error.add_note(
                f"raised by a callback of a campaign's run, which has ended in good order since: {ended.sent_now:,} "
                f"sent, exit code {ended.exit_code}, results in {ended.results}"
            )
            raise self._error

    def _call(self, function: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs) -> None:
        if self._error is not None:
            return
        try:
            function(*args, **kwargs)
        except Exception as error:
            self._error = error
            self._stop.set()

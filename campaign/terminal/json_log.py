"""A run told to a log collector: one JSON event a line on stderr, in place of words for people (`--log-format json`).

Takes what a run's observer and its watchers hear; `campaign/guide/json.md` has every field. Contacts are named by their
key and row alone, unless addresses were asked for. Nothing is asked: whoever reads the lines can't answer. Raises
nothing: that nobody reads them any more is no reason to stop sending.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TextIO

from campaign.run.progress import Progress
from campaign.run.summary import RunSummary
from campaign.run.throttling import Throttle
from campaign.run_now import RunNow
from campaign.terminal.event_line import write_event
from campaign.terminal.now_document import iso, numbers
from campaign.visible import without_addresses
from campaign.window import SendWindow
from campaign.worker.worker_report import Event

_PROGRESS_EVERY = 10.0
"""Seconds."""


class JsonLog:
    """Shows a run, and watches it."""

    asks = False
    wants_events = True

    def __init__(
        self,
        campaign: str,
        *,
        yes: bool,
        addresses: bool = False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`yes`: somebody has said yes to everything beforehand. `addresses`: events of contacts name them."""
        self.can_confirm = yes
        self.wants_addresses = addresses
        self._campaign = campaign
        self._stream = stream
        self._clock = clock
        self._started = False
        self._next_progress = 0.0
        self._waited_for: tuple[str, int] | None = None
        self._told = self._server = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to take away."""

    # What an observer hears.

    def reading(self, rows: int) -> None:
        """Not told."""

    def confirm(self, total: int | None, window: SendWindow) -> bool:
        """Go on."""
        return True

    def waiting(self, window: SendWindow, seconds: float) -> None:
        """Told by `now`."""

    def sending(self, progress: Progress) -> None:
        """Told by `now`."""

    def writing(self, rows: int, total: int) -> None:
        """Not told."""

    def notice(self, words: str) -> None:
        """Tell what an operator would want to know, but for what was told just now in an event of its own."""
        if words != self._told:
            self._write("notice", {"text": self._shown(words)})

    say = notice

    # What a watcher hears.

    def now(self, now: RunNow) -> None:
        """Tell that it waits, begins, or how far it is."""
        if now.phase == "waiting":
            waits_for = (now.waits_for, round(now.waits_until or 0.0))
            if waits_for != self._waited_for:
                self._waited_for = waits_for
                fields = {"for": now.waits_for, "until": iso(now.waits_until), "to_send": now.total}
                self._write("waiting", fields, at=now.at)
            return
        if not self._started:
            self._started = True
            self._next_progress = self._clock() + _PROGRESS_EVERY
            self._server = now.servers[0].name if now.servers else ""
            servers = [{"server": server.name, "configured": server.most} for server in now.servers]
            begins: dict[str, object] = {"pid": now.pid, "to_send": now.total, "servers": servers}
            begins["window_closes_at"] = iso(now.window_closes_at)
            self._write("started", begins, at=now.started_at)
        elif self._clock() >= self._next_progress:
            self._next_progress = self._clock() + _PROGRESS_EVERY
            self._write("progress", numbers(now), at=now.at)

    def throttled(self, change: Throttle) -> None:
        """Tell that the server takes less, or more again."""
        self._told = change.words()
        to = None if change.to is None else round(change.to, 3)
        fields: dict[str, object] = {"server": change.server or self._server, "limit": change.limit, "to": to}
        if not change.over:
            fields["text"] = change.why
        self._write("recovered" if change.over else "throttled", fields)

    def happened(self, events: Sequence[Event]) -> None:
        """Tell of single messages and connections."""
        for event in events:
            fields: dict[str, object] = {"server": event.server}
            if event.kind != "connected":
                fields |= {"key": event.key, "row": event.row}
                if event.email is not None:
                    fields["email"] = event.email
                fields |= {"status": event.status, "tries": event.tries, "code": event.code}
                fields |= {"enhanced": event.enhanced, "text": event.text}
            if event.kind == "deferred":
                fields["until"] = iso(event.until)
            self._write(event.kind, fields, at=event.at)

    # What is told at the end.

    def ended(self, summary: RunSummary, document: Mapping[str, object]) -> None:
        """Tell why it stopped, where it did, and how it ended: `document` is that of `--json`."""
        if document["reason"] is not None:
            trouble = self._shown(document["error"])
            text = self._shown(document["stopped"])
            self._write("stopped", {"reason": document["reason"], "text": text, "error": trouble})
        said = {name: value for name, value in document.items() if name != "campaign"}
        said |= {name: self._shown(said[name]) for name in ("stopped", "error")}  # not of paths, which are no words
        self._write("finished", said | {"window_closes_at": _closing(summary.window)})

    def _shown(self, said: object) -> object:
        """Give what is said as it may be shown: a server may have named a recipient."""
        if self.wants_addresses or said is None:
            return said
        if isinstance(said, Mapping):
            return {name: self._shown(words) if name in ("what", "fix") else words for name, words in said.items()}
        return without_addresses(str(said))

    def _write(self, event: str, fields: Mapping[str, object], *, at: float | None = None) -> None:
        write_event(event, {"campaign": self._campaign, **fields}, stream=self._stream, at=at)


def _closing(window: SendWindow) -> str | None:
    return None if window.closes is None else iso(window.closes.timestamp())

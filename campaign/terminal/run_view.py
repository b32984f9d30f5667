"""What `status` shows of a run that goes on: how far it is, its rate over the last minutes, connections, what waits and
for how long, the last refusals.

Takes the counts of all rows and a `RunNow`; gives lines: plain ones (`run_lines`), or those of a live picture that fit
into so many columns (`RunView`). Moments are on the clock of the given zone: the campaign's, as in all else that it
says. Raises nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import TextIO

from campaign.durations import brief_duration
from campaign.model import Status
from campaign.run.progress import progress_of
from campaign.run_now import Refusal, RunNow
from campaign.terminal.drawing import Drawing
from campaign.terminal.progress_bar import ProgressBar
from campaign.terminal.progress_words import ProgressWords, rate_words
from campaign.visible import visible

_SPARKS = 60
"""Columns of the sparkline, at most."""
_OLD = 3.0
"""Seconds after which it is said how old the news is."""


class RunView:
    """A live picture on one stream."""

    def __init__(
        self, title: str, stream: TextIO, *, zone: tzinfo, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self._title = title
        self._zone = zone
        self._clock = wall_clock
        self._words = ProgressWords(wall_clock=wall_clock)
        self._bar = ProgressBar(title, self._words, stream)
        self._drawing = Drawing(stream)

    def lines(self, now: RunNow | None, counts: Mapping[Status, int], columns: int) -> list[str]:
        """Draw it. Without a `now`, a run goes on that has not said anything yet."""
        draw, present = self._drawing, self._clock()
        drawn = []
        if now is not None and now.phase != "waiting":
            self._words.rate = now.rate
            drawn += self._bar.lines(progress_of(now, seconds=now.at - (now.started_at or now.at)), columns)
            if now.rates:
                sparks = draw.sparkline(now.rates, max(1, min(_SPARKS, columns - 30)))
                drawn.append(draw.line(draw.text("rate ").append_text(sparks).append(f" {_rates(now)}"), columns))
        else:
            drawn.append(draw.line(draw.text(visible(self._title)), columns))
        all_rows = draw.counts([f"{count:,} {word.value}" for word, count in counts.items() if count])
        drawn.append(draw.line(draw.text("all rows: ").append_text(all_rows), columns))
        if now is not None:
            drawn += [
                draw.line(draw.text(visible(words)), columns) for words in _where_it_stands(now, present, self._zone)
            ]
            for one in now.refusals:
                words = draw.text(f"  {_clock(one.at, self._zone)}  row {one.row:,}  ").append_text(
                    draw.counts_word(one.status)
                )
                drawn.append(draw.line(words.append(f"  {visible(_said(one))}"), columns))
        return drawn


def run_lines(now: RunNow, present: float, zone: tzinfo) -> Iterator[str]:
    """Give it in plain lines."""
    if now.phase != "waiting":
        words = ProgressWords(wall_clock=lambda: present)
        words.rate = now.rate
        progress = progress_of(now, seconds=now.at - (now.started_at or now.at))
        yield f"this run: {words.line(progress)}"
        if now.rates:
            yield f"rate: {_rates(now)}"
    yield from _where_it_stands(now, present, zone)
    for one in now.refusals:
        yield f"  {_clock(one.at, zone)}  row {one.row:,}  {one.status}  {_said(one)}"


def _where_it_stands(now: RunNow, present: float, zone: tzinfo) -> Iterator[str]:
    """The connections, what it waits for, until when it may go on; at the end the heading of the refusals."""
    if now.servers:
        yield f"connections: {', '.join(f'{one.connections} of {one.most} to {one.name}' for one in now.servers)}"
    if now.waits_for:
        yield f"waits until {now.waits_for}{_ahead(now.waits_until, present, zone)}"
    if now.window_closes_at is not None:
        yield f"the window closes{_ahead(now.window_closes_at, present, zone)}"
    if present - now.at >= _OLD:
        yield f"no news for {brief_duration(timedelta(seconds=int(present - now.at)))}"
    if now.refusals:
        yield "the last refusals:"


def _rates(now: RunNow) -> str:
    minutes = brief_duration(timedelta(seconds=len(now.rates) * now.rates_every))
    return f"{rate_words(now.rate)}, at most {rate_words(max(*now.rates, now.rate))} in the last {minutes}"


def _said(one: Refusal) -> str:
    return " ".join(filter(None, (str(one.code or ""), one.enhanced, one.text)))


def _ahead(moment: float | None, present: float, zone: tzinfo) -> str:
    if moment is None:
        return ""
    local = datetime.fromtimestamp(moment, zone)
    day = "" if abs(moment - present) < 12 * 3600 else f"{local:%Y-%m-%d} "
    ahead = brief_duration(timedelta(seconds=max(0, round(moment - present))))
    return f" {day}{local:%H:%M:%S} {local.tzname()}, in {ahead}"


def _clock(moment: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(moment, zone):%H:%M:%S}"

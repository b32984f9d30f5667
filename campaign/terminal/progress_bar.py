"""The live lines of a run on a terminal: a bar, how far it is, what became of the contacts, and what holds it up.

    autumn: ━━━━━━━━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━  41%, 1,234 of 3,000, 50/s, 35 s left
      1,200 sent, 34 rejected, 12 being sent
      slowed to 50/s: 451 4.7.1 Try again later

Takes a `Progress` and the columns there are; gives lines that fit. Raises nothing.
"""

from typing import TextIO

from campaign.run.progress import Progress
from campaign.terminal.drawing import Drawing
from campaign.terminal.progress_words import ProgressWords, count_words, rate_words, under_way
from campaign.visible import visible

_LONGEST_BAR, _SHORTEST_BAR = 40, 10
"""Columns."""


class ProgressBar:
    """One run's. `words`: those of its progress."""

    def __init__(self, title: str, words: ProgressWords, stream: TextIO) -> None:
        self._title = visible(title)
        self._words = words
        self._drawing = Drawing(stream)

    def lines(self, progress: Progress, columns: int, *, silence: str = "") -> list[str]:
        """Draw it; `silence`: that nothing was heard for a while."""
        draw = self._drawing
        lines = [self._first(progress, columns)]
        counted = draw.counts([*count_words(progress.settled), under_way(progress)])
        if counted.plain:
            lines.append(draw.line(draw.text("  ").append_text(counted), columns))
        lines += [
            draw.line(draw.text(f"  {visible(words)}", "yellow"), columns) for words in self._words.held_up(progress)
        ]
        if silence:
            lines.append(draw.line(draw.text(f"  {silence}", "yellow"), columns))
        return lines

    def _first(self, progress: Progress, columns: int) -> str:
        """The bar where there is room, the title where there is any."""
        done = sum(progress.settled.values())
        share = done / progress.total if progress.total else 0.0
        parts = [f"{int(100 * share)}%", f"{done:,} of {progress.total:,}", rate_words(self._words.rate)]
        words = ", ".join(filter(None, [*parts, self._words.left(progress)]))
        draw, title = self._drawing, f"{self._title}: "
        room = columns - len(title) - len(words) - 2
        if room >= _SHORTEST_BAR:
            bar = draw.bar(share, min(room, _LONGEST_BAR))
            return draw.line(draw.text(title).append_text(bar).append(f"  {words}"), columns)
        whole = draw.text(f"{title}{words}")
        return draw.line(whole if whole.cell_len <= columns else draw.text(words), columns)

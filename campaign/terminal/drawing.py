"""Pieces of a live picture, drawn by rich: coloured text in as many columns as there are, a bar, a sparkline.

Takes plain values; gives lines with SGR sequences where the stream shows colour, and plain ones elsewhere. Imports rich
when it is used, and not before: that takes a twentieth of a second. Raises nothing.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from campaign.terminal.colour import shows_colour, style_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_SPARKS = "▁▂▃▄▅▆▇█"
_ASCII_SPARKS = "_.-=+*%#"
_SEPARATOR = ", "


class Drawing:
    """For one stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console: Console | None = None
        encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
        self.ascii_only = not encoding.startswith("utf")

    def bar(self, share: float, columns: int) -> "Text":
        """Draw how much is done, from 0 to 1."""
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        console = self._made()
        drawn = ProgressBar(
            total=1.0,
            completed=min(1.0, max(0.0, share)),
            width=columns,
            style="bright_black",
            complete_style="green",
            finished_style="green",
        )
        text = Text()
        options = console.options.update(width=columns)
        options.encoding = "ascii" if self.ascii_only else "utf-8"
        for segment in console.render(drawn, options):
            text.append(segment.text.rstrip("\n"), segment.style)
        text.pad_right(columns - text.cell_len)  # without colour, what is not done is not drawn
        return text

    def sparkline(self, values: Sequence[float], columns: int) -> "Text":
        """Draw the last of the values, as many as there are columns."""
        from rich.text import Text

        values = values[-columns:]
        sparks = _ASCII_SPARKS if self.ascii_only else _SPARKS
        top = max(values, default=0.0) or 1.0
        steps = (round(value / top * (len(sparks) - 1)) for value in values)
        return Text("".join(sparks[step] for step in steps), "cyan")

    def text(self, words: str, style: str = "") -> "Text":
        """Give words in a style."""
        from rich.text import Text

        return Text(words, style)

    def counts(self, counted: Sequence[str]) -> "Text":
        """Give counts such as "12 sent", each in its status's colour; others ("12 being sent") in none."""
        from rich.text import Text

        pieces = [Text(words, style_of(words.partition(" ")[2])) for words in counted if words]
        return Text(_SEPARATOR).join(pieces)

    def counts_word(self, word: str) -> "Text":
        """Give a status in its colour."""
        return self.text(word, style_of(word))

    def line(self, text: "Text", columns: int) -> str:
        """Give the text in one line of so many columns."""
        text.truncate(columns, overflow="crop" if self.ascii_only else "ellipsis")
        console = self._made()
        with console.capture() as captured:
            console.print(text, end="", soft_wrap=True)
        return captured.get()

    def _made(self) -> "Console":
        if self._console is None:
            from rich.console import Console

            colour = shows_colour(self._stream)
            self._console = Console(
                file=io.StringIO(),
                force_terminal=True,
                color_system="standard" if colour else None,
                no_color=not colour,
                width=1000,
                height=100,
                highlight=False,
                markup=False,
                emoji=False,
                legacy_windows=False,
            )
        return self._console

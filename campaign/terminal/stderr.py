"""What a command says on stderr: to whoever sits there, beside what stdout has for a program.

What other people have put into the words is made visible; colour is a terminal's. Raises nothing: that nobody reads it
is no reason for another exit code.
"""

import contextlib
import sys

import typer

from campaign.terminal.colour import coloured
from campaign.visible import visible_lines


def say_aside(words: str) -> None:
    """Say a line, or several."""
    with contextlib.suppress(OSError):
        typer.echo(coloured(visible_lines(words), sys.stderr), err=True)

"""What a command says on stdout: words for people, or one JSON document for a program.

A reader that has seen enough (`| head`, `| true`) is no reason for another exit code, nor to leave anything undone:
what is said after that goes nowhere. Raises OSError where stdout can't be written for another reason.
"""

import json
import os
import sys
from collections.abc import Mapping

from campaign.colour import coloured
from campaign.visible import visible_lines


def say(words: str, *, end: str = "\n") -> None:
    """Say a line, or several; what other people have put into them is made visible."""
    _write(coloured(visible_lines(words), sys.stdout) + end)


def say_file(content: str) -> None:
    """Say what would otherwise go into a file, as it is."""
    _write(content)


def say_json(document: Mapping[str, object]) -> None:
    """Say a whole document, on one line."""
    _write(json.dumps(document, default=str) + "\n")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # for what Python still holds in its buffer, too
        os.close(nowhere)

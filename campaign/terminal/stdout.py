"""What a command says on stdout: words for people, or one JSON document for a program.

A reader that has seen enough (`| head`, `| true`) is no reason for another exit code, nor to leave anything undone:
what is said after that goes nowhere. Raises OSError where stdout can't be written for another reason.
"""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO, cast

from campaign.terminal.colour import coloured
from campaign.visible import visible_lines

Say = Callable[[str], None]
"""Whoever takes a line, or several, and shows them: `say`, or a run's console."""


class PatientStream:
    """A stream that goes on when its reader is gone. Typer would end the program, with exit code 1, also for help."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or pretend to."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            _let_go(self._stream)
            return len(text)

    def flush(self) -> None:
        """Flush, or pretend to."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            _let_go(self._stream)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextlib.contextmanager
def patient_streams() -> Iterator[None]:
    """Let stdout and stderr be patient. Where one was closed from the start (`>&-`), what is said goes nowhere; its
    number is taken, lest a file of ours get it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, PatientStream(stream or io.StringIO())) for stream in before)
    try:
        yield
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        sys.stdout, sys.stderr = before


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
        _let_go(sys.stdout)
    except OSError:  # a full disk: to be told, once
        _let_go(sys.stdout)
        raise


def _let_go(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())  # for what Python still holds in its buffer, too
    os.close(nowhere)

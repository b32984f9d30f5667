"""The live line: never still, never wider than the terminal, and nothing left of it, whatever the terminal becomes."""

import fcntl
import io
import os
import pty
import struct
import termios
import threading
from collections.abc import Iterator

import pytest

from campaign.terminal.live_line import _REFLOWING, LiveLine, fitting, width


@pytest.fixture(autouse=True)
def _nobody_s_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _REFLOWING:
        monkeypatch.delenv(name, raising=False)


class Pty:
    """A terminal whose width can be changed, and what was written to it."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self) -> str:
        return os.read(self.master, 100_000).decode()


@pytest.fixture
def terminal() -> Iterator[Pty]:
    made = Pty()
    yield made
    made.stream.close()
    os.close(made.master)


WORDS = "autumn: 100 of 1,000, 50/s, 90 sent, 10 rejected, 7 to be tried again, 18 s left"


def test_the_width_is_the_terminals_own_and_that_of_now(terminal: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    line = LiveLine(terminal.stream, every=None)
    for columns in (120, 40, 20, 60):
        terminal.resize(columns)
        line.show(lambda: WORDS)
        assert terminal.read() == f"\r{WORDS[: columns - 1]}\x1b[K"
    line.clear("done\n")
    assert terminal.read() == "\r\x1b[Kdone\r\n"


def test_a_terminal_that_does_not_know_its_width_has_a_usual_one(
    terminal: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    terminal.resize(0)
    LiveLine(terminal.stream, every=None).show(lambda: "short")
    assert terminal.read() == "\rshort\x1b[K"


@pytest.mark.parametrize(("columns", "rows"), [(81, 0), (80, 0), (79, 1), (40, 1), (39, 2), (20, 3)])
def test_what_has_spilt_over_is_taken_back_where_lines_are_broken_anew(
    terminal: Pty, monkeypatch: pytest.MonkeyPatch, columns: int, rows: int
) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux")
    line = LiveLine(terminal.stream, every=None)
    terminal.resize(120)
    line.show(lambda: WORDS)
    assert terminal.read().startswith("\rautumn") and len(WORDS) == 80
    terminal.resize(columns)
    line.show(lambda: "short")
    assert terminal.read() == (f"\x1b[{rows}A\r\x1b[J" if rows else "\r") + "short\x1b[K"
    line.show(lambda: "shorter")
    assert terminal.read() == "\rshorter\x1b[K"


def test_elsewhere_no_line_above_is_touched(terminal: Pty) -> None:
    line = LiveLine(terminal.stream, every=None)
    terminal.resize(120)
    line.show(lambda: WORDS)
    terminal.resize(20)
    line.clear("a note\n")
    assert "A" not in terminal.read()


@pytest.mark.parametrize(("words", "columns"), [("autumn", 6), ("日本語", 6), ("e\u0301", 1), ("naïve", 5), ("…", 1)])
def test_characters_are_as_wide_as_a_terminal_makes_them(words: str, columns: int) -> None:
    assert width(words) == columns
    assert fitting(words, columns) == words


@pytest.mark.parametrize(
    ("words", "columns", "expected"),
    [("autumn", 4, "autu"), ("日本語", 5, "日本"), ("日本語", 4, "日本"), ("a日", 2, "a")],
)
def test_no_character_is_cut_in_two(words: str, columns: int, expected: str) -> None:
    assert fitting(words, columns) == expected


def test_it_moves_by_itself_while_the_program_waits() -> None:
    drawn = threading.Semaphore(0)
    seconds = iter(range(100))

    class Slow(io.StringIO):
        def flush(self) -> None:
            drawn.release()

    stream = Slow()
    line = LiveLine(stream, every=0.001)
    line.show(lambda: f"{next(seconds)} s")
    for _ in range(4):
        assert drawn.acquire(timeout=20)
    line.clear()
    assert stream.getvalue().startswith("\r0 s\x1b[K\r1 s\x1b[K\r2 s\x1b[K\r3 s\x1b[K")
    line.clear("stays\n")
    assert stream.getvalue().endswith("stays\n")


def test_a_stream_that_is_gone_is_no_matter() -> None:
    stream = io.StringIO()
    line = LiveLine(stream, every=None)
    line.show(lambda: WORDS)
    stream.close()
    line.draw()
    line.clear("done\n")

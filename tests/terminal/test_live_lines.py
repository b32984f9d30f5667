"""The live lines: never still, never wider than the terminal, and nothing left of them, whatever that becomes."""

import fcntl
import io
import itertools
import os
import pty
import struct
import termios
import threading
from collections.abc import Callable, Iterator

import pyte
import pytest

from campaign.terminal.live_lines import _REFLOWING, Lines, LiveLines, fitting, width


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


def showing(words: Callable[[], str]) -> Lines:
    """One line, as these words are at each drawing."""
    return lambda columns: [words()]


WORDS = "autumn: 100 of 1,000, 50/s, 90 sent, 10 rejected, 7 to be tried again, 18 s left"


def test_the_width_is_the_terminals_own_and_that_of_now(terminal: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = LiveLines(terminal.stream, every=None)
    for columns in (120, 40, 20, 60):
        terminal.resize(columns)
        lines.show(showing(lambda: WORDS))
        assert terminal.read() == f"\r{WORDS[: columns - 1]}\x1b[K"
    lines.clear("done\n")
    assert terminal.read() == "\r\x1b[Kdone\r\n"


def test_a_terminal_that_does_not_know_its_width_has_a_usual_one(
    terminal: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    terminal.resize(0)
    LiveLines(terminal.stream, every=None).show(showing(lambda: "short"))
    assert terminal.read() == "\rshort\x1b[K"


@pytest.mark.parametrize(("columns", "rows"), [(81, 0), (80, 0), (79, 1), (40, 1), (39, 2), (20, 3)])
def test_what_has_spilt_over_is_taken_back_where_lines_are_broken_anew(
    terminal: Pty, monkeypatch: pytest.MonkeyPatch, columns: int, rows: int
) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux")
    lines = LiveLines(terminal.stream, every=None)
    terminal.resize(120)
    lines.show(showing(lambda: WORDS))
    assert terminal.read().startswith("\rautumn") and len(WORDS) == 80
    terminal.resize(columns)
    lines.show(showing(lambda: "short"))
    assert terminal.read() == (f"\x1b[{rows}A\r\x1b[J" if rows else "\r") + "short\x1b[K"
    lines.show(showing(lambda: "shorter"))
    assert terminal.read() == "\rshorter\x1b[K"


def test_elsewhere_no_line_above_is_touched(terminal: Pty) -> None:
    lines = LiveLines(terminal.stream, every=None)
    terminal.resize(120)
    lines.show(showing(lambda: WORDS))
    terminal.resize(20)
    lines.clear("a note\n")
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
    lines = LiveLines(stream, every=0.001)
    lines.show(showing(lambda: f"{next(seconds)} s"))
    for _ in range(4):
        assert drawn.acquire(timeout=20)
    lines.clear()
    assert stream.getvalue().startswith("\r0 s\x1b[K\r1 s\x1b[K\r2 s\x1b[K\r3 s\x1b[K")
    lines.clear("stays\n")
    assert stream.getvalue().endswith("stays\n")


def test_a_stream_that_is_gone_is_no_matter() -> None:
    stream = io.StringIO()
    lines = LiveLines(stream, every=None)
    lines.show(showing(lambda: WORDS))
    stream.close()
    lines.draw()
    lines.clear("done\n")


_TITLES = itertools.count()


class Screen:
    """What a terminal of this size shows of what was written to it."""

    def __init__(self, terminal: Pty, columns: int, rows: int = 24) -> None:
        self._terminal = terminal
        terminal.resize(columns)
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.emulated = pyte.HistoryScreen(columns, rows)
        self._stream = pyte.Stream(self.emulated)

    def lines(self) -> list[str]:
        said, end = "", f"\x1b]0;{next(_TITLES)}\x07"  # a title: nothing that is seen, but the last that is read
        self._terminal.stream.write(end)
        self._terminal.stream.flush()
        while not said.endswith(end):
            said += self._terminal.read()
        self._stream.feed(said)
        return "\n".join(line.rstrip() for line in self.emulated.display).rstrip("\n").split("\n")


def test_several_lines_are_drawn_over_themselves_and_go_as_one(terminal: Pty) -> None:
    screen = Screen(terminal, 40)
    lines = LiveLines(terminal.stream, every=None)
    terminal.stream.write("$ campaign send\n")
    lines.show(lambda columns: ["one", "two", "three"])
    assert screen.lines() == ["$ campaign send", "one", "two", "three"]
    lines.show(lambda columns: ["eins", "zwei"])
    assert screen.lines() == ["$ campaign send", "eins", "zwei"]
    lines.clear("note: said\n")
    lines.show(lambda columns: ["1", "2", "3", "4"])
    assert screen.lines() == ["$ campaign send", "note: said", "1", "2", "3", "4"]
    lines.clear()
    terminal.stream.write("done\n")
    assert screen.lines() == ["$ campaign send", "note: said", "done"]


def test_at_the_bottom_of_the_screen_lines_above_scroll_and_none_is_left_behind(terminal: Pty) -> None:
    screen = Screen(terminal, 40, rows=6)
    lines = LiveLines(terminal.stream, every=None)
    for number in range(20):
        lines.show(lambda columns, number=number: [f"bar {number}", f"counts {number}"])  # type: ignore[misc]
        lines.clear(f"note {number}\n")
    lines.show(lambda columns: ["bar", "counts"])
    assert screen.lines() == ["note 16", "note 17", "note 18", "note 19", "bar", "counts"]
    above = ["".join(row[column].data for column in range(40)).rstrip() for row in screen.emulated.history.top]
    assert above == [f"note {number}" for number in range(16)]


def test_there_are_no_more_lines_than_the_terminal_has(terminal: Pty) -> None:
    screen = Screen(terminal, 40, rows=4)
    lines = LiveLines(terminal.stream, every=None)
    for _ in range(3):
        lines.show(lambda columns: [f"line {number}" for number in range(9)])
    assert screen.lines() == ["line 0", "line 1", "line 2"]


def test_lines_that_stay_are_gone_on_below(terminal: Pty) -> None:
    screen = Screen(terminal, 40)
    lines = LiveLines(terminal.stream, every=None)
    lines.show(lambda columns: ["one", "two"])
    lines.leave()
    terminal.stream.write("$ ")
    assert screen.lines() == ["one", "two", "$"]


def test_colour_takes_no_column_and_goes_where_a_line_must_be_cut(terminal: Pty) -> None:
    painted = "\x1b[32m12 sent\x1b[0m, \x1b[1;31m3 rejected\x1b[0m"
    assert width(painted) == len("12 sent, 3 rejected")
    assert fitting(painted, 19) == painted
    assert fitting(painted, 10) == "12 sent, 3"

"""What a person sees while a run goes on: on a terminal lines that move, elsewhere lines that stay."""

import contextlib
import io
import os
import pty
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pyte
import pytest

from campaign.run.progress import Progress
from campaign.run_now import ServerNow
from campaign.terminal.console import Console
from campaign.window import SendWindow

WINDOW = SendWindow.resolve(
    opens=None, closes=None, lasts=timedelta(hours=8), timezone="UTC", now=datetime(2026, 11, 23, 9, tzinfo=UTC)
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen(terminal: io.StringIO, *, columns: int = 100) -> list[str]:
    """What is to be seen: its lines, without the empty ones below."""
    emulated = pyte.Screen(columns, 24)
    emulated.set_mode(pyte.modes.LNM)  # as the terminal's driver makes CR LF of LF
    pyte.Stream(emulated).feed(terminal.getvalue())
    return "\n".join(line.rstrip() for line in emulated.display).rstrip("\n").split("\n")


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def progress(seconds: float, sent: int = 0, *, total: int = 1000, **known: Any) -> Progress:
    values: dict[str, Any] = {"settled": {"sent": sent}, "deferred": 0, "connections": 4, "rate": None} | known
    return Progress(total=total, seconds=seconds, **values)


@pytest.fixture(autouse=True)
def _a_common_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def test_the_live_lines_have_a_bar_rate_counts_time_left_and_what_waits() -> None:
    terminal = Terminal()
    console = Console(title="autumn", stream=terminal, clock=Clock())
    console.sending(progress(2.0, 100, settled={"sent": 90, "rejected": 10, "failed": 0}, deferred=7))
    assert screen(terminal) == [
        f"autumn: {'━' * 4}╺{'━' * 35}  10%, 100 of 1,000, 50/s, 18 s left",
        "  90 sent, 10 rejected",
        "  7 to be tried again",
    ]


def test_what_is_over_in_a_second_needs_no_bar() -> None:
    terminal = Terminal()
    console = Console(title="autumn", stream=terminal, clock=Clock())
    console.sending(progress(0.5, 100, deferred=7))
    assert screen(terminal) == ["autumn: 100 of 1,000, 200/s, 100 sent, 7 to be tried again, 5 s left"]


def test_a_shorter_line_leaves_nothing_of_the_longer_one() -> None:
    terminal = Terminal()
    console = Console(title="autumn", stream=terminal, clock=Clock())
    console.sending(progress(2.0, 100, deferred=7))
    console.sending(progress(20.0, 1000))
    assert screen(terminal) == [f"autumn: {'━' * 40}  100%, 1,000 of 1,000, 50/s", "  1,000 sent"]
    console.say("done")
    assert screen(terminal) == ["done"]


def test_the_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()
    monkeypatch.setenv("LINES", "24")
    text = "451 4.7.1 You are sending a good deal too fast for us, and for everybody else"
    servers = (ServerNow(name="mx", connections=4, limit=4, most=4, slowed_to=9.0, slowed_by=text),)
    Console(title="autumn" * 10, stream=terminal, clock=Clock()).sending(progress(2.0, 100, servers=servers))
    assert screen(terminal, columns=40) == [
        "10%, 100 of 1,000, 50/s, 18 s left",
        "  100 sent",
        "  slowed to 9.0/s: 451 4.7.1 You are s…",
    ]


def test_the_rate_follows_a_server_that_slows_down() -> None:
    terminal = Terminal()
    console = Console(title="autumn", stream=terminal, clock=Clock())
    for second in range(10, 101):  # a hundred a second, and from the 50th on ten
        console.sending(progress(float(second), min(second, 50) * 100 + max(0, second - 50) * 10, total=10_000))
    assert ", 10/s, " in screen(terminal)[0]


def test_what_is_under_way_is_being_sent() -> None:
    terminal = Terminal()
    console = Console(title="autumn", stream=terminal, clock=Clock())
    console.sending(progress(2.0, 100, under_way=12))
    assert screen(terminal)[0].endswith("  10%, 100 of 1,000, 50/s, 18 s left")
    assert screen(terminal)[1] == "  100 sent, 12 being sent"
    console.sending(progress(2.0, 100, under_way=3, stopping=True))
    assert screen(terminal)[0].endswith("  10%, 100 of 1,000, 50/s, stopping")
    assert screen(terminal)[1] == "  100 sent, 3 being sent"


def test_results_that_are_being_written_are_shown() -> None:
    terminal, log = Terminal(), io.StringIO()
    Console(title="autumn", stream=terminal).writing(400_000, 1_000_000)
    Console(title="autumn", stream=log).writing(400_000, 1_000_000)
    assert screen(terminal) == ["autumn: writing the results, 400,000 of 1,000,000 rows"]
    assert log.getvalue() == ""


def test_the_line_is_gone_before_an_error_is_told() -> None:
    terminal = Terminal()
    with contextlib.suppress(OSError), Console(title="autumn", stream=terminal) as console:
        console.reading(5000)
        raise OSError
    terminal.write("error: full\n")
    assert screen(terminal) == ["error: full"]


def test_how_long_window_and_links_go_on_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    now = datetime.now(UTC)
    console = Console(title="autumn", through="mx", stream=log, grace=timedelta(hours=1), fresh="campaign resend x")
    for open_for in (1, 7):
        opens = now - timedelta(hours=open_for)
        window = SendWindow.resolve(opens=opens, closes=None, lasts=timedelta(hours=8), timezone="UTC", now=now)
        console.confirm(5, window)
    console.confirm(5, SendWindow.resolve(opens=None, closes=None, lasts=None, timezone="UTC", now=now))
    much, little, endless = log.getvalue().split("autumn: 5 to send through mx; ")[1:]
    assert re.search(r"open until .* UTC, 7 h of 8 h left\nautumn: links work until .* UTC, 8 h from now\n\Z", much)
    assert "1 h of 8 h left" in little and "2 h from now" in little
    assert little.endswith(
        "little of the window is left; to begin a fresh one, for what failed before, too:\n    campaign resend x\n"
    )
    assert endless.endswith("never closes\nautumn: each link works for 1 h\n")


def test_a_slow_rate_is_not_rounded_to_nothing() -> None:
    terminal = Terminal()
    Console(title="autumn", stream=terminal, clock=Clock()).sending(progress(10.0, 4))
    assert ", 0.4/s, " in terminal.getvalue()


def test_a_log_gets_plain_lines_now_and_then() -> None:
    log, clock = io.StringIO(), Clock()
    console = Console(title="autumn", stream=log, clock=clock)
    for second in range(1, 122):
        clock.now = 100.0 + second
        console.sending(progress(float(second), second))
    lines = log.getvalue().splitlines()
    assert 4 <= len(lines) <= 6
    assert all(re.fullmatch(r"autumn: \d+ of 1,000, .*left", line) for line in lines)
    assert "\r" not in log.getvalue()


def test_a_log_hears_once_that_the_window_is_awaited() -> None:
    log = io.StringIO()
    console = Console(title="autumn", stream=log)
    for seconds in range(30, 0, -1):
        console.waiting(WINDOW, float(seconds))
    console.reading(5000)
    assert log.getvalue().count("\n") == 1
    assert "waiting" in log.getvalue()


def test_a_terminal_counts_down() -> None:
    terminal = Terminal()
    console = Console(title="autumn", stream=terminal)
    console.waiting(WINDOW, 7500.0)
    assert "opens in 2 h 5 min (Ctrl-C stops)" in terminal.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_nothing_is_asked_where_nobody_can_answer(stream: io.StringIO) -> None:
    # Under pytest, stdin is no terminal.
    assert Console(title="autumn", through="mx", yes=False, stream=stream).confirm(5, WINDOW) is True
    assert "autumn: 5 to send through mx; " in stream.getvalue()


def test_a_reader_that_went_away_does_not_stop_the_run() -> None:
    console = Console(title="autumn", through="mx", stream=Gone())
    console.say("x")
    console.notice("x")
    console.sending(progress(2.0, 100))
    assert console.confirm(5, WINDOW)


ASKING = """
import signal, sys
from datetime import UTC, datetime, timedelta
from campaign.terminal.console import Console
from campaign.window import SendWindow
window = SendWindow.resolve(opens=None, closes=None, lasts=timedelta(hours=8), timezone="UTC", now=datetime.now(UTC))
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: None)  # as a run does, to drain
answer = Console(title="autumn", through="mx", yes=False).confirm(5, window)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)  # one that comes too late is no end of its own
sys.exit(10 + answer)
"""


@pytest.mark.parametrize(
    ("answer", "code"),
    [(b"y\n", 11), (b"n\n", 10), (b"\n", 10), (signal.SIGINT, 10), (signal.SIGTERM, 10), (b"\x04", 10)],
    ids=["yes", "no", "return", "SIGINT", "SIGTERM", "Ctrl-D"],
)
def test_on_a_terminal_it_asks_and_an_interrupt_is_a_no(answer: bytes | signal.Signals, code: int) -> None:
    master, slave = pty.openpty()
    asking = subprocess.Popen([sys.executable, "-c", ASKING], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    try:
        said = b""
        end = time.monotonic() + 20
        while b"[y/N]" not in said and time.monotonic() < end:
            said += os.read(master, 1000)
        assert b"autumn: 5 to send through mx; open until" in said
        if isinstance(answer, bytes):
            os.write(master, answer)
        while asking.poll() is None and time.monotonic() < end:
            # A signal between the question and the reading of the answer is lost on both; a person presses again.
            if not isinstance(answer, bytes):
                asking.send_signal(answer)
            with contextlib.suppress(subprocess.TimeoutExpired):
                asking.wait(0.5)
        assert asking.poll() == code
    finally:
        asking.kill()
        asking.wait()
        os.close(master)

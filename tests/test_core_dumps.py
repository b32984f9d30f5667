"""No process that holds secrets leaves its memory anywhere when it dies."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.core_dumps import switch_off_core_dumps

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) and /proc are Linux's")

_ASK = "import ctypes, resource; print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3))"
"""Prints the soft limit of core files, and whether the process is dumpable (PR_GET_DUMPABLE)."""


def _as_large_as_may_be() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def run(code: str, *, before: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    words = [*(before or []), sys.executable, "-c", code]
    return subprocess.run(
        words, capture_output=True, text=True, check=False, preexec_fn=_as_large_as_may_be, env=os.environ
    )


def test_a_command_and_what_it_forks_leave_no_core_dump() -> None:
    inside = (
        "import os, sys\n"
        "from campaign.terminal.exit_codes import with_exit_code\n"
        f"def tell():\n    {_ASK}\n    sys.stdout.flush()\n"
        "def work():\n    tell()\n    child = os.fork()\n    if child:\n        os.waitpid(child, 0)\n    else:\n"
        "        tell()\n        os._exit(0)\n"
        "try:\n    with_exit_code(work)()\nexcept Exception:\n    pass\n"
    )
    assert run(_ASK).stdout.split()[1] == "1", "by itself, a process is dumpable"
    assert run(inside).stdout.split() == ["0", "0", "0", "0"]


def test_whoever_traces_us_from_the_start_sees_what_we_do(tmp_path: Path, traced: Callable[[str], str]) -> None:
    assert traced(f"from campaign.core_dumps import *; switch_off_core_dumps(); {_ASK}").split() == ["0", "1"]


@pytest.fixture
def traced(tmp_path: Path) -> Callable[[str], str]:
    """Runs code under strace; skips where there is none, or none is allowed."""
    watch = ["strace", "-o", str(tmp_path / "trace")]
    try:
        allowed = subprocess.run([*watch, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        allowed = False
    if not allowed:
        pytest.skip("nothing can be traced here: install strace, and allow it (ptrace)")
    return lambda code: run(code, before=watch).stdout


def test_a_worker_that_was_spawned_leaves_none_either() -> None:
    """A fresh process is dumpable, whatever began it."""
    inside = (
        "import multiprocessing\n"
        "from campaign.run.worker_pool import serve\n"
        "ours, theirs = multiprocessing.Pipe()\n"
        "ours.close()\n"
        f"serve(theirs)\n{_ASK}\n"
    )
    assert run(inside).stdout.split() == ["0", "0"]


@pytest.mark.parametrize("words", [("check",), ("send",), ("preview",), ("link", "mint")], ids=" ".join)
def test_it_is_done_before_settings_and_secrets_are_read(tmp_path: Path, words: tuple[str, ...]) -> None:
    """The settings are a FIFO: once somebody has opened it to read, the command has come that far."""
    settings = tmp_path / "campaign.toml"
    os.mkfifo(settings)
    more = ["a@b.example"] if words[-1] == "mint" else []
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", *words, str(settings), *more],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_as_large_as_may_be,
    )  # fmt: skip
    try:
        with settings.open("wb"):
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
            assert line.split()[4] == "0"
            process.send_signal(signal.SIGABRT)
            _, status = os.waitpid(process.pid, 0)
        assert os.WTERMSIG(status) == signal.SIGABRT
        assert not os.WCOREDUMP(status)
        assert [path.name for path in tmp_path.iterdir()] == ["campaign.toml"]
    finally:
        process.returncode = 0


def test_nothing_is_raised_where_it_cannot_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    switch_off_core_dumps()

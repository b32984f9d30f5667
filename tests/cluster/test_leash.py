"""A process on a leash gets one SIGTERM when the leash is let go of, however that comes."""

import subprocess
import sys
from pathlib import Path

from tests.cluster.dask_processes import wait_for


def leashed(folder: Path, behaviour: str) -> "subprocess.Popen[bytes]":
    words = ["-m", "campaign.cluster.leash", "tests.cluster.fake_work", str(folder), behaviour, "--name", "one"]
    return subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def test_it_drains_when_the_leash_is_let_go_of_and_is_told_once(tmp_path: Path) -> None:
    with leashed(tmp_path, "stay") as process:
        wait_for(lambda: any(tmp_path.iterdir()))
        assert [path.name for path in tmp_path.iterdir()] == [f"one.{process.pid}"]
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["one.drained"]


def test_it_is_not_told_a_second_time_where_somebody_else_has_told_it(tmp_path: Path) -> None:
    """As systemd does, which ends all processes of a unit: a second SIGTERM would stop a worker at once."""
    with leashed(tmp_path, "linger") as process:
        wait_for(lambda: any(tmp_path.iterdir()))
        process.terminate()
        wait_for(lambda: (tmp_path / "draining").exists())
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["draining", "one.drained"]


def test_it_drains_when_whoever_held_the_leash_was_killed(tmp_path: Path) -> None:
    """The holder is a process of its own, which SIGKILL ends."""
    source = (
        "import subprocess, sys; "
        "subprocess.Popen([sys.executable, '-m', 'campaign.cluster.leash', 'tests.cluster.fake_work', "
        "sys.argv[1], 'stay', '--name', 'one'], stdin=subprocess.PIPE).wait()"
    )
    with subprocess.Popen([sys.executable, "-c", source, str(tmp_path)]) as holder:
        wait_for(lambda: any(tmp_path.iterdir()))
        holder.kill()
    wait_for(lambda: [path.name for path in tmp_path.iterdir()] == ["one.drained"])


def test_it_ends_as_the_module_does(tmp_path: Path) -> None:
    with leashed(tmp_path, "refuse") as process:
        assert process.stderr is not None
        printed = process.stderr.read()
        code = process.wait(timeout=60)
    assert code == 2 and printed.startswith(b"error: the link secret is another\n")

"""Disks for tests: one that is soon full, and one that can be made read-only."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE = 1 << 20


@contextmanager
def small_disk(folder: Path, size: int = SIZE) -> Iterator[Path]:
    """A disk of so many bytes, mounted on the folder. Skips the test where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "small-disk", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("no small disk can be mounted here: that takes root on Linux")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing can be written in the folder (a small disk, where root runs the tests: nothing else stops it)."""
    if os.geteuid():
        before = folder.stat().st_mode
        folder.chmod(0o555)
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield
    finally:
        if os.geteuid():
            folder.chmod(before)
        else:
            subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


@contextmanager
def lockable_disk(folder: Path) -> Iterator[Path]:
    """A folder that `read_only` works on."""
    if os.geteuid():
        yield folder
    else:
        with small_disk(folder):
            yield folder

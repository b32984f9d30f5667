"""What a server has delivered: the files of a Maildir, read once as many have arrived as it will hold."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path


def delivered(maildir: Path, is_idle: Callable[[], bool] = lambda: True, patience: float = 60) -> Sequence[bytes]:
    """Every message in `new` and `cur`, once the server's queue `is_idle`. Raises TimeoutError after `patience`."""
    deadline = time.monotonic() + patience
    while not is_idle():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the queue is not empty after {patience:g} s; delivered so far: {len(_files(maildir))}")
        time.sleep(0.1)
    return [path.read_bytes() for path in _files(maildir)]


def _files(maildir: Path) -> list[Path]:
    return sorted(path for part in ("new", "cur") for path in (maildir / part).glob("*"))

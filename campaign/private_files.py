"""The one way in which files and folders are made: for their owner's eyes only, and never through what somebody else
has put in their place.

In go paths; out come open files. A link that the user made, to where output should go, is followed on purpose and once
(`resolved`), before anything is derived from the path. Below that, nothing is followed: a new file is really new
(O_EXCL), one that is gone on with is a plain file with one name (O_NOFOLLOW, no FIFO, no hard link) that no stranger
has put there, and one that is replaced is written under a name that can't be foretold, and renamed.

Raises `ResultsError` for what was planted, `OSError` as the system does. Limits: whoever may write in the folder that
the output's folder stands in can exchange that folder while we write.
"""

import contextlib
import errno
import functools
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from campaign.errors import ResultsError

_MOST_LINKS = 40
"""As many as Linux follows (path_resolution(7)); the system itself refuses a longer chain."""
_BUFFER = 1 << 20


def resolved(path: Path) -> Path:
    """Give the absolute path without links; there may be nothing there. Raises `ResultsError` for a link, at whatever
    step, that is neither the user's nor the system's: somebody else would choose where we write.
    """
    waiting, seen = [path.absolute()], 0
    while waiting and seen <= _MOST_LINKS:
        for step in (waiting[-1], *waiting.pop().parents):
            with contextlib.suppress(OSError):
                found = step.lstat()
                if not stat.S_ISLNK(found.st_mode):
                    continue
                if found.st_uid not in (0, os.geteuid()):
                    raise ResultsError(
                        "a symbolic link that somebody else has made decides where this is written",
                        where=str(step),
                        fix=f"name the place that is meant, without the link: it leads to {step.readlink()}",
                    )
                seen += 1
                waiting.append(step.parent / step.readlink())
    return Path(os.path.realpath(path))


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, where they are missing. Raises `OSError`."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)  # it raises for a link that leads nowhere


def create(path: Path) -> BinaryIO:
    """Open a new file to write to. Raises `FileExistsError` where anything has its name, a link to nowhere, too."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb")


def append(path: Path) -> BinaryIO:
    """Open a file of ours to write on at its end, or make it. Raises `ResultsError`, `OSError`."""
    return os.fdopen(open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab")


def read(path: Path) -> BinaryIO:
    """Open a file of ours to read. Raises `ResultsError`, `OSError`."""
    return os.fdopen(open_own(path, os.O_RDONLY), "rb")


def open_own(path: Path, flags: int, *, one_name: bool = True) -> int:
    """Open a file that is ours to go on with; gives the descriptor. Raises `ResultsError` where it is a link, is no
    plain file, is a stranger's, or has a second name (unless `one_name` is off), and `OSError`.
    """
    try:
        # A FIFO would keep us waiting for somebody at its other end.
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if path.is_symlink():
            raise _planted(path, "a symbolic link") from None
        if error.errno == errno.ENXIO:  # a FIFO that nobody reads, or a socket
            raise _planted(path, "no plain file") from None
        raise
    found = os.fstat(descriptor)
    fault = _fault(path, found)
    if not fault and (found.st_nlink <= 1 or not one_name):
        return descriptor
    os.close(descriptor)
    raise _planted(path, fault or "a file with a second name (a hard link)")


def planted_fault(path: Path) -> str:
    """Say why what stands at `path` is no file of ours to go on with; "" where it is one, or nothing stands there. For
    those that open it themselves. Raises `OSError`.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ""
    return "a symbolic link" if stat.S_ISLNK(found.st_mode) else _fault(path, found)


def _fault(path: Path, found: os.stat_result) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "no plain file"
    # Whoever has the folder can exchange what is in it; and where a mount gives all files one owner, it has that, too.
    if found.st_uid in (0, os.geteuid()) or found.st_uid == path.parent.stat().st_uid:
        return ""
    return "a file of somebody else's, who could read what we add"


@contextlib.contextmanager
def replacing(
    target: Path, *, durable: bool = False, whole: Callable[[Path], None] = lambda _: None
) -> Iterator[BinaryIO]:
    """Give a file that takes the place of `target` when it is whole, and vanishes when it is not. Whatever has the name
    is replaced, a link and not what it leads to. `durable`: it is on the disk before, and its name there afterwards.
    `whole` is told where the whole file is, before it takes the place. Raises `OSError`.
    """
    unfinished = f".{target.name[:40]}-"
    _clear_away(target.parent, unfinished)
    descriptor, name = tempfile.mkstemp(prefix=f"{unfinished}{os.getpid()}-", dir=target.parent)  # O_EXCL, 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb", buffering=_BUFFER) as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        whole(temporary)
        temporary.replace(target)
        if durable:
            _sync_folder(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make the names in it durable: a file's own sync need not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _planted(path: Path, what: str) -> ResultsError:
    return ResultsError(
        f"what stands there is {what}, and is not written to: it could lead anywhere",
        where=str(path),
        fix="find out who has put it there, and remove it; or name another place",
    )


@functools.cache
def _clear_away(folder: Path, unfinished: str) -> None:
    """Remove, once, what a process that was killed while it wrote has left: people's data that nobody looks for."""
    for path in folder.iterdir():
        pid, dash, _ = path.name.removeprefix(unfinished).partition("-")
        if not path.name.startswith(unfinished) or not dash or not pid.isdecimal():
            continue
        with contextlib.suppress(OSError, OverflowError):  # it is not ours to remove, or its process lives
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                path.unlink()

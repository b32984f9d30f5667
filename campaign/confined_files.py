"""The one way to read a file that a template or a cell names: from inside one folder, whatever links lead to.

In go a folder and a path in it, as somebody wrote it; out comes an open plain file. Links are followed as long as they
stay inside. Then the file is opened step by step from the folder down, without following any more: what is opened is
what was looked at, even where somebody exchanges a folder for a link meanwhile. No FIFO or device keeps us waiting.

Raises `RefusedFileError` for what may not be read, `OSError` as the system does. Limits: a second name of a file (a
hard link) is a file like any other; a network's file system may keep us waiting.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20


class RefusedFileError(ValueError):
    """The file may not be read, or is none. The text goes on from the path: "leads out of the folder"."""


class FileIdentity(NamedTuple):
    """What changes when a file does."""

    device: int
    inode: int
    size: int
    changed_ns: int
    touched_ns: int
    """When anything of it was changed, its name or mode, too (ctime). It tells what was written in place and given its
    old time back, as `cp -p` does."""


def plain_form(paths: Iterable[Path]) -> frozenset[str]:
    """Give paths in the form that `open_within` compares: without links, and without capitals, since a file system may
    take both for the same.
    """
    return frozenset(os.path.realpath(path).casefold() for path in paths)


def open_within(folder: Path, path: str, *, private: frozenset[str] = frozenset()) -> BinaryIO:
    """Open a file below `folder` to read. Refused are hidden names, ledgers, and what is `private`
    (`plain_form`): files, and folders with all that is in them.
    """
    if not path.isprintable():
        raise RefusedFileError("has a control character in it")
    base = os.path.realpath(folder)
    real = os.path.realpath(os.path.join(base, path))  # noqa: PTH118 - Path's own resolve() raises for circles of links
    inside = os.path.join(base, "")  # noqa: PTH118 - with the slash at its end
    if real + "/" == inside:
        raise RefusedFileError("is a folder")
    if not real.startswith(inside):
        raise RefusedFileError("leads out of the folder")
    steps = real[len(inside) :].split("/")
    if any(step.startswith(".") or ".ledger" in step.casefold() for step in steps) or _is_private(real, private):
        raise RefusedFileError("is one of the campaign's own files, or hidden, and never sent")
    *folders, name = steps
    descriptor = os.open(base, _FLAGS | os.O_DIRECTORY)
    try:
        for step in folders:
            below = os.open(step, _FLAGS | os.O_DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        # Asked before it is opened: opening a device may do something to it.
        _require_plain(os.stat(name, dir_fd=descriptor, follow_symlinks=False))
        opened = os.open(name, _FLAGS | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    file = os.fdopen(opened, "rb", buffering=0)
    try:
        _require_plain(os.fstat(opened))
    except RefusedFileError:
        file.close()
        raise
    return file


def identity(file: BinaryIO) -> FileIdentity:
    """Give what tells whether a file is the one that was read before."""
    found = os.fstat(file.fileno())
    return FileIdentity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def read_whole(file: BinaryIO, *, largest: int) -> bytes:
    """Read all of it. Refused is a file of more than `largest` bytes, and one that somebody writes to meanwhile."""
    before = identity(file)
    if before.size > largest:
        raise RefusedFileError(f"has {before.size:,} bytes; more than {largest:,} are never sent")
    octets = bytearray()
    while len(octets) <= largest and (chunk := file.read(_CHUNK)):
        octets += chunk
    after = identity(file)._replace(touched_ns=before.touched_ns)  # a second name or another mode is no writing
    if after != before or len(octets) != before.size:
        raise RefusedFileError("was written to while it was read")
    return bytes(octets)


def _is_private(real: str, private: frozenset[str]) -> bool:
    real = real.casefold()
    return real in private or any(real.startswith(f"{path}/") for path in private)


def _require_plain(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise RefusedFileError("is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise RefusedFileError("is no plain file")

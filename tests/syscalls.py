"""What a run wrote, synced and sent, in the order of its system calls, as strace saw them; and what a disk would hold
if the power failed at any of these moments: what had been synced by then, and nothing else.

`traced` runs a command under strace. `replay` gives each body that left, with the ledger as it was durable just then.
A write counts as synced when a sync of its file that began after it has ended. (What was not synced may have reached
the disk as well; that makes a ledger no poorer.)
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_CALLS = "pwrite64,write,ftruncate,fdatasync,fsync,sendto,sendmsg,unlink"
_LINE = re.compile(rb"(\d+) +(?:<\.\.\. )?(\w+)(.*)")
_PATH = re.compile(rb"\(\d+<([^>]*)>")
_DATA = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')


def traced(command: Sequence[str], folder: Path, environment: dict[str, str], trace: Path) -> None:
    """Runs the command to its end. Skips the test where there is no strace, or none is allowed."""
    strace = shutil.which("strace")
    if (
        strace is None
        or subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("system calls can't be watched here: install strace, and allow it (ptrace)")
    watch = [strace, *f"-f -y -qq -xx -s 1000000 -e trace={_CALLS} -e signal=none -o".split(), str(trace)]
    subprocess.run([*watch, *command], cwd=folder, env=environment, check=False, capture_output=True, timeout=120)


@dataclass
class _File:
    written: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    synced_at: int = -1
    """When the latest sync began that has ended: of two at once, the one that began first may end last."""

    def write(self, data: bytes, offset: int) -> None:
        if len(self.written) < offset:
            self.written.extend(bytes(offset - len(self.written)))
        self.written[offset : offset + len(data)] = data

    def cut(self, size: int) -> None:
        del self.written[size:]
        self.write(b"", size)


@dataclass(frozen=True)
class Moment:
    """A write to a socket, and the durable bytes of ledger and WAL when it began."""

    sent: bytes
    ledger: bytes
    wal: bytes


def replay(trace: Path, ledger: Path) -> Iterator[Moment]:
    """Goes through the trace."""
    wal = ledger.with_name(ledger.name + "-wal")
    files = {bytes(path): _File() for path in (ledger, wal)}
    unfinished: dict[bytes, bytes] = {}
    syncing: dict[bytes, tuple[int, bytes]] = {}
    for number, line in enumerate(trace.read_bytes().splitlines()):
        match = _LINE.match(line)
        if match is None:
            continue
        process, call, rest = match.groups()
        begins = b"<..." not in line
        if begins:
            path = _PATH.match(rest)
            file = files.get(_decoded(path[1])) if path else None
            if call in (b"sendto", b"sendmsg") or (call == b"write" and path and path[1].startswith(b"socket:")):
                data = b"".join(_decoded(part) for part in _DATA.findall(rest))
                yield Moment(data, files[bytes(ledger)].durable, files[bytes(wal)].durable)
            if file is not None and call in (b"fdatasync", b"fsync"):
                syncing[process] = number, bytes(file.written)
        if line.endswith(b"<unfinished ...>"):
            unfinished[process] = rest.removesuffix(b"<unfinished ...>")
            continue
        if not begins:
            rest = unfinished.pop(process) + rest.partition(b" resumed>")[2]
        _end(files, syncing, process, call, rest)


def _end(
    files: dict[bytes, _File], syncing: dict[bytes, tuple[int, bytes]], process: bytes, call: bytes, rest: bytes
) -> None:
    """A call has ended: its effect is there."""
    path = _PATH.match(rest)
    file = files.get(_decoded(path[1])) if path else None
    arguments, _, result = rest.rpartition(b" = ")
    if file is None or result.startswith(b"-1"):
        return
    if call == b"pwrite64":
        found = _DATA.search(arguments)
        assert found is not None
        file.write(_decoded(found[1])[: int(result)], int(arguments.rpartition(b", ")[2].rstrip(b") ")))
    elif call == b"ftruncate":
        file.cut(int(arguments.rpartition(b", ")[2].rstrip(b") ")))
    elif call in (b"fdatasync", b"fsync"):
        began, content = syncing.pop(process)
        if began > file.synced_at:
            file.synced_at, file.durable = began, content


def _decoded(text: bytes) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text)

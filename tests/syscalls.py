"""What a run wrote, synced and sent, in the order of its system calls, as strace saw them; and what a disk would hold
if the power failed at any of these moments: what had been synced by then, and nothing else.

`traced` runs a command under strace, and `calls` reads what that saw. `replay` gives each body that left, with the
ledger as it was durable just then. A write counts as synced when a sync of its file that began after it has ended.
(What was not synced may have reached the disk as well: tests/crashes/write_log.py and disk.py.)
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_CALLS = "pwrite64,write,ftruncate,fdatasync,fsync,sendto,sendmsg,unlink"
"""All that matters to the durability of ledger and WAL."""
_LINE = re.compile(rb"(\d+) +(?:<\.\.\. )?(\w+)(.*)")
_PATH = re.compile(rb"\(\d+<([^>]*)>")
_DATA = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')
_UNFINISHED = b" <unfinished ...>"


def traced(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], trace: Path, *, watched: str = _CALLS
) -> int:
    """Runs the command to its end; gives its exit code. Skips the test where there is no strace, or none is allowed."""
    strace = shutil.which("strace")
    if (
        strace is None
        or subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("system calls can't be watched here: install strace, and allow it (ptrace)")
    watch = [strace, *f"-f -y -qq -xx -s 1000000 -e trace={watched} -e signal=none -o".split(), str(trace)]
    return subprocess.run(
        [*watch, *command], cwd=folder, env=environment, check=False, capture_output=True, timeout=120
    ).returncode


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A system call's beginning, its end, or (where nothing came between) both at once."""

    process: bytes
    """A thread's number, rather."""
    name: bytes
    text: bytes
    """From the opening parenthesis on; with the result, where it has ended."""
    begins: bool
    ends: bool

    @property
    def path(self) -> bytes | None:
        """What the descriptor that is its first argument stands for, if it is one, and the file still has a name."""
        found = _PATH.match(self.text)
        return None if found is None or self.text[found.end() :].startswith(b"(deleted)") else decoded(found[1])

    @property
    def strings(self) -> list[bytes]:
        """Its arguments in quotation marks."""
        return [decoded(found) for found in _DATA.findall(self.text)]

    @property
    def result(self) -> bytes:
        """What it gave: a number, for the most part."""
        return self.text.rpartition(b" = ")[2]

    @property
    def last_number(self) -> int:
        """The last of its arguments."""
        return int(self.text.rpartition(b" = ")[0].rpartition(b", ")[2].rstrip(b") "))


def calls(trace: Path) -> Iterator[Call]:
    """Goes through the trace."""
    unfinished: dict[bytes, bytes] = {}
    for line in trace.read_bytes().splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        process, name, text = match.groups()
        begins, ends = b"<..." not in line[:40], not line.endswith(_UNFINISHED.strip())
        if not begins:
            text = unfinished.pop(process) + text.partition(b" resumed>")[2]
        if not ends:
            text = unfinished[process] = text.removesuffix(_UNFINISHED)
        yield Call(process=process, name=name, text=text, begins=begins, ends=ends)


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
    syncing: dict[bytes, tuple[int, bytes]] = {}
    for number, call in enumerate(calls(trace)):
        file = files.get(call.path or b"")
        if call.begins and (call.name in (b"sendto", b"sendmsg") or (call.name == b"write" and is_socket(call.path))):
            yield Moment(b"".join(call.strings), files[bytes(ledger)].durable, files[bytes(wal)].durable)
        if file is not None and call.begins and call.name in (b"fdatasync", b"fsync"):
            syncing[call.process] = number, bytes(file.written)
        if file is not None and call.ends and not call.result.startswith(b"-1"):
            _end(file, syncing, call)


def _end(file: _File, syncing: dict[bytes, tuple[int, bytes]], call: Call) -> None:
    """A call has ended: its effect is there."""
    if call.name == b"pwrite64":
        file.write(call.strings[0][: int(call.result)], call.last_number)
    elif call.name == b"ftruncate":
        file.cut(call.last_number)
    elif call.name in (b"fdatasync", b"fsync"):
        began, content = syncing.pop(call.process)
        if began > file.synced_at:
            file.synced_at, file.durable = began, content


def is_socket(path: bytes | None) -> bool:
    """Whether a descriptor's path is a socket's."""
    return path is not None and path.startswith((b"socket:", b"TCP"))


def decoded(text: bytes) -> bytes:
    """Gives the bytes that strace wrote in hex, be it all of them or some."""
    if text.startswith(b"\\x") and len(text) == 4 * text.count(b"\\x"):
        return bytes.fromhex(text.replace(b"\\x", b"").decode())
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text)

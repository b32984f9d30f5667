"""Everything a run did to the files of its campaign's folder, and every body it sent, in the order of its system calls.

`record` runs the real command under strace and gives the log: what disk.py needs to say what a power cut would have
left. Paths are names within the folder; "" is the folder itself. A write, a rename and the like stand where the call
ended (until then, nothing of it need be there); a sync both where it began and where it ended; a body where the call
that sends its last byte began: the server may have had it whole from then on.

Limits: what is written through a mapping (SQLite's -shm) is not seen; nobody relies on it after a cut. Sub-folders are
not watched: the program writes none.
"""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crashes.sender import environment
from tests.syscalls import Call, calls, is_socket, traced

_WATCHED = (
    "openat,pwrite64,write,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,fsync,fdatasync,"
    "sendto,sendmsg"
)
_NEVER_SEEN = "pwritev,pwritev2,writev,fallocate,copy_file_range,sendfile,sync_file_range,truncate"
"""Other ways to write: the log would not be whole if one of them met a file of the folder."""
_RECIPIENT = re.compile(rb"^To: (?:.*<)?([^<>\s]+@[^<>\s]+?)>?\r$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Opened:
    """Opened for writing, whether it was there before or not."""

    name: str
    emptied: bool


@dataclass(frozen=True, slots=True)
class Wrote:
    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Renamed:
    name: str
    new: str


@dataclass(frozen=True, slots=True)
class Linked:
    name: str
    new: str


@dataclass(frozen=True, slots=True)
class Unlinked:
    name: str


@dataclass(frozen=True, slots=True)
class SyncBegan:
    thread: bytes
    name: str


@dataclass(frozen=True, slots=True)
class SyncEnded:
    thread: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Bodies that left."""

    recipients: tuple[str, ...]


Event = Opened | Wrote | Resized | Renamed | Linked | Unlinked | SyncBegan | SyncEnded | Sent


def record(folder: Path, trace: Path, *arguments: str) -> list[Event]:
    """Run `python -m campaign` with these arguments to its end. Skips the test where there is no strace."""
    command = [sys.executable, "-m", "campaign", *arguments]
    surroundings = environment() | {"PYTHONDONTWRITEBYTECODE": "1"}
    code = traced(command, folder, surroundings, trace, watched=f"{_WATCHED},{_NEVER_SEEN}")
    assert code in (0, 1), f"the run ended with exit code {code}"
    return list(_Log(folder.resolve()).events(trace))


class _Log:
    """What has to be remembered from one call to the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[str, int] = {}
        """Where the next `write` to a file goes."""

    def events(self, trace: Path) -> Iterator[Event]:
        for call in calls(trace):
            if call.begins:
                yield from self._begun(call)
            if call.ends and not call.result.startswith((b"-1", b"?")):
                yield from self._ended(call)

    def _begun(self, call: Call) -> Iterator[Event]:
        name = self._name(call.path)
        if call.name in (b"sendto", b"sendmsg") or (call.name == b"write" and is_socket(call.path)):
            recipients = _RECIPIENT.findall(b"".join(call.strings))
            if recipients:
                yield Sent(tuple(one.decode() for one in recipients))
        elif name is not None and call.name in (b"fsync", b"fdatasync"):
            yield SyncBegan(call.process, name)

    def _ended(self, call: Call) -> Iterator[Event]:
        if call.name in (b"rename", b"renameat", b"renameat2", b"link", b"linkat", b"unlink", b"unlinkat"):
            yield from self._names_changed(call)
        elif call.name == b"openat":
            yield from self._opened(call)
        elif (name := self._name(call.path)) is not None:
            if call.name == b"pwrite64":
                yield Wrote(name, call.last_number, call.strings[0][: int(call.result)])
            elif call.name == b"write":
                data = call.strings[0][: int(call.result)]
                yield Wrote(name, self._places[name], data)
                self._places[name] += len(data)
            elif call.name == b"ftruncate":
                yield Resized(name, call.last_number)
            elif call.name in (b"fsync", b"fdatasync"):
                yield SyncEnded(call.process, name)
            else:
                raise AssertionError(f"{call.name.decode()} writes to {name}, and the log can't tell what")

    def _opened(self, call: Call) -> Iterator[Event]:
        flags = call.text.rpartition(b" = ")[0].rpartition(b'"')[2]
        opened = Call(process=b"", name=b"", text=b"(" + call.result, begins=True, ends=True)
        name = self._name(opened.path)
        if name and (b"O_WRONLY" in flags or b"O_RDWR" in flags):
            assert b"O_APPEND" not in flags, f"{name} is appended to, and the log can't tell where"
            self._places[name] = 0
            yield Opened(name, emptied=b"O_TRUNC" in flags)

    def _names_changed(self, call: Call) -> Iterator[Event]:
        names = [self._name(path) for path in call.strings]
        if all(name is None for name in names):
            return
        old, *new = [name for name in names if name]
        assert len(names) == 1 + len(new), "a file crosses the folder's border"
        if call.name.startswith(b"unlink"):
            yield Unlinked(old)
            return
        self._places[new[0]] = self._places.get(old, 0)
        yield (Linked if call.name.startswith(b"link") else Renamed)(old, new[0])

    def _name(self, path: bytes | None) -> str | None:
        """What it is called within the folder; None elsewhere."""
        if path is None or re.match(rb"\w+:", path):  # pipe:[1], socket:[2], anon_inode:[eventpoll]
            return None
        whole = Path(os.path.normpath(self._folder / os.fsdecode(path)))
        if whole == self._folder:
            return ""
        return whole.name if whole.parent == self._folder else None

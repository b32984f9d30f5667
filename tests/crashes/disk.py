"""A disk that loses its power: what the files of one folder may be afterwards.

`Disk` follows a write log; `after_a_cut` gives, at any moment, the files that somebody might find. What was synced is
there. Of what was not, chance has its way, by one of two file systems:

    ORDERED   as ext4 mounts itself (data=ordered, delayed allocation): names and sizes come in the order in which they
              were made, up to some moment, and any file's sync brings all of them that came before it; overwritten
              pages of 4 KiB come or don't, each by itself; a file grows only by data that has come, page by page.
    HARSH     less than any file system in use promises: a sync brings its own file and nothing else; names that were
              made, changed or taken away come or don't, each by itself (a rename as one step); sectors of 512 octets
              come, don't, or are torn, each write by itself, so that an older one may stay; sizes come without data,
              and it reads as zeros.

Both: what was written beyond a truncation that has not come has not come either. No sync is believed for a file that
`lies_about` names. Not simulated: bad sectors, and data that was synced and is lost all the same.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

from tests.crashes.write_log import (
    Event,
    Linked,
    Opened,
    Renamed,
    Resized,
    Sent,
    SyncBegan,
    SyncEnded,
    Unlinked,
    Wrote,
)


class FileSystem(Enum):
    """Which of the two, and the octets that come or don't as one."""

    ORDERED = 4096
    HARSH = 512


@dataclass(eq=False)
class _File:
    durable: bytes = b""
    now: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, Wrote | Resized]] = field(default_factory=list)
    """What no sync has brought yet, with the number of its event."""

    def sync(self, before: int) -> None:
        """All that came before this event is there."""
        content = bytearray(self.durable)
        for _, change in (one for one in self.pending if one[0] < before):
            _apply(content, change)
        self.durable = bytes(content)
        self.pending = [one for one in self.pending if one[0] >= before]


@dataclass(frozen=True)
class _Naming:
    """A file got a name, or (None) a name its file no longer."""

    number: int
    change: Mapping[str, _File | None]


class Disk:
    """`files` are there, and have been for long."""

    def __init__(self, files: Mapping[str, bytes], *, lies_about: Callable[[str], bool] = lambda _: False) -> None:
        self._lies_about = lies_about
        self._durable_names = {name: _File(content, bytearray(content)) for name, content in files.items()}
        self._names = dict(self._durable_names)
        self._namings: list[_Naming] = []
        self._syncing: dict[bytes, tuple[int, _File | None]] = {}
        self._journalled = 0
        """The event before which names and sizes are there, with ORDERED."""
        self._number = 0
        self.sent: list[str] = []
        """Whom a body has gone to."""

    def follow(self, event: Event) -> None:
        """What happens next."""
        self._number += 1
        match event:
            case Opened(name, emptied):
                if name not in self._names:
                    self._name({name: _File()})
                elif emptied:
                    self._change(Resized(name, 0))
            case Wrote() | Resized():
                self._change(event)
            case Renamed(name, new):
                self._name({name: None, new: self._names[name]})
            case Linked(name, new):
                self._name({new: self._names[name]})
            case Unlinked(name):
                self._name({name: None})
            case SyncBegan(thread, name):
                self._syncing[thread] = self._number, self._names[name] if name else None
            case SyncEnded(thread, name):
                began, file = self._syncing.pop(thread)
                if not self._lies_about(name):
                    self._synced(began, file)
            case Sent(recipients):
                self.sent += recipients

    def after_a_cut(self, chance: random.Random, system: FileSystem) -> dict[str, bytes]:
        """The files, if the power fails now."""
        harsh, upto = system is FileSystem.HARSH, chance.randint(self._journalled, self._number + 1)
        luck = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))  # one disk had written nothing yet, another nearly all
        names = dict(self._durable_names)
        for naming in self._namings:
            if chance.random() < luck if harsh else naming.number < upto:
                names.update(naming.change)  # type: ignore[arg-type]
        contents: dict[_File, bytes] = {}
        for file in names.values():
            if file is not None and file not in contents:
                contents[file] = _survived(file, chance, luck, system, upto)
        return {name: contents[file] for name, file in names.items() if file is not None}

    def _name(self, change: dict[str, _File | None]) -> None:
        self._namings.append(_Naming(self._number, change))
        for name, file in change.items():
            if file is None:
                del self._names[name]
            else:
                self._names[name] = file

    def _change(self, change: Wrote | Resized) -> None:
        file = self._names[change.name]
        file.pending.append((self._number, change))
        _apply(file.now, change)

    def _synced(self, began: int, file: _File | None) -> None:
        self._journalled = max(self._journalled, began)
        if file is not None:
            file.sync(began)
            return
        for naming in (one for one in self._namings if one.number < began):
            self._durable_names.update(naming.change)  # type: ignore[arg-type]
        self._durable_names = {name: file for name, file in self._durable_names.items() if file is not None}
        self._namings = [one for one in self._namings if one.number >= began]


def _apply(content: bytearray, change: Wrote | Resized) -> None:
    if isinstance(change, Resized):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
    else:
        content.extend(bytes(max(0, change.offset - len(content))))
        content[change.offset : change.offset + len(change.data)] = change.data


def _survived(file: _File, chance: random.Random, luck: float, system: FileSystem, upto: int) -> bytes:
    """What is left of one file."""
    content = bytearray(file.durable)
    for is_resize, group in groupby(file.pending, key=lambda one: isinstance(one[1], Resized)):
        changes = list(group)
        if is_resize:
            for number, change in changes:
                assert isinstance(change, Resized)
                came = chance.random() < luck if system is FileSystem.HARSH else number < upto
                if not came and change.size < len(content):
                    return bytes(content)
                _apply(content, change)
        else:
            _write_some(content, [one for _, one in changes if isinstance(one, Wrote)], chance, luck, system)
    return bytes(content)


def _write_some(
    content: bytearray, writes: list[Wrote], chance: random.Random, luck: float, system: FileSystem
) -> None:
    before = len(content)
    reached = max(before, *(one.offset + len(one.data) for one in writes))
    if system is FileSystem.HARSH:
        if chance.random() < 0.5:
            content.extend(bytes(reached - before))  # the size came, whatever became of the data
        for sector in (sector for one in writes for sector in _pieces(one, system.value)):
            if chance.random() < luck:
                torn = chance.random() < 0.1
                kept = sector.data[: chance.randrange(len(sector.data))] if torn else sector.data
                _apply(content, Wrote(sector.name, sector.offset, kept))
        return
    whole = bytearray(content)
    for one in writes[: chance.choice((len(writes), chance.randint(0, len(writes))))]:  # pages may have come early
        _apply(whole, one)
    grown = before + round((reached - before) * luck)
    grown = len(whole) if grown >= len(whole) else max(before, grown // system.value * system.value)
    content.extend(whole[before:grown])
    for start in range(0, before, system.value):
        end = min(start + system.value, before)
        if chance.random() < luck:
            content[start:end] = whole[start:end]


def _pieces(write: Wrote, size: int) -> Iterator[Wrote]:
    """A write, cut at the borders of the disk's sectors."""
    start, end = write.offset, write.offset + len(write.data)
    while start < end:
        stop = min(end, (start // size + 1) * size)
        yield Wrote(write.name, start, write.data[start - write.offset : stop - write.offset])
        start = stop

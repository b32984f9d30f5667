"""What people name as evidence, made into files, each with the reader that knows its kind.

In: files and folders, or "-" for standard input. A folder is read with all that is in it; what is hidden in it stays
out, and so do files of our own. A folder that has cur/ and new/ is a Maildir (and so is a hidden one in it: Maildir++):
each file in those two is a mail. Nothing is read twice, by whatever names or links it is reached.
Out: `Found`, file by file: a folder's in the order of their names, and logs at the end, from the oldest on, since their
stories go on from one to the next. Raises UsageError, before anything is read, for what is named and is not there.
What can't be read, or is nothing that anybody knows, is told.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from campaign.errors import UsageError
from campaign.evidence import Unread
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.reader import LogReader, MessageReader, Reader
from campaign.visible import without_addresses

STDIN = Path("-")
_MAIL = ("cur", "new")
_DEEPEST = 100
"""Folders in one another."""
_UNKNOWN = "this is of no kind that is known: neither a mail log, nor a provider's export or events, nor mail"
_KNOWN = "name mail logs, providers' exports or events, mbox files, Maildir folders or mails; campaign guide settle"
_LET_IT = "let it be read by whoever runs this, or leave it out"


class Found(NamedTuple):
    """A file, and who reads it."""

    file: EvidenceFile
    reader: Reader
    message: bool = False
    """Whether it is a mail of a Maildir, for `MessageReader.read_message`."""


def discover(
    named: Sequence[Path],
    readers: Sequence[Reader],
    *,
    tell: Callable[[Unread], None],
    leave_out: Collection[Path] = (),
    stdin: BinaryIO | None = None,
) -> Iterator[Found]:
    """Find all that can be read. `leave_out`: files and folders of our own, wherever they lie in what is named; `stdin`
    is what "-" stands for. Raises UsageError at once.
    """
    for path in named:
        if path != STDIN or stdin is None:
            _must_be_there(path)
    return _Search(readers, tell, leave_out).found(named, stdin)


def _must_be_there(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or "that is no name of a file"
        fix = _LET_IT if isinstance(error, PermissionError) else "name files and folders that are there"
        raise UsageError(f"this evidence can't be read: {words}", where=str(path), fix=fix) from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        fix = "to read what another program gives, pipe it in: … | campaign settle -"
        raise UsageError("this is neither a file nor a folder", where=str(path), fix=fix)


class _Search:
    """A walk through what is named."""

    def __init__(self, readers: Sequence[Reader], tell: Callable[[Unread], None], leave_out: Collection[Path]) -> None:
        self._readers = readers
        self._messages = next((one for one in readers if isinstance(one, MessageReader)), None)
        self._tell = tell
        self._seen: dict[int, set[int]] = {}
        """Numbers of files and folders that were met, by device."""
        self._ours: set[tuple[int, int]] = set()
        for path in leave_out:
            try:
                found = path.stat()
            except OSError:
                continue
            self._ours.add((found.st_dev, found.st_ino))
        self._our_names = {os.path.realpath(path) for path in leave_out}
        """Of what may come to be only while we look: a database's journal."""
        self._depth = 0
        """Slashes in what is named."""
        self._logs: list[tuple[float, float, str, Found]] = []

    def found(self, named: Sequence[Path], stdin: BinaryIO | None) -> Iterator[Found]:
        named = list(dict.fromkeys(named))
        shared = [path.name for path in named]
        for path in named:
            if path == STDIN and stdin is not None:
                yield from self._recognised(EvidenceFile(path, tell=self._tell, stream=stdin, name="standard input"))
                continue
            name = path.name if shared.count(path.name) == 1 and path.name else str(path)
            self._depth = name.count("/")
            yield from self._there(path, name, is_named=True)
        for *_, log in sorted(self._logs, key=lambda one: one[:3]):
            yield log

    def _there(self, path: Path, name: str, *, is_named: bool = False) -> Iterator[Found]:
        """Whatever stands there."""
        try:
            status = path.stat()
        except OSError as error:
            self._cant_read(error, name)
            return
        if not is_named and (status.st_dev, status.st_ino) in self._ours:
            return
        if status.st_ino in (seen := self._seen.setdefault(status.st_dev, set())):
            return
        seen.add(status.st_ino)
        if stat.S_ISDIR(status.st_mode):
            if name.count("/") - self._depth > _DEEPEST:
                self._tell(Unread("folders lie too deep in one another", without_addresses(name), "name the inner one"))
                return
            yield from self._in_folder(path, name)
        elif stat.S_ISREG(status.st_mode):
            if status.st_size:
                yield from self._recognised(self._file(path, name))
        else:
            self._tell(Unread("this is neither a file nor a folder", without_addresses(name), "it was left out"))

    def _in_folder(self, folder: Path, name: str) -> Iterator[Found]:
        entries = self._entries(folder, name)
        is_maildir = self._messages is not None and _is_maildir(folder)
        real = os.path.realpath(folder)
        for entry in entries:
            path, inner = folder / entry, f"{name.rstrip('/')}/{entry}"
            if is_maildir and entry in _MAIL:
                yield from self._mails(path, inner)
            elif entry.startswith("."):
                if is_maildir and _is_maildir(path):
                    yield from self._there(path, inner)
            elif f"{real}/{entry}" not in self._our_names and (not is_maildir or (entry != "tmp" and _is_folder(path))):
                yield from self._there(path, inner)

    def _mails(self, folder: Path, name: str) -> Iterator[Found]:
        assert self._messages is not None
        for entry in self._entries(folder, name):
            path, inner = folder / entry, f"{name}/{entry}"
            try:
                status = path.stat()
            except OSError as error:  # whoever reads that mailbox may have moved it
                self._cant_read(error, inner)
                continue
            seen = self._seen.setdefault(status.st_dev, set())
            if stat.S_ISREG(status.st_mode) and not entry.startswith(".") and status.st_ino not in seen:
                seen.add(status.st_ino)
                yield Found(self._file(path, inner), self._messages, message=True)

    def _entries(self, folder: Path, name: str) -> list[str]:
        try:
            return sorted(os.listdir(folder))  # noqa: PTH208  # names alone: there may be millions
        except OSError as error:
            self._cant_read(error, name)
            return []

    def _recognised(self, file: EvidenceFile) -> Iterator[Found]:
        try:
            sample, modified = file.sample(), file.modified()
        except OSError as error:
            self._cant_read(error, file.name)
            return
        if not sample:
            return
        reader = next((one for one in self._readers if one.recognises(file.path.name, sample)), None)
        if reader is None:
            file.fault(_UNKNOWN, None, _KNOWN)
            return
        found = Found(file, reader)
        if not isinstance(reader, LogReader):
            yield found
            return
        first = reader.first_moment(sample, modified)
        self._logs.append((modified if first is None else first, modified, file.name, found))

    def _file(self, path: Path, name: str) -> EvidenceFile:
        return EvidenceFile(path, tell=self._tell, name=without_addresses(name))

    def _cant_read(self, error: OSError, name: str) -> None:
        what = f"this can't be read: {error.strerror or error}"
        self._tell(Unread(what, without_addresses(name), _LET_IT))


def _is_maildir(folder: Path) -> bool:
    return all(_is_folder(folder / name) for name in _MAIL)


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # Path.is_dir raises where we may not look

"""The files of `message.attachments` as parts of messages: paths in, MIME parts out, each file encoded once.

What is the same for all is read when this is made, and by the owner of a run alone: its workers are given the parts, so
that everybody gets the same octets whatever happens to the file meanwhile. What is the contact's own is opened for each
message, and encoded again only where it is another file than before; so many octets of such parts are kept.

Raises SettingsError for what no row is to blame for: a file for all that isn't there, a folder that is gone, a disk
that fails. Raises InvalidContactError, which names the path, for a row's own.
"""

import errno
import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from campaign.confined_files import FileIdentity, RefusedFileError, identity, open_within, plain_form, read_whole
from campaign.content.attachment_path import SETTING, shown_path
from campaign.errors import InvalidContactError, SettingsError
from campaign.message import attachment_part

LARGEST = 50_000_000
"""Octets of one file. In base64 that is 68 MB; Gmail takes messages of 25 MB, Microsoft 365 at most 150."""
_KEPT = 64 * 1024 * 1024
"""Octets of contacts' own parts that are kept."""
_KEY = b"PRIVATE KEY-----"
"""How the first line of a private key ends: RFC 7468 section 10, and the older forms."""
_ROWS_OWN = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM, errno.EINVAL}
"""What a path can bring about by itself; everything else is the machine's fault."""


class AttachmentParts:
    """Those of one process. Call it with a path; `for_all` are the parts that it began with."""

    def __init__(
        self,
        folder: Path,
        *,
        constant: Sequence[str],
        folders: Sequence[str],
        private: Iterable[Path],
        for_all: Mapping[str, bytes] | None = None,
        kept: int = _KEPT,
    ) -> None:
        """`folder`: the campaign's; `constant`: the paths that are the same for all; `folders`: where the others lead;
        `private`: what is never attached; `for_all`: the constant ones' parts, where they have been read. Raises
        SettingsError.
        """
        self._folder = folder
        self._private = plain_form(private)
        self._kept = kept
        self._size = 0
        self._own: OrderedDict[str, tuple[FileIdentity, bytes]] = OrderedDict()
        self._folders = sorted({f"{one}/" for one in folders}, key=len, reverse=True)
        if for_all is None:  # else a run has begun: a folder that is gone since then stops it in good order, at a row
            for needed in folders:
                self._require_folder(needed)
        self.for_all = {path: self._read_for_all(path) for path in constant} if for_all is None else dict(for_all)

    def digest(self) -> str:
        """Tell, another time, whether the files for all are the same: SHA-256, in hex."""
        parts = (path.encode() + b"\0" + hashlib.sha256(part).digest() for path, part in self.for_all.items())
        return hashlib.sha256(b"".join(parts)).hexdigest()

    def __call__(self, path: str) -> bytes:
        """Give the part of the file. Raises InvalidContactError, SettingsError."""
        part = self.for_all.get(path)
        if part is not None:
            return part
        try:
            return self._read(path)
        except RefusedFileError as error:
            what = str(error)
        except OSError as error:
            if error.errno not in _ROWS_OWN:
                raise self._at_fault(path, error) from None
            what = "is not there" if error.errno == errno.ENOENT else f"can't be read: {error.strerror}"
        if not path.startswith("./"):  # else the folder is the row's own choice
            self._require_folder(self._folder_of(path))
        raise InvalidContactError(
            f"the attachment {shown_path(path.removeprefix('./'))} {what}",
            where=SETTING,
            fix="put the file there, or correct the columns of the row that its path is made of",
        )

    def _read(self, path: str) -> bytes:
        with open_within(self._folder, path, private=self._private) as file:
            found = identity(file)
            known = self._own.get(path)
            if known is not None and known[0] == found:
                self._own.move_to_end(path)
                return known[1]
            part = _part(path, file)
        self._keep(path, found, part)
        return part

    def _keep(self, path: str, found: FileIdentity, part: bytes) -> None:
        """Keep it, and let go of those that were not wanted for longest."""
        if path in self._own:
            self._size -= len(self._own.pop(path)[1])
        if len(part) > self._kept:
            return
        self._own[path] = found, part
        self._size += len(part)
        while self._size > self._kept:
            self._size -= len(self._own.popitem(last=False)[1][1])

    def _read_for_all(self, path: str) -> bytes:
        try:
            with open_within(self._folder, path, private=self._private) as file:
                return _part(path, file)
        except RefusedFileError as error:
            what, fix = str(error), "name another file, or take it out of the setting"
        except OSError as error:
            missing = error.errno == errno.ENOENT
            what = f"is not there{self._nearly(path)}" if missing else f"can't be read: {error.strerror}"
            fix = "put the file into the campaign's folder, readable, or take it out of the setting"
        raise SettingsError(f"the attachment {shown_path(path)} {what}", where=SETTING, fix=fix)

    def _nearly(self, path: str) -> str:
        """Name the file that was probably meant, if it is one that may be attached."""
        folder, _, name = path.rpartition("/")
        names: dict[str, str] = {}
        with suppress(OSError):
            names = {one.casefold(): one for one in os.listdir(self._folder / folder)}  # noqa: PTH208
        for near in get_close_matches(name.casefold(), names, n=1, cutoff=0.8):
            meant = f"{folder}/{names[near]}" if folder else names[near]
            with suppress(RefusedFileError, OSError):
                open_within(self._folder, meant, private=self._private).close()
                return f"; did you mean {shown_path(meant)}?"
        return ""

    def _folder_of(self, path: str) -> str:
        """The folder that the setting names, in which a row's cells have chosen; the first step of the path, where that
        is not known: a setting may begin with an `{% if %}`.
        """
        return next((one for one in self._folders if path.startswith(one)), path.partition("/")[0]).rstrip("/")

    def _require_folder(self, name: str) -> None:
        """Raise SettingsError where a folder of attachments can't be looked into: then no row is to blame."""
        base = os.path.realpath(self._folder)
        if os.path.commonpath((base, os.path.realpath(self._folder / name))) != base:
            raise SettingsError(
                f"the folder {shown_path(name)} leads out of the campaign's folder",
                where=SETTING,
                fix="put the files themselves into the campaign's folder: a link may lead anywhere inside it",
            )
        try:
            descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.stat(".", dir_fd=descriptor)  # to read a folder is one right, to reach what is in it another
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._at_fault(name, error) from None

    def _at_fault(self, path: str, error: OSError) -> SettingsError:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        return SettingsError(
            f"the folder {shown_path(path)} is not there"
            if missing
            else f"{shown_path(path)} can't be read: {error.strerror}",
            where=SETTING,
            fix="see whether the folder is there, readable, and its disk sound; then run the same command again",
        )


def _part(path: str, file: BinaryIO) -> bytes:
    octets = read_whole(file, largest=LARGEST)
    if _KEY in octets:  # a slip that nobody could take back, in a file that no setting need name
        raise RefusedFileError("holds a private key, and is never sent")
    return attachment_part(path.rpartition("/")[2], octets)

"""The files of a run's bundle: what templates are made of, and what only says which files must be there.

Gathered from the run's owner (names → octets), written out at a worker, in a folder that is its own. Raises
TemplateError where a template can't be read, SettingsError where a worker's folder lacks files, LedgerError for a name
that leads elsewhere.

Limits: a template that is named by what a row holds must lie in the template's own folder, not in the one beside it.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from campaign.confined_files import plain_form
from campaign.errors import LedgerError, SettingsError, TemplateError
from campaign.private_files import create, make_folder
from campaign.worker.message_factory import MessageFactory

TEMPLATES, AUTHORITIES = "templates", "authorities"
"""Folders of what a worker writes out."""
_LARGEST = 10_000_000
"""Octets of one file that is bundled though nothing names it: it is no template."""


def template_files(factory: MessageFactory, folder: Path) -> dict[str, bytes]:
    """Give all files that messages are made of, by their paths below the folder that the template's (`folder`) lies in:
    those that were read, and what else the folder has, since a row may choose.
    """
    root = folder.parent
    found: dict[str, bytes] = {}
    for file in [*factory.templates.files, *_beside(folder)]:
        plain = Path(os.path.abspath(file))  # noqa: PTH100 - a link keeps the neighbours it was put among
        try:
            found[plain.relative_to(root).as_posix()] = plain.read_bytes()
        except OSError as error:
            raise TemplateError(f"it can't be read: {error.strerror}", where=str(file), fix="put it back") from None
    return found


def _beside(folder: Path) -> Iterator[Path]:
    for path in _plain_files(folder):
        if path.stat().st_size <= _LARGEST:
            yield path


def own_attachments(factory: MessageFactory, folder: Path, private: Sequence[Path]) -> dict[str, int] | None:
    """Give the files that contacts' own attachments may be among, by the digests of their paths below the campaign's
    folder (the paths themselves may name people), and how many octets each has; None where no contact has attachments
    of its own.
    """
    attachments = factory.templates.texts.attachments
    folders = {one.folder or "." for one in attachments if one.constant is None}
    if not folders:
        return None
    closed = plain_form(private)
    found = {}
    for name in folders:
        for path in _plain_files(folder / name):
            real = os.path.realpath(path).casefold()
            if real not in closed and not any(real.startswith(f"{one}/") for one in closed):
                digest = hashlib.sha256(path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape"))
                found[digest.hexdigest()] = path.stat().st_size
    return found


def _plain_files(folder: Path) -> Iterator[Path]:
    """Give all plain files below a folder, hidden ones and ledgers not, in order."""
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(base, name)
            if not name.startswith(".") and ".ledger" not in name.casefold() and path.is_file():
                yield path


def require_folder_of_files(folder: Path | None) -> Path:
    """Give the folder that contacts' own attachments are read from, at a worker; SettingsError where there is none."""
    if folder is None:
        raise SettingsError(
            "contacts of this campaign have attachments of their own, and these files do not come with the run",
            where="message.attachments",
            fix="have the campaign's folder here, too (shared, or copied), and name it: campaign work --files DIR",
        )
    return folder


def require_same_files(wanted: Mapping[str, int], here: Mapping[str, int], folder: Path) -> None:
    """Raise SettingsError where a worker's folder has not all that the run's owner has (`own_attachments`): a file that
    is missing here must not be blamed on its row.
    """
    lacking = sum(here.get(name) != size for name, size in wanted.items())
    if lacking:
        raise SettingsError(
            f"the folder lacks {lacking:,} of {len(wanted):,} files that may be attached, or has others by their names",
            where=f"--files {folder}",
            fix="copy the campaign's folder here again, then start the worker",
        )


def write_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder that nobody else can look into. Raises LedgerError for a name that leads out of it."""
    for name, octets in files.items():
        steps = PurePosixPath(name).parts
        if not steps or ".." in steps or "\0" in name or PurePosixPath(name).is_absolute():
            raise LedgerError(
                f"the run's bundle has a file of a wrong name ({name[:60]!r})",
                where="the ledger",
                fix="find out who else writes in the database; begin the run again",
            )
        path = folder.joinpath(*steps)
        try:
            make_folder(path.parent)
            with create(path) as file:
                file.write(octets)
        except OSError as error:
            raise SettingsError(
                f"the run's files can't be written here: {error.strerror}", where=str(path), fix="make room there"
            ) from None

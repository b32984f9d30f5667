"""The results file: written whole, to a temporary file beside it, synced, renamed.

Nothing is lost that we did not write: a file that is no results file is refused, and a results file that somebody has
changed since is kept beside the new one. The digests of the files that we wrote say which is which.

Raises ResultsError where the file can't be written, LedgerError where a row can't be read.
"""

import contextlib
import hashlib
import io
import itertools
import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from campaign.errors import ResultsError
from campaign.private_files import create, replacing, resolved
from campaign.result_rows import ResultRow
from campaign.results.table import write_table

_OURS = re.compile(rb"attempts\W{1,4}smtp_code\W{1,4}enhanced_status")
"""What stands in the header of every results file."""
_HEAD = 1 << 16
"""Bytes that hold a file's header."""
_ELSEWHERE = "move it away, or choose another --output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is known of the files that we have written before."""

    digests: Collection[str] = ()
    """Theirs, SHA-256: such a file holds nothing that the ledger does not."""
    remember: Callable[[str], None] = lambda _: None
    """Hears the digest of the new file, before it takes its place."""


def write_results(
    path: Path,
    columns: Sequence[str],
    result_rows: Iterable[ResultRow],
    message_id: Callable[[str], str],
    *,
    written: Written | None = None,
    safe: bool = False,
    servers: bool = False,
    later: bool = False,
) -> Path | None:
    """Write the results of every row. `message_id` gives an address's Message-ID. Gives where the file that stood there
    is kept, if somebody had changed it; without `written`, that is not looked at. `safe`, `servers`, `later`: as
    `write_table` says. Raises ResultsError, LedgerError.
    """
    try:
        with _replacing(path, written) as (file, found):
            write_table(file, columns, result_rows, message_id, safe=safe, servers=servers, later=later)
        return found.kept
    except OSError as error:
        raise ResultsError(
            f"the results can't be written: {error.strerror}",
            where=str(path),
            fix="nothing is lost, the ledger has it all: put this right, and `campaign results` writes them",
        ) from None


def refuse_foreign(path: Path) -> None:
    """Raise ResultsError where something stands at `path` that no results may take the place of."""
    resolved(path)
    try:
        kind = path.stat().st_mode if path.exists() else None
        if kind is None or (stat.S_ISREG(kind) and (not path.stat().st_size or _is_results(path))):
            return
    except OSError as error:
        raise ResultsError(
            f"what stands where the results go can't be read: {error.strerror}", where=str(path), fix=_ELSEWHERE
        ) from None
    what = "a folder" if stat.S_ISDIR(kind) else "a file that is no results CSV of ours"
    raise ResultsError(f"the results would take the place of {what}", where=str(path), fix=_ELSEWHERE)


def _is_results(path: Path) -> bool:
    """Whether a file has our columns, by whatever delimiter and in whatever encoding a spreadsheet has saved it."""
    with path.open("rb") as file:
        return _OURS.search(file.read(_HEAD).replace(b"\0", b"")) is not None


@dataclass(slots=True)
class _Found:
    """What stood at the place of the results."""

    kept: Path | None = None


@contextlib.contextmanager
def _replacing(path: Path, written: Written | None) -> Iterator[tuple[TextIO, _Found]]:
    """A text file that takes the place of `path` when it is whole, and vanishes when it is not."""
    target = resolved(path)  # a link stays a link
    found = _Found()

    def keep(whole: Path) -> None:
        if written is not None:
            digest = _digest(whole)
            written.remember(digest)
            found.kept = _keep(target, {*written.digests, digest})

    with replacing(target, durable=True, whole=keep) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        yield text, found
        text.detach()


def _keep(target: Path, known: Collection[str]) -> Path | None:
    """Keep a file that is none of those `known` under a name of its own; give that name."""
    if not target.is_file() or not target.stat().st_size or _digest(target) in known:
        return None
    changed = datetime.fromtimestamp(target.stat().st_mtime, UTC)
    stem = f"{target.stem}-changed-{changed:%Y%m%dT%H%M%SZ}"
    for number in itertools.count(1):
        kept = target.with_name(f"{stem}{'' if number == 1 else f'-{number}'}{target.suffix}")
        try:
            _copy(target, kept)
        except FileExistsError:
            continue
        return kept
    raise AssertionError


def _copy(target: Path, kept: Path) -> None:
    """Give the file a second name, or, where its file system knows no such thing, make a copy. Raises OSError."""
    try:
        os.link(target, kept)
    except FileExistsError:
        raise
    except OSError:
        with target.open("rb") as old, create(kept) as new:
            shutil.copyfileobj(old, new)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

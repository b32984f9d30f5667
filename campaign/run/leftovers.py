"""Files in which an address still stands: what an erasure could not reach, so that somebody can see to it.

Addresses and folders go in; paths come out. A file is searched as it stands: as UTF-8 and UTF-16, without case, and as
quoted-printable where that writes the @-sign otherwise. Raises nothing: what can't be read is passed over.

Limits: only plain files directly in the folders, none of them compressed or encoded otherwise.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

MOST = 100
"""Addresses that are looked for: more of them would take a minute for each gigabyte."""
_BLOCK = 1 << 20
_LONGEST = 1024
"""Bytes of an address in any of its forms."""


def files_naming(addresses: Collection[str], folders: Collection[Path]) -> list[Path]:
    """Give the files in these folders that hold one of the addresses."""
    forms = {form for address in addresses for form in _forms(address)}
    if not forms or len(addresses) > MOST:
        return []
    seek = re.compile(b"|".join(sorted(map(re.escape, forms), reverse=True)), re.IGNORECASE)
    return [path for path in _plain_files(folders) if _holds(path, seek)]


def _forms(address: str) -> Iterator[bytes]:
    yield address.encode("utf-8", "replace")
    yield address.encode("utf-16-le", "replace")
    yield address.encode("utf-16-be", "replace")
    yield address.replace("@", "=40").encode("utf-8", "replace")


def _plain_files(folders: Collection[Path]) -> Iterator[Path]:
    for folder in sorted(set(folders)):
        try:
            yield from sorted(path for path in folder.iterdir() if path.is_file())
        except OSError:
            continue


def _holds(path: Path, seek: re.Pattern[bytes]) -> bool:
    before = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if seek.search(before + block):
                    return True
                before = block[-_LONGEST:]
    except OSError:
        pass
    return False

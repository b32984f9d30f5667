"""Where the sandbox's messages land: a folder of `.eml` files, one for each recipient, numbered as they come.

Takes the bytes that came over the wire (unstuffed), and writes just these. Raises OSError, ResultsError.
"""

import re
from itertools import count
from pathlib import Path

from campaign.private_files import create, make_folder, resolved

_UNSAFE = re.compile(r"[^A-Za-z0-9._+@=-]")
_NUMBER = re.compile(r"(\d{4,})-.*\.eml\Z")
_LONGEST = 120
"""Characters of an address in a file's name: far under the 255 bytes that file systems allow."""


class Mailbox:
    """A folder, made if it is not there. Never overwrites: numbers go on after the greatest one in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder = resolved(folder)
        make_folder(folder)
        numbers = (_NUMBER.match(file.name) for file in folder.iterdir())
        self._next = max((int(found[1]) for found in numbers if found), default=0) + 1

    def keep(self, recipient: str, message: bytes) -> Path:
        """Writes the message to `0001-anna@acme.example.eml`; leaves no part of it where it fails. Gives the path."""
        name = _UNSAFE.sub("_", recipient)[:_LONGEST]
        for number in count(self._next):
            path = self.folder / f"{number:04}-{name}.eml"
            try:
                file = create(path)
            except FileExistsError:
                continue
            self._next = number + 1
            try:
                with file:
                    file.write(message)
            except OSError:
                path.unlink(missing_ok=True)
                raise
            return path
        raise AssertionError("count() does not end")

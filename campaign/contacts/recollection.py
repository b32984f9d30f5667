"""What opening a contacts file has shown, to be kept: so that a large file need not be read through to know it again.

A `ContactsFile` and the digest of its bytes → a note (JSON); a note and a path → the `ContactsFile`, if the file is
still the very same: its place on the disk, its size, when it was changed, and when the file system last noted anything
about it, which nobody can set back. Raises nothing: where anything is in doubt the file is read.

Limits: a file that was changed less than two seconds before it was opened is not remembered, since another change in
the same tick of the clock would not show.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from campaign.contacts.contacts_file import ContactsFile, identity_of
from campaign.contacts.dialect import Layout
from campaign.contacts.encoding import Encoding
from campaign.contacts.sample import Sample
from campaign.errors import ContactsError

_FORMAT = 1
"""Goes up when the same bytes would be opened to something else."""


def to_remember(contacts: ContactsFile) -> str | None:
    """Give the note, once the file's digest is known; None where it can't be relied on."""
    if contacts.known_digest is None or not contacts.is_settled or contacts.is_empty:
        return None
    return json.dumps({"format": _FORMAT, "file": asdict(replace(contacts, path=Path())) | {"path": ""}})


def remembered(note: str, path: Path, *, email_column: str, encoding: str | None) -> ContactsFile | None:
    """Give the file at `path` as opening it would, if this is a note about it."""
    try:
        found = json.loads(note)
        if found["format"] != _FORMAT:
            return None
        known = _contacts_file(found["file"], path)
        as_asked = (known.email_column, known.asked_encoding) == (email_column, encoding)
        return known if as_asked and known.identity == identity_of(path) else None
    except (ContactsError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _contacts_file(fields: dict[str, Any], path: Path) -> ContactsFile:
    layout = fields["_layout"]
    return ContactsFile(
        **{
            **fields,
            "path": path,
            "columns": tuple(fields["columns"]),
            "identity": tuple(fields["identity"]),
            "sample": tuple(Sample(**one) for one in fields["sample"]),
            "_encoding": Encoding(**fields["_encoding"]),
            "_layout": Layout(**{**layout, "columns": tuple(layout["columns"])}),
        }
    )

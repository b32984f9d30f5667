"""People taken out of a folder of messages: their files, their rows, and their lines in its `index.html`.

A folder of a preview or of the sandbox goes in, and what says of an address whether its person is to go; the number of
rows that went comes out. Cut off in the middle, it goes on when it is done again. Raises `ResultsError`.

Limits: a message to somebody else that names the person stays.
"""

import json
from collections.abc import Callable
from pathlib import Path

from campaign.preview.folder import INDEX, GalleryRow, is_ours, message_files, read_rows, rows_file
from campaign.preview.writer import PreviewWriter, unwritable
from campaign.private_files import replacing, resolved


def remove_people(folder: Path, gone: Callable[[str], bool], *, campaign: str, note: str) -> int:
    """Take those out of whom `gone` says so. `campaign` and `note` stand over the index, as the writer has them. A
    folder that is not there, or none of ours, has nobody of ours in it: 0.
    """
    try:
        folder = resolved(folder)
        if not (folder / INDEX).is_file() or not is_ours(folder):
            return 0
        removed = 0
        for row in read_rows(folder):
            if _is_of(row, gone):
                removed += 1
                for path in message_files(folder, row):
                    path.unlink(missing_ok=True)
        if removed:
            with replacing(rows_file(folder)) as rows:
                for row in read_rows(folder):
                    if not _is_of(row, gone):
                        rows.write(b"\n" + json.dumps(row).encode("ascii"))
            PreviewWriter(folder, campaign=campaign, note=note, keep=True).finish()
    except OSError as error:
        raise unwritable(folder, error) from error
    return removed


def _is_of(row: GalleryRow, gone: Callable[[str], bool]) -> bool:
    """Whether the row is such a person's; one that could not be mailed has the address in a cell, if at all."""
    cells = [cell for line in row.cells.split("\n") for cell in line.split("\t")[2:]]
    return any(gone(text) for text in (row.email.strip('"'), *cells) if "@" in text)

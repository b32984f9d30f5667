"""Writes the preview: messages as they come, and the gallery over all of them at the end."""

import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Self

from campaign.errors import ResultsError
from campaign.pages import asset, shown
from campaign.preview.cells import visible_cell
from campaign.preview.folder import INDEX, MARK, GalleryRow, append_row, claim, read_rows, write_new
from campaign.preview.message_page import message_page, parts
from campaign.private_files import create, replacing, resolved
from campaign.visible import visible

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; frame-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)


class PreviewWriter:
    """Writes messages into a folder as they come, and an index of them; memory stays flat however many they are.

    The folder is made, for its owner's eyes only, if it is not there. An earlier preview in it is replaced, or with
    `keep` gone on with; a folder with anything else in it is refused. As a context manager, it finishes by itself.
    """

    def __init__(self, folder: Path, *, campaign: str, note: str, keep: bool = False, numbered: str = "Row") -> None:
        """`numbered`: what is counted, the rows of a file or the messages that come."""
        self.folder = resolved(folder)
        self._campaign = campaign
        self._note = note
        self._numbered = numbered
        self._claim(keep=keep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def clear(self) -> None:
        """Take away all that was added so far, in earlier runs as well. Raises `ResultsError`."""
        self._claim(keep=False)

    def _claim(self, *, keep: bool) -> None:
        try:
            claim(self.folder, keep=keep)
            # The mark comes first: a run that is cut short leaves a folder that the next one knows for ours.
            if not (keep and (self.folder / INDEX).exists()):
                with replacing(self.folder / INDEX) as index:
                    index.write(f"<!DOCTYPE html>\n{MARK}\n<p>Being written.</p>\n".encode())
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def add(
        self,
        *,
        number: int,
        email: str,
        status: str,
        message: bytes | None,
        subject: str,
        text: str,
        html: str,
        detail: str = "",
        expires_at: datetime | None = None,
        line: int | None = None,
        cells: Sequence[tuple[str, str, bool]] = (),
    ) -> None:
        """Add a contact: with its message as RFC 5322 bytes, or with None and the reason (`detail`) why there is none.

        `number` is the row's, `line` that of the file on which it begins; `status` any short word; `expires_at` aware.
        `cells`, of a row without a message: column, cell, and whether it is one to look at. Raises `ResultsError`.
        """
        place = f"{self._numbered.lower()} {number}" + (f" (line {line})" if line is not None else "")
        expires = f"{expires_at:%Y-%m-%d %H:%M %Z}" if expires_at else ""
        try:
            name = ""
            if message is not None:
                name = write_new(self.folder, number, email, message)
                page = message_page(
                    place=place,
                    email=email,
                    status=status,
                    detail=detail,
                    expires=expires,
                    name=name,
                    note=self._note,
                    message=message,
                    subject=subject,
                    text=text,
                    html=html,
                )
                with create(self.folder / f"{name}.html") as out:
                    out.write(page.encode("utf-8"))
            lines = [
                f"{'!' if odd else ''}\t{visible_cell(column)[1:-1]}\t{visible_cell(cell)}"
                for column, cell, odd in cells
            ]
            row = GalleryRow(
                number,
                visible(email),
                status,
                subject,
                visible(detail),
                name,
                expires,
                str(line or ""),
                "\n".join(lines),
            )
            append_row(self.folder, row)
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def add_eml(
        self,
        message: bytes,
        *,
        number: int,
        email: str,
        status: str,
        detail: str = "",
        expires_at: datetime | None = None,
    ) -> None:
        """Add a message of which only the bytes are at hand, as an SMTP server receives it. Any bytes will do."""
        subject, text, html = parts(message)
        self.add(
            number=number,
            email=email,
            status=status,
            message=message,
            subject=subject,
            text=text,
            html=html,
            detail=detail,
            expires_at=expires_at,
        )

    def finish(self) -> Path:
        """Write `index.html` over all that was added, and give its path. More may be added, and finished, later."""
        script = asset("gallery.js")
        page = Template(asset("gallery.html")).substitute(
            csp=escape(_POLICY.format(hash=b64encode(sha256(script.encode()).digest()).decode()), quote=False),
            campaign=shown(self._campaign),
            note=shown(self._note),
            numbered=shown(self._numbered),
            css=asset("gallery.css"),
            js=script,
            rows="\0",  # shown lets no NUL through, so this is the only one
        )
        before, after = page.split("\0")
        index = self.folder / INDEX
        try:
            with replacing(index) as out:
                out.write(before.encode("utf-8", "replace"))
                for position, row in enumerate(read_rows(self.folder)):
                    # As a `<` never occurs raw, no cell can end the script element (HTML, section 4.12.1.3).
                    line = json.dumps(row).replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
                    out.write((",\n" if position else "").encode() + line.encode("ascii"))
                out.write(after.encode("utf-8", "replace"))
        except OSError as error:
            raise unwritable(self.folder, error) from error
        return index


def unwritable(folder: Path, error: OSError) -> ResultsError:
    """Give the error for a folder that could not be written."""
    return ResultsError(
        f"the preview can't be written: {error.strerror or error}",
        where=str(error.filename or folder),
        fix="make room or get write access there, or name another folder",
    )

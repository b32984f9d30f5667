"""Contacts files of a test's own, and the rows that are read from them."""

from collections.abc import Callable
from pathlib import Path

from campaign.contacts import ContactsFile, open_contacts
from campaign.model import Row

Write = Callable[[str | bytes], Path]


def rows_of(file: ContactsFile, chunk: int = 5_000) -> list[Row]:
    return [row for rows in file.rows(chunk) for row in rows]


def read(path: Path, email_column: str = "email") -> list[Row]:
    return rows_of(open_contacts(path, email_column=email_column))

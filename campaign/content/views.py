"""What a template sees: a contact, a link and the campaign, each as names and nothing else.

A row's cells are data: they are looked up, never called, never compiled. None of these objects can be printed whole,
because that would be a mistake in a template (`{{ link }}` for `{{ link.url }}`) and a link in the wrong place; their
`repr`, which errors quote, holds no data at all.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from campaign.content.wording import not_printable
from campaign.model import Contact


class PrintedWholeError(TypeError):
    """A template writes a contact, a link or the campaign, and not one of its names."""


class _Named:
    """Can't be printed whole. `_name` is what a template calls it."""

    __slots__ = ()
    _name = ""

    def __str__(self) -> str:
        raise PrintedWholeError(not_printable(self._name)[0])

    def __format__(self, spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class ContactView(_Named):
    """A row's columns by name, whatever the names are: `contact.items`, `contact["First name"]`.

    `email` is always the address that is mailed, even where another column has that name. The environment does the
    looking up, so that the names of this class are not in the way of the columns'. `key`, too, is the environment's,
    unless a column has that name.
    """

    __slots__ = ("columns", "number")
    _name = "contact"

    def __init__(self, contact: Contact) -> None:
        columns = contact.columns
        if columns.get("email") != contact.email:
            columns = {**columns, "email": contact.email}
        self.columns: Mapping[str, str] = columns
        self.number = contact.number

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


class LinkView(_Named):
    """The sign-in link: `url`, and when it was issued and expires (aware, in the window's zone)."""

    __slots__ = ("expires_at", "issued_at", "url")
    _name = "link"

    def __init__(self, url: str, issued_at: datetime, expires_at: datetime) -> None:
        self.url = url
        self.issued_at = issued_at
        self.expires_at = expires_at


class CampaignView(_Named):
    """The campaign: its `name`."""

    __slots__ = ("name",)
    _name = "campaign"

    def __init__(self, name: str) -> None:
        self.name = name

"""Whose fault a message is that the server finds too large: a row's own cells', or the template's.

In: how large a contact's message is, by whoever makes it, and the server's limit (SIZE, RFC 1870). Raises TemplateError
where every message is too large.

A file that is the row's own counts as its cells do. Limits: a template that writes more for some rows than for others
is measured by the row at hand.
"""

from collections.abc import Callable

from campaign.errors import InvalidContactError, TemplateError
from campaign.model import Contact

_CUTS = (1, 64)
"""Characters that are left of a cell: one, or, where a template can't do with one (a date), as many as most have."""


def smallest_size(size_of: Callable[[Contact], int], contact: Contact) -> int | None:
    """Give the bytes of a contact's message with next to nothing in the cells; None where there can't be one. `size_of`
    leaves out the files that are the row's own.
    """
    for length in _CUTS:
        cells = {name: cell.strip()[:length] for name, cell in contact.columns.items()}
        try:
            return size_of(contact._replace(columns=cells))
        except InvalidContactError:
            continue
    return None


def require_room(size_of: Callable[[Contact], int], contact: Contact, limit: int) -> None:
    """Raise TemplateError unless the row's own cells are what makes its message larger than `limit` bytes."""
    size = smallest_size(size_of, contact)
    if size is not None and size > limit:
        raise too_large(size, limit)


def too_large(size: int, limit: int) -> TemplateError:
    """Give the error for templates whose smallest message has `size` bytes."""
    return TemplateError(
        f"with next to nothing in the row's cells the message still has {size:,} bytes, and the server takes {limit:,} "
        "at most (SIZE)",
        where="message.template",
        fix="make the templates, their images and attachments smaller: link to what is large, in place of sending it",
    )

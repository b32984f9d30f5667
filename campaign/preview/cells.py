"""Cells as a person can see them: what has no shape of its own is spelt out, as in U+200B or a line break.

Takes any text; gives printable text, cut to a length. Raises nothing.
"""

from campaign.visible import visible

_LONGEST = 80
"""Characters of a cell that are shown."""


def visible_cell(cell: str) -> str:
    """Give the cell in quotation marks, with what nobody can see in it spelt out, spaces of other widths, too."""
    shown = visible(cell[:_LONGEST], spaces=True)
    return f'"{shown}{"…" if len(cell) > _LONGEST else ""}"'


def has_invisible(cell: str) -> bool:
    """Whether there is anything in the cell that nobody can see."""
    return not cell.isprintable()

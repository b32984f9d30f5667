"""Cells as a person can see them: what has no shape of its own is spelt out, as in U+200B or a line break.

Takes any text; gives printable text, cut to a length. Raises nothing.
"""

_LONGEST = 80
"""Characters of a cell that are shown."""


def visible(cell: str) -> str:
    """Give the cell in quotation marks, its invisible characters escaped as Python does."""
    shown = "".join(map(_escaped, cell[:_LONGEST]))
    return f'"{shown}{"…" if len(cell) > _LONGEST else ""}"'


def has_invisible(cell: str) -> bool:
    """Whether there is anything in the cell that nobody can see."""
    return not cell.isprintable()


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")

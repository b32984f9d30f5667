"""Empty cells, as templates meet them: the empty string in every question, and nothing that can be written.

A cell with nothing but white space or invisible characters is an empty one. `{% if contact.x %}`, comparisons, `in`,
`| length`, `| int` and loops find the empty string. Writing it raises `BlankCellError`, and so does whatever puts it
into other text (`~`, `+`, `%`, `format`, `join`). What makes text of text (`| upper`, `.strip()`, `[:1]`) gives the
same empty cell on, so that `| upper | default('friend')` still knows that there is nothing.

Limits: JSON (`| tojson`) holds it as `""`, which is no gap. A part of a cell that is not empty may be.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any, NoReturn, Self

from jinja2 import Undefined
from jinja2.exceptions import TemplateRuntimeError
from jinja2.filters import FILTERS, do_default

from campaign.content.urls import urlencode

_INVISIBLE = "".join(
    rf"\U{first:08x}-\U{last:08x}"
    for first, last in (
        *((0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160)),
        *((0x1680, 0x1680), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F)),
        *((0x205F, 0x206F), (0x2800, 0x2800), (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
        *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F)),
    )
)
_is_seen = re.compile(f"[^{_INVISIBLE}]").search
"""White space, controls, and what Unicode calls default-ignorable: nobody sees any of it."""

TEXT_FILTERS = (
    *("capitalize", "center", "e", "escape", "first", "forceescape", "format", "indent", "join", "last", "lower"),
    *("random", "replace", "reverse", "safe", "string", "striptags", "title", "trim", "truncate", "upper"),
    *("urlencode", "urlize", "wordwrap"),
)
"""Those that make text of text: of an empty cell, and of what isn't there, they make that same thing."""


class BlankCellError(TemplateRuntimeError):
    """A template writes an empty cell."""

    def __init__(self, column: str) -> None:
        super().__init__(f"the column {column!r} is empty")
        self.column = column


class BlankCell(str):
    """The empty cell of a column."""

    __slots__ = ("column",)
    column: str

    def __new__(cls, column: str) -> Self:
        """Make the empty cell of `column`, which its errors name."""
        self = super().__new__(cls)
        self.column = column
        return self

    def _refuse(self, *_: object) -> NoReturn:
        raise BlankCellError(self.column)

    # Whatever writes: `{{ }}`, `~`, `+`, "%s" %, "{}".format, escaping.
    __str__ = __html__ = __format__ = __add__ = __radd__ = encode = _refuse  # type: ignore[assignment]

    def _same(self, *_: object, **__: object) -> Self:
        return self

    capitalize = casefold = center = expandtabs = format = format_map = ljust = lower = lstrip = _same
    removeprefix = removesuffix = replace = rjust = rstrip = strip = swapcase = title = translate = _same
    upper = zfill = __mod__ = __mul__ = __rmul__ = _same

    def __getitem__(self, place: Any) -> Any:
        return self if isinstance(place, slice) else super().__getitem__(place)

    def split(self, sep: str | None = None, maxsplit: Any = -1) -> list[str]:
        """By white space into nothing, by anything else into one empty piece: as the empty string."""
        return [] if sep is None else [self]

    rsplit = split

    def partition(self, sep: str) -> tuple[str, str, str]:
        """Give three empty pieces."""
        return self, self, self

    rpartition = partition


_NOTHING = (BlankCell, Undefined)


def cell_of(column: str, text: str) -> str:
    """Give a cell's text, or what stands for it where there is nothing to be seen in it."""
    return text if _is_seen(text) is not None else BlankCell(column)


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """Jinja2's `default`, for which an empty cell is missing, too."""
    if value.__class__ is str and not boolean:  # nearly always
        return value
    return default_value if value.__class__ is BlankCell else do_default(value, default_value, boolean)


def text_filters() -> dict[str, Callable[..., Any]]:
    """Give `TEXT_FILTERS` as they have to be here, by name."""
    return {name: _passing_on(urlencode if name == "urlencode" else FILTERS[name]) for name in TEXT_FILTERS}


def _passing_on(made: Callable[..., Any]) -> Callable[..., Any]:
    """What Jinja2 knows of a filter stands in its attributes, which `wraps` takes along."""
    if hasattr(made, "jinja_pass_arg"):

        @wraps(made)
        def passing(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
            return value if isinstance(value, _NOTHING) else made(context, value, *args, **kwargs)

        return passing

    @wraps(made)
    def plainly(value: Any, *args: Any, **kwargs: Any) -> Any:
        if value.__class__ is str:
            return made(value, *args, **kwargs)
        return value if isinstance(value, _NOTHING) else made(value, *args, **kwargs)

    return plainly


def joining(separator: str) -> Callable[[Iterable[Any]], str]:
    """Give `separator.join`, which would take an empty cell without a word."""
    return partial(_join, separator)


def _join(separator: str, parts: Iterable[Any]) -> str:
    return separator.join(str(part) if part.__class__ is BlankCell else part for part in parts)

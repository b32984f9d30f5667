"""Plots as SVG inside the page, drawn by pygal: bars one upon the other, bars that lie, lines. No script, no style.

Takes labels and series of numbers; gives each plot twice, for a wide page and for a narrow one (the style sheet shows
one of them), so that its words keep their size. Of what pygal draws only places and words are kept: colours, lines and
letters are the style sheet's, by the class of a series, and so follow light, dark and paper. For a screen reader a plot
is one image with a title and a description; its numbers are for the table beside it. Raises nothing.

Limits: it goes by the classes that pygal gives its elements.
"""

import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from xml.etree.ElementTree import Element

from campaign.pages import shown

_WIDE, _NARROW = 880, 300
"""Pixels: about those of the page, so that letters have the size that they say."""
_LETTERS = 12
_LETTER_WIDTH = 0.55 * _LETTERS
"""Pixels, of a digit or a letter, a little more than most fonts have."""
_GAP = 2
"""Pixels between two labels, at least."""
_SCALE_WIDTH = 50
"""Pixels beside the places: the numbers of the scale, and the margins."""
_FEWEST = 9
"""Places that a plot has, at least."""
_CLASSES = {"axis", "x", "y", "guide", "line"}
_NUMBER = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers with one name and one look."""

    style: str
    """The class that the style sheet knows it by."""
    values: Sequence[float | None]
    """One for each label; None: a gap."""
    said: Sequence[str]
    """What a pointer is told of each value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What is drawn, and what is said of it."""

    title: str
    description: str
    series: Sequence[Series]
    labels: Callable[[bool], Sequence[str]]
    """Gives those of the places, for a narrow page or a wide one."""
    ticks: Sequence[tuple[float, str]]
    """Of the scale: value and label."""


def stacked_bars(plot: Plot) -> str:
    """Draw bars that stand, one upon the other."""
    return _both(_uncrowded(_with_room(plot)), "StackedBar", tall=230, small=200)


def lying_bars(plot: Plot) -> str:
    """Draw bars that lie, one behind the other, the first one at the top."""
    upside_down = Plot(
        title=plot.title,
        description=plot.description,
        series=[Series(style=one.style, values=one.values[::-1], said=one.said[::-1]) for one in plot.series],
        labels=lambda narrow: plot.labels(narrow)[::-1],
        ticks=plot.ticks,
    )
    height = 60 + 26 * len(plot.labels(False))
    return f'<div class="lying">{_both(upside_down, "HorizontalStackedBar", tall=height, small=height)}</div>'


def lines(plot: Plot) -> str:
    """Draw lines, with a dot for each value."""
    return _both(_uncrowded(_with_room(plot)), "Line", tall=230, small=200)


def scale(top: float, said: Callable[[float], str] = lambda value: f"{value:,g}") -> list[tuple[float, str]]:
    """Give the ticks of a scale from nothing to at least `top`: four steps at most, all of them round."""
    step = _round_step(top / 4)
    return [(step * place, said(step * place)) for place in range(math.ceil(round(top / step, 6)) + 1)]


def whole_scale(top: int) -> list[tuple[float, str]]:
    """Give the same for what comes in whole numbers."""
    step = max(1, round(_round_step(top / 4)))
    return [(step * place, f"{step * place:,}") for place in range(max(1, -(-top // step)) + 1)]


def _with_room(plot: Plot) -> Plot:
    """Leave empty places on both sides where there are few: one bar is a bar, and not a wall."""
    missing = _FEWEST - len(plot.labels(False))
    if missing <= 0:
        return plot
    before, after = missing // 2, missing - missing // 2
    return replace(
        plot,
        series=[
            replace(
                one,
                values=[*[None] * before, *one.values, *[None] * after],
                said=[*[""] * before, *one.said, *[""] * after],
            )
            for one in plot.series
        ],
        labels=lambda narrow: [*[""] * before, *plot.labels(narrow), *[""] * after],
    )


def _uncrowded(plot: Plot) -> Plot:
    """Leave out each label that would stand upon the one before it."""

    def labels(narrow: bool) -> list[str]:
        given = plot.labels(narrow)
        room = ((_NARROW if narrow else _WIDE) - _SCALE_WIDTH) / max(1, len(given))
        kept, free_from = [], -math.inf
        for place, label in enumerate(given):
            middle, half = (place + 0.5) * room, len(label) * _LETTER_WIDTH / 2
            fits = middle - half >= free_from
            kept.append(label if fits else "")
            if label and fits:
                free_from = middle + half + _GAP
        return kept

    return replace(plot, labels=labels)


def _round_step(least: float) -> float:
    if least <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= least * 0.999999)


def _both(plot: Plot, kind: str, *, tall: int, small: int) -> str:
    return "".join(
        _drawn(plot, kind, width=width, height=height, narrow=narrow)
        for width, height, narrow in ((_WIDE, tall, False), (_NARROW, small, True))
    )


def _drawn(plot: Plot, kind: str, *, width: int, height: int, narrow: bool) -> str:
    pygal = _pygal()
    chart = getattr(pygal, kind)(
        width=width,
        height=height,
        margin=4,
        margin_right=14,
        spacing=8,
        js=(),
        css=(),
        no_prefix=True,
        show_legend=False,
        allow_interruptions=True,
        dots_size=2,
        truncate_label=-1,
        style=pygal.style.Style(label_font_size=_LETTERS, major_label_font_size=_LETTERS),
        x_labels=list(plot.labels(narrow)),
        y_labels=[{"value": value, "label": label} for value, label in plot.ticks],
        range=(plot.ticks[0][0], plot.ticks[-1][0]),
    )
    for one in plot.series:
        chart.add(one.style, [_value(value, said) for value, said in zip(one.values, one.said, strict=True)])
    tree = chart.render_tree()
    styles = [one.style for one in plot.series]
    return (
        f'<svg class="{"narrow" if narrow else "wide"}" role="img" viewBox="{tree.get("viewBox")}">'
        f"<title>{shown(plot.title)}</title><desc>{shown(plot.description)}</desc>"
        f"{_inside(tree, styles)}</svg>"
    )


@cache
def _pygal() -> ModuleType:
    """Give the library: loaded when something is drawn, since that takes a tenth of a second."""
    import pygal
    import pygal.style

    # It leaves a finder of modules there, for its maps: one that Python 3.11 warns of, and 3.12 can't use.
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]
    return sys.modules[pygal.__name__]


def _value(value: float | None, said: str) -> dict[str, object] | None:
    return None if value is None else {"value": value, "label": said}


def _inside(element: Element, styles: Sequence[str]) -> str:
    return "".join(_kept(child, styles) for child in element if isinstance(child.tag, str))


def _kept(element: Element, styles: Sequence[str]) -> str:
    """An element as it goes into the page; nothing where nothing of it does."""
    classes = element.get("class", "").split()
    match element.tag.rpartition("}")[2]:
        case "g" if "bar" in classes or "dots" in classes:
            return _mark(element)
        case "g":
            inside = _inside(element, styles)
            if not inside:
                return ""
            return f"<g{_attribute('class', _known(classes, styles))}{_placed(element, 'transform')}>{inside}</g>"
        case "path" if "guide" in classes or "axis" in classes or "reactive" in classes:
            return f"<path{_attribute('class', _known(classes, styles))}{_placed(element, 'd')}/>"
        case "text" if element.text:
            return f"<text{_placed(element, 'x', 'y')}>{shown(element.text)}</text>"
    return ""


def _mark(group: Element) -> str:
    """A bar or a dot, with what a pointer is told of it."""
    said = next((one.text for one in group if one.get("class") == "label"), None)
    title = f"<title>{shown(said)}</title>" if said else ""
    for mark in group:
        match str(mark.tag).rpartition("}")[2]:
            case "rect" if float(mark.get("width", 0)) > 0 and float(mark.get("height", 0)) > 0:
                return f"<rect{_placed(mark, 'x', 'y', 'width', 'height')}>{title}</rect>"
            case "circle":
                return f"<circle{_placed(mark, 'cx', 'cy', 'r')}>{title}</circle>"
    return ""


def _known(classes: Sequence[str], styles: Sequence[str]) -> str:
    """The classes that the style sheet knows: those of a series, and what is an axis."""
    series = [styles[int(one.removeprefix("serie-"))] for one in classes if one.startswith("serie-")]
    return " ".join([*series, *(one for one in classes if one in _CLASSES)])


def _placed(element: Element, *names: str) -> str:
    """Attributes with places in them, to a tenth of a pixel."""
    return "".join(_attribute(name, _NUMBER.sub(_rounded, element.get(name, ""))) for name in names)


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _attribute(name: str, value: str) -> str:
    return f' {name}="{shown(value)}"' if value else ""

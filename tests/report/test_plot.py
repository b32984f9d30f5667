"""Plots: places and words only, nothing that runs or comes from elsewhere, and as long as what they stand for."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.report.plot import Plot, Series, lines, lying_bars, scale, stacked_bars, whole_scale
from tests.markup import Markup


def plot(*values: float | None, top: float = 100, **given: str) -> Plot:
    return Plot(
        title=given.get("title", "Rows"),
        description="All of them.",
        series=[Series(style="is-sent", values=values, said=[f"place {place}" for place, _ in enumerate(values)])],
        labels=lambda narrow: [f"{'n' if narrow else 'w'}{place}" for place, _ in enumerate(values)],
        ticks=[(0, "0"), (top, f"{top:g}")],
    )


@pytest.mark.parametrize("draw", [stacked_bars, lying_bars, lines])
def test_it_is_one_image_with_a_name_twice_and_nothing_else(draw: object) -> None:
    assert callable(draw)
    page = Markup(draw(plot(10, 0, 50, title='<b>"Rows" & more')))
    assert [attrs["class"] for tag, attrs in page.elements if tag == "svg"] == ["wide", "narrow"]
    assert all(attrs["role"] == "img" for tag, attrs in page.elements if tag == "svg")
    assert page.text["title"].count('<b>"Rows" & more') == 2
    assert page.text["desc"] == ["All of them."] * 2
    assert set(page.tags) <= {"svg", "title", "desc", "g", "path", "text", "rect", "circle", "div"}
    names = {name for _, attrs in page.elements for name in attrs}
    assert names <= {"class", "role", "viewbox", "transform", "d", "x", "y", "width", "height", "cx", "cy", "r"}


def test_bars_are_as_high_as_what_they_stand_for_and_say_it() -> None:
    page = Markup(stacked_bars(plot(10, 0, None, 50)))
    heights = [float(attrs["height"]) for tag, attrs in page.elements if tag == "rect"]
    assert len(heights) == 4, "two bars, drawn twice: what is nothing is no bar"
    assert heights[1] / heights[0] == pytest.approx(5, rel=0.02)
    assert [said for said in page.text["title"] if said.startswith("place")] == ["place 0", "place 3"] * 2


def test_lying_bars_begin_with_the_first() -> None:
    page = Markup(lying_bars(plot(10, 50)))
    tops = [float(attrs["y"]) for tag, attrs in page.elements if tag == "rect"]
    said = [said for said in page.text["title"] if said.startswith("place")]
    assert sorted(zip(tops[:2], said[:2], strict=True))[0][1] == "place 0"


def test_a_line_stops_at_a_gap() -> None:
    drawing = lines(plot(1, 2, None, 3, 4))
    wide = drawing.partition("</svg>")[0]
    assert len(re.findall(r'<path class="line"', wide)) == 2
    assert wide.count("<circle") == 4


def test_one_bar_is_no_wall() -> None:
    page = Markup(stacked_bars(plot(10)))
    width = next(float(attrs["width"]) for tag, attrs in page.elements if tag == "rect")
    assert width < 880 / 8


@pytest.mark.parametrize("draw", [stacked_bars, lines])
def test_on_a_phone_no_label_stands_upon_another(draw: Callable[[Plot], str]) -> None:
    times = ["14:58:53", "14:58:54", "14:58:55", "14:58:56"]
    drawing = draw(replace(plot(1, 2, 3, 4), labels=lambda narrow: times))
    wide, narrow = (Markup(f"{half}</svg>").text["text"] for half in drawing.split("</svg>")[:2])
    assert [said for said in wide if said in times] == times, "on a wide page there is room for all"
    assert [said for said in narrow if said in times] == ["14:58:53", "14:58:55"]


def test_words_of_others_stay_words() -> None:
    page = Markup(lying_bars(plot(1, title="</title><script>alert(1)</script>")))
    assert "script" not in page.tags


@given(top=st.floats(1e-6, 1e9))
def test_a_scale_is_round_and_has_room(top: float) -> None:
    ticks = [value for value, _ in scale(top)]
    assert 2 <= len(ticks) <= 5
    assert ticks[0] == 0 and ticks[-1] >= top * 0.999
    assert ticks[-1] <= 2.6 * top


@given(top=st.integers(0, 10**9))
def test_a_scale_of_whole_numbers_has_whole_numbers(top: int) -> None:
    ticks = [value for value, _ in whole_scale(top)]
    assert 2 <= len(ticks) <= 6
    assert ticks[-1] >= top
    assert all(value == int(value) for value in ticks)


def test_nothing_is_loaded_until_something_is_drawn() -> None:
    """Every command knows the report's words; only that which draws waits for the library."""
    loaded = "import sys, campaign.report; sys.exit('pygal' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


def test_drawing_leaves_no_finder_of_modules_behind() -> None:
    stacked_bars(plot(1))
    assert not [finder for finder in sys.meta_path if type(finder).__module__.startswith("pygal")]

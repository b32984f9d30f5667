"""window.daily_limit, a number or a ladder, and window.pace, which wants an end to be spread until."""

from datetime import datetime

import pytest

from tests.settings.campaign_files import Folder, changed


@pytest.mark.parametrize(
    ("written", "ladder"),
    [
        (1, (1,)),
        (500, (500,)),
        ([500, 1000, 2000], (500, 1000, 2000)),
        (1_000_000_000, (1_000_000_000,)),
        ([7] * 366, (7,) * 366),
    ],
)
def test_a_number_or_a_list_of_them(folder: Folder, written: object, ladder: tuple[int, ...]) -> None:
    assert folder.load(changed(window={"daily_limit": written})).window.daily_limit == ladder


@pytest.mark.parametrize("text", ["500, 1000", "[500, 1000]", " 500,1000 "])
def test_the_environment_has_a_list_in_either_form(folder: Folder, text: str) -> None:
    assert folder.load(environ={"CAMPAIGN_WINDOW__DAILY_LIMIT": text}).window.daily_limit == (500, 1000)


def test_absent_there_is_none(folder: Folder) -> None:
    assert folder.load().window.daily_limit is None


@pytest.mark.parametrize(
    "written", [0, -5, 1_000_000_001, 2.5, True, "many", "", [], [500, 0], [500, "x"], [[1]], [7] * 367]
)
def test_what_is_no_ladder_is_refused(folder: Folder, written: object) -> None:
    assert folder.refusal(changed(window={"daily_limit": written})).what.startswith("window.daily_limit ")


def test_an_even_pace_wants_an_end(folder: Folder) -> None:
    error = folder.refusal(changed(window={"pace": "spread"}))
    assert error.what.startswith("window.pace: there is no end") and "window.closes or window.lasts" in error.fix
    assert folder.load(changed(window={"pace": "spread", "lasts": "8h"})).window.pace == "spread"
    closes = datetime(2026, 11, 27, 17)
    assert folder.load(changed(window={"pace": "spread", "closes": closes})).window.pace == "spread"


def test_a_pace_is_one_of_two(folder: Folder) -> None:
    assert folder.load().window.pace == "fast"
    assert 'it must be "fast" or "spread"' in folder.refusal(changed(window={"pace": "slow"})).what


def test_an_even_pace_goes_by_one_clock(folder: Folder) -> None:
    """A zone that closes early would not be done in time."""
    window = {"pace": "spread", "lasts": "8h"}
    error = folder.refusal(changed(window=window, contacts={"timezone_column": "tz"}))
    assert error.what.startswith("window.pace: it goes by one clock") and "take one of the two away" in error.fix
    assert folder.load(changed(window={"lasts": "8h"}, contacts={"timezone_column": "tz"})).window.pace == "fast"

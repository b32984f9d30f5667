"""Whether HTML is deeper than a parser in C or Rust can take."""

import pytest

from campaign.content.nesting import MOST, is_too_deep


@pytest.mark.parametrize(
    "level", ["<div>", "<DIV class='a'>", "<b>", "<ul><li>", "<table><tr><td>", "<x:y>", "<p><span>", "<div/>"]
)
def test_what_stands_deeper_than_browsers_go_is_too_deep(level: str) -> None:
    assert is_too_deep("<html>" + level * MOST)
    assert not is_too_deep(level * (MOST // 2))


@pytest.mark.parametrize(
    "flat", ["<div>x</div>", "<p>x", "<br>", "<img src=x>", "<tr><td>x", "<li>", "<v:fill/>", "<o:p></o:p>", "a < b"]
)
def test_what_stands_side_by_side_is_not_however_long(flat: str) -> None:
    assert not is_too_deep("<html><body><table>" + flat * 20_000)

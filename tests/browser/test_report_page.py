"""The report in a browser: what is drawn is what is said, and its tables open."""

import pytest

from tests.browser.conftest import LOOKS, Look, Open, Pages

pytestmark = pytest.mark.browser
PHONE, DESK = LOOKS[0], LOOKS[2]


@pytest.mark.parametrize("look", [PHONE, DESK], ids=lambda look: look.name)
def test_of_each_picture_one_drawing_shows_and_its_table_opens(pages: Pages, open_page: Open, look: Look) -> None:
    page = open_page(pages.report, look)
    figures = page.locator("figure.picture").all()
    assert len(figures) == 8
    for figure in figures:
        (drawing,) = figure.locator("svg:visible").all()
        assert drawing.locator("> title").text_content()
        assert not figure.locator("table").is_visible()
        figure.locator("summary").click()
        assert figure.locator("table").is_visible()
        assert figure.locator("tbody tr").count() > 0


def test_the_tables_open_by_the_keyboard(pages: Pages, open_page: Open) -> None:
    page = open_page(pages.report, DESK)
    first = page.locator("details").first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.get_attribute("open") is not None
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "scroll"


def test_what_is_told_of_the_bars_adds_up_to_the_table(pages: Pages, open_page: Open) -> None:
    """The bars over time hold every row that has an outcome, and the table has the same."""
    page = open_page(pages.report, DESK)
    figure = page.locator("figure.picture").first
    told = figure.locator("svg.wide rect title").all_text_contents()
    drawn = sum(int(one.rpartition(": ")[2].partition(" ")[0].replace(",", "")) for one in told)
    cells = figure.locator("td").all_text_contents()
    assert drawn == sum(int(cell.replace(",", "")) for cell in cells) == 37


def test_bars_are_as_long_as_what_they_stand_for(pages: Pages, open_page: Open) -> None:
    page = open_page(pages.report, DESK)
    figure = page.locator("figure.picture", has_text="Recipient domains")
    sent = figure.locator("svg.wide .is-sent rect").evaluate_all(
        "bars => bars.map(bar => [bar.querySelector('title').textContent, bar.getBoundingClientRect().width])"
    )
    lengths = {}
    for said, width in sent:
        domain, _, rows = said.partition(": ")
        lengths[domain] = int(rows.partition(" ")[0]), width
    (one, other) = lengths["people.example"], lengths["a.very.long.name.of.a.domain.example"]
    assert one[0] != other[0]
    assert one[1] / other[1] == pytest.approx(one[0] / other[0], rel=0.02)

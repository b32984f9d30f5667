"""Every page can be used by everybody: at every size, in light and in dark, and by whoever does not see it."""

import pytest

from tests.browser.conftest import LOOKS, Look, Open, Pages, overflow, violations

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
@pytest.mark.parametrize("name", Pages._fields)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    pages: Pages, open_page: Open, name: str, look: Look
) -> None:
    page = open_page(getattr(pages, name), look)
    for summary in page.locator("summary").all():
        summary.click()
    assert violations(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_letters_of_a_picture_can_be_read(pages: Pages, open_page: Open, look: Look) -> None:
    """As high as they stand on the screen, whatever the drawing was scaled by."""
    page = open_page(pages.report, look)
    heights = page.locator(".picture svg:visible text").evaluate_all(
        "texts => texts.map(text => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize))"
    )
    assert len(heights) > 20
    assert min(heights) > 10.5


def test_paper_is_white_with_pictures_and_without_what_can_only_be_opened(pages: Pages, open_page: Open) -> None:
    page = open_page(pages.report, LOOKS[3])
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light"
    ink = page.locator("h1").evaluate("heading => getComputedStyle(heading).color")
    assert max(map(int, ink.removeprefix("rgb(").removesuffix(")").split(","))) < 80
    assert page.locator("svg.wide:visible").count() >= 5
    assert page.locator("svg.narrow:visible, summary:visible").count() == 0
    assert page.pdf().startswith(b"%PDF")

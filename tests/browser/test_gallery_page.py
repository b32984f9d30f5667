"""The gallery in a browser: one finds a message, goes on to the next, and sees it as HTML, as text, with headers."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LOOKS, Open, Pages

pytestmark = pytest.mark.browser
PHONE, DESK = LOOKS[0], LOOKS[2]


def subject(page: Page) -> str:
    return page.locator("#subject").text_content() or ""


def test_filter_by_status_and_by_words(pages: Pages, open_page: Open) -> None:
    page = open_page(pages.gallery, DESK)
    expect(page.locator("#found")).to_have_text("39 contacts")
    page.get_by_role("button", name="invalid 1").click()
    expect(page.locator("#found")).to_have_text("1 of 39 contacts")
    page.get_by_role("button", name="all 39").click()
    page.locator("#search").fill("منى")
    expect(page.locator("#found")).to_have_text("1 of 39 contacts")
    page.locator("#search").fill("nobody has this name")
    page.get_by_role("button", name="Show all contacts").click()
    expect(page.locator("#found")).to_have_text("39 contacts")


def test_next_and_previous_by_the_keyboard(pages: Pages, open_page: Open) -> None:
    page = open_page(pages.gallery, DESK)
    assert subject(page) == "Hello Person 0"
    page.keyboard.press("ArrowDown")
    assert subject(page) == "Hello Person 1"
    page.keyboard.press("j")
    assert subject(page) == "Hello Person 2"
    page.keyboard.press("k")
    assert subject(page) == "Hello Person 1"


def test_on_a_phone_one_goes_to_a_message_and_back(pages: Pages, open_page: Open) -> None:
    page = open_page(pages.gallery, PHONE)
    expect(page.locator(".viewer")).not_to_be_visible()
    page.get_by_role("option").nth(1).click()
    expect(page.locator("#subject")).to_have_text("Hello Person 1")
    page.get_by_role("button", name="All contacts").click()
    expect(page.locator("#subject")).not_to_be_visible()


def test_html_text_and_headers_of_a_message(pages: Pages, open_page: Open) -> None:
    page = open_page(pages.gallery, DESK)
    message = page.frame_locator("#frame")
    expect(message.frame_locator("iframe").locator("p")).to_have_text("Hello Person 0")
    page.get_by_role("tab", name="Text").click()
    expect(message.locator(".text pre")).to_contain_text("Hello Person 0,")
    page.get_by_role("tab", name="Headers").click()
    expect(message.locator(".headers pre")).to_contain_text("Message-ID:")
    page.get_by_role("button", name="Phone").click()
    assert page.locator("#frame").bounding_box()["width"] < 500  # type: ignore[index]


def test_the_page_of_a_message_has_the_same_views(pages: Pages, open_page: Open) -> None:
    page = open_page(pages.message, DESK)
    expect(page.locator("section.html")).to_be_visible()
    for view in ("Text", "Headers", "HTML"):
        page.get_by_role("link", name=view, exact=True).click()
        (shown,) = page.locator("section:visible").all()
        assert shown.get_attribute("aria-label") == view

"""The facts of what mail programs drop: each with its source and day, none that drops nothing."""

from datetime import date

from campaign.deliverability.mail import client_support as facts

ROWS = [
    *facts.VALUES.values(),
    *facts.PROPERTIES.values(),
    *facts.FUNCTIONS.values(),
    *(one for one in facts.ELEMENTS.values() if one is not None),
    *facts.IMAGE_FORMATS.values(),
    facts.BACKGROUND_IMAGE,
]


def test_each_row_has_a_program_a_page_and_a_day() -> None:
    programs = {facts.GMAIL, facts.OUTLOOK, facts.OUTLOOK_COM, facts.YAHOO}
    for row in ROWS:
        assert row.dropped_by and set(row.dropped_by) <= programs
        assert row.url.startswith("https://www.caniemail.com/features/") and row.url.endswith(f"{row.page}/")
        assert date(2019, 1, 1) <= date.fromisoformat(row.tested) <= date(2025, 9, 9)


def test_a_page_has_one_day() -> None:
    assert len({(row.page, row.tested) for row in ROWS}) == len({row.page for row in ROWS})

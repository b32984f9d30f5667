"""What pending rows wait for, in words; and nothing where they wait for nothing."""

import json
from datetime import UTC, datetime, timedelta

from campaign.contact_clocks import ContactClocks
from campaign.hours import parse_hours
from campaign.run.pending_words import pending_words, window_words
from campaign.schedule import Schedule
from campaign.window import SendWindow

MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)
COLUMNS = ["email", "timezone"]


def window(*, hours: str | None = None, opens_in: int = -10, closes_in: int | None = 48) -> Schedule:
    made = SendWindow.resolve(
        opens=MONDAY + timedelta(hours=opens_in),
        closes=None if closes_in is None else MONDAY + timedelta(hours=closes_in),
        lasts=None,
        timezone="Asia/Tokyo",
        now=MONDAY,
    )
    return Schedule.within(made, hours=None if hours is None else parse_hours(hours))


def cells(zone: str) -> str:
    return json.dumps(["ann@x.example", zone])


def test_rows_of_a_window_that_is_open_wait_for_nothing() -> None:
    assert pending_words(window(), COLUMNS, MONDAY) is None


def test_rows_wait_for_their_hours_for_their_window_or_for_nothing_more() -> None:
    assert window_words(window(hours="09:00-17:00"), MONDAY) == "waits for its hours: Tue 1 Dec 2026 09:00 JST"
    assert window_words(window(opens_in=2), MONDAY) == "waits for its window: Mon 30 Nov 2026 23:00 JST"
    assert window_words(window(closes_in=-1), MONDAY) == "its window is over: closed Mon 30 Nov 2026 20:00 JST"


def test_each_row_waits_for_its_own_clock() -> None:
    made = ContactClocks.around(
        window(closes_in=None),
        column="timezone",
        opens=None,
        closes=None,
        lasts=None,
        hours=parse_hours("09:00-17:00"),
    )
    words = pending_words(made, COLUMNS, MONDAY)
    assert words is not None
    assert words(cells(" America/New_York "), "") == "waits for its hours: Mon 30 Nov 2026 09:00 EST"
    assert words(cells(""), "") == "waits for its hours: Tue 1 Dec 2026 09:00 JST"
    assert words(cells("Europe/Berlin"), "") == ""
    assert words(cells("Mars/Olympus"), "") == ""


def test_a_row_that_is_damaged_or_has_no_such_column_goes_by_the_window() -> None:
    made = ContactClocks.around(
        window(closes_in=-1), column="timezone", opens=None, closes=None, lasts=None, hours=None
    )
    for columns, text in ((COLUMNS, "{"), (COLUMNS, "[]"), (["email"], cells("Europe/Berlin"))):
        words = pending_words(made, columns, MONDAY)
        assert words is not None
        assert words(text, "").startswith("its window is over")

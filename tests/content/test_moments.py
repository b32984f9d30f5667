"""Times in words."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from campaign.model import LoginLink
from tests.content.templates import ISSUED, NEW_YORK, URL, contact, load, text_fault, text_of


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2026, 7, 4, 0, 5, tzinfo=NEW_YORK), "Saturday 4 July 2026, 00:05 EDT"),
        (datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), "Thursday 29 February 2024, 23:59 UTC"),
        (datetime(2026, 1, 1, tzinfo=ZoneInfo("America/Sao_Paulo")), "Thursday 1 January 2026, 00:00 UTC-03:00"),
        (datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Kathmandu")), "Thursday 1 January 2026, 00:00 UTC+05:45"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-9, minutes=-30))), "00:00 UTC-09:30"),
        (datetime(2026, 1, 1), "Thursday 1 January 2026, 00:00"),
    ],
)
def test_a_moment_is_written_as_it_is_said(tmp_path: Path, value: datetime, words: str) -> None:
    templates = load(tmp_path, {"subject.txt": "s", "body.txt": "{{ link.expires_at | moment }}"})
    for _ in range(2):
        # The same moment elsewhere, before: what is remembered must not be told in another zone.
        here = LoginLink(
            url=URL, issued_at=ISSUED, expires_at=value.astimezone(ZoneInfo("Asia/Tokyo")), fingerprint="x"
        )
        assert "".join(templates.render(contact(), here).text).endswith("JST")
        link = LoginLink(url=URL, issued_at=ISSUED, expires_at=value, fingerprint="x")
        assert "".join(templates.render(contact(), link).text).endswith(words)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        ("28800", "8 hours"),
        ("3600", "1 hour"),
        ("5400", "1 hour 30 minutes"),
        ("604800", "7 days"),
        ("90061", "1 day 1 hour"),
        ("86460", "1 day"),
        ("61.9", "1 minute 1 second"),
        ("0", "0 seconds"),
        ("-5", "0 seconds"),
        ("link.expires_at - link.issued_at", "8 hours 30 minutes"),
    ],
)
def test_a_length_of_time_is_taken_as_it_is_written(tmp_path: Path, length: str, words: str) -> None:
    assert text_of(tmp_path, "{{ (" + length + ") | duration }}") == words


def test_a_length_of_time_that_is_none_is_a_fault(tmp_path: Path) -> None:
    assert "needs a length of time, not str" in text_fault(tmp_path, "{{ 'x' | duration }}").what

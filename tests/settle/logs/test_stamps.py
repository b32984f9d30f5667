"""Stamps of logs: the year that they do not have, the zone, the hour that comes twice."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from campaign.settle.logs.stamps import Stamps

Zone = Callable[[str], None]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _read(stamp: str, modified: str) -> str | None:
    moment = Stamps(_at(modified)).moment(stamp)
    return None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("stamp", "modified", "read"),
    [
        ("Nov 26 09:15:00", "2026-11-26 10:00", "2026-11-26 09:15:00"),
        ("Nov  6 09:15:00", "2026-11-26 10:00", "2026-11-06 09:15:00"),
        ("Nov 26 09:15:00.987654", "2026-11-26 10:00", "2026-11-26 09:15:00"),
        ("Nov 27 09:15:00", "2026-11-26 10:00", "2026-11-27 09:15:00"),  # clocks differ
        ("Nov 27 10:15:00", "2026-11-26 10:00", "2025-11-27 10:15:00"),
        ("Dec 31 23:59:59", "2027-01-02 00:00", "2026-12-31 23:59:59"),  # one file over the turn of the year
        ("Jan  1 00:00:01", "2027-01-02 00:00", "2027-01-01 00:00:01"),
        ("Jan  1 00:00:01", "2026-12-31 23:59", "2027-01-01 00:00:01"),
        ("Feb 29 12:00:00", "2026-11-26 10:00", "2024-02-29 12:00:00"),
        ("Feb 29 12:00:00", "2103-11-26 10:00", "2096-02-29 12:00:00"),  # 2100 has none
        ("Jun 30 23:59:60", "2026-11-26 10:00", "2026-06-30 23:59:59"),
        ("2026-11-26T09:15:00+01:00", "2026-11-26 10:00", "2026-11-26 08:15:00"),
        ("2026-11-26T09:15:00.123456-0530", "2026-11-26 10:00", "2026-11-26 14:45:00"),
        ("2026-11-26T09:15:00Z", "2020-01-01 10:00", "2026-11-26 09:15:00"),
        ("2026-11-26 09:15:00", "2026-11-26 10:00", "2026-11-26 09:15:00"),
        *[(odd, "2026-11-26 10:00", None) for odd in ("Feb 30 12:00:00", "Abc 10 10:00:00", "Nov 26 25:00:00", "Nov")],
        # Years that datetime has in one zone, and not in another.
        *[(odd, "2026-11-26 10:00", None) for odd in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")],
        *[(odd, "2026-11-26 10:00", None) for odd in ("", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00+14:00x", "٣")],
    ],
)
def test_a_stamp(stamp: str, modified: str, read: str | None, zone: Zone) -> None:
    zone("UTC")
    assert _read(stamp, modified) == read


def test_a_stamp_without_a_zone_is_of_this_machine(zone: Zone) -> None:
    zone("Europe/Ljubljana")
    assert _read("Nov 26 09:15:00", "2026-11-26 10:00") == "2026-11-26 08:15:00"
    assert _read("2026-07-26 09:15:00", "2026-11-26 10:00") == "2026-07-26 07:15:00"


def test_in_the_hour_that_comes_twice_a_jump_backwards_is_the_second_time(zone: Zone) -> None:
    """No story ends before it began because a clock was put back."""
    zone("Europe/Ljubljana")
    stamps = Stamps(_at("2026-10-26 10:00"))
    clock = ("01:59:59", "02:00:00", "02:30:00", "02:59:58", "02:59:57", "02:00:01", "02:30:00", "02:59:59", "03:00:00")
    moments = [stamps.moment(f"Oct 25 {time}") for time in clock]
    assert all(moment is not None for moment in moments)
    read = [datetime.fromtimestamp(moment or 0, UTC).strftime("%H:%M:%S") for moment in moments]
    first = ["23:59:59", "00:00:00", "00:30:00", "00:59:58", "00:59:57"]
    assert read == [*first, "01:00:01", "01:30:00", "01:59:59", "02:00:00"]

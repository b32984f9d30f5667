"""Limits whose leave and shares come from elsewhere, and later: what a worker does until they are there."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from campaign.worker.daily_limit import DailyLimit
from campaign.worker.domain_limits import DomainLimit, DomainLimits
from tests.worker.test_connection_limit import Share

NOW = 1000.0
DOMAIN = "narrow.example"


class Count:
    """A daily count whose answers come by hand."""

    def __init__(self) -> None:
        self.leave = 0
        self.asking = False
        self.room = True

    def reserve(self, day: date, limit: int) -> bool:
        self.asking = not self.leave and self.room
        return self.leave > 0

    def begin(self, day: date, limit: int) -> bool:
        self.leave -= 1
        return True

    def has_room(self, day: date, limit: int) -> bool:
        return self.room

    def give_back(self, day: date) -> None:
        self.leave += 1

    def hand_back(self) -> None:
        self.leave = 0

    def count(self, day: date) -> int:
        return 0

    def days_before(self, day: date) -> int:
        return 0


@pytest.fixture
def shares() -> dict[str, Share]:
    return {}


@pytest.fixture
def domains(shares: dict[str, Share]) -> DomainLimits:
    def budget(name: str, most: int) -> Share:
        return shares.setdefault(name, Share(0))

    def no_rate(name: str, rate: float) -> None:
        pytest.fail("nobody has set a rate")

    return DomainLimits({DOMAIN: DomainLimit(connections=4)}, no_rate, budget)  # type: ignore[arg-type]


def test_a_days_leave_that_is_on_its_way_holds_no_rows_back_and_ends_no_day() -> None:
    count = Count()
    limit = DailyLimit(
        count,
        [10],
        zone=ZoneInfo("UTC"),
        goes_on=lambda moment: False,
        clock=lambda: NOW,
        wall=lambda: datetime(2026, 11, 26, 12, tzinfo=UTC),
    )
    assert not limit.take() and limit.reached == 0
    assert limit.until("", NOW) <= NOW
    count.leave = 1
    assert limit.take()
    limit.begun(1)
    count.room = False
    assert not limit.take() and limit.reached == 10
    assert limit.until("", NOW) == float("inf")


def test_rows_of_a_domain_whose_share_others_have_are_held_until_there_is_one(
    domains: DomainLimits, shares: dict[str, Share]
) -> None:
    queue = f"@{DOMAIN}"
    (share,) = shares.values()
    assert domains.until(queue, NOW) > NOW
    assert share.wanted == 4
    assert not domains.heed()
    share.share = 2
    assert domains.heed() and not domains.heed()
    assert domains.until(queue, NOW) <= NOW


def test_what_is_under_way_to_a_domain_is_told_and_a_lowered_share_is_heeded(
    domains: DomainLimits, shares: dict[str, Share]
) -> None:
    queue = f"@{DOMAIN}"
    (share,) = shares.values()
    share.share = 2
    for contact in (1, 2):
        assert domains.until(queue, NOW) <= NOW
        domains.begun(contact, queue)
    assert share.used == 2 and domains.until(queue, NOW) > NOW
    share.share = 1
    assert domains.ended(1) and share.used == 1
    assert domains.until(queue, NOW) > NOW
    assert domains.ended(2) and domains.until(queue, NOW) <= NOW

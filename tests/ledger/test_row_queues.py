"""The queue of a row: its zone and its limited domain, read off it."""

import pytest

from campaign.ledger.row_queues import RowQueues, queue_name, queue_parts, zone_in


@pytest.mark.parametrize("zone", ["", "Europe/Berlin"])
@pytest.mark.parametrize("domain", ["", "gmail.com"])
def test_a_queue_is_named_by_its_zone_and_its_domain(zone: str, domain: str) -> None:
    assert queue_parts(queue_name(zone, domain)) == (zone, domain)


def test_where_nothing_holds_rows_back_there_is_one_queue() -> None:
    queues = RowQueues(["email", "city"], zone_column="", domains=())
    assert not queues.any
    assert queues.of(["ann@gmail.com", "Berlin"], "ann@gmail.com") == ""


def test_a_column_that_is_not_there_is_no_zone() -> None:
    assert not RowQueues(["email"], zone_column="timezone", domains=()).any


def test_a_domain_without_a_limit_is_no_queue_and_case_is_no_difference() -> None:
    queues = RowQueues(["email"], zone_column="", domains=["gmail.com"])
    assert queues.any
    assert queues.of(["x"], "Ann@GMail.com") == "@gmail.com"
    assert queues.of(["x"], "ann@mail.gmail.com") == ""


def test_the_zone_is_what_stands_in_the_cell() -> None:
    queues = RowQueues(["email", "tz"], zone_column="tz", domains=["gmail.com"])
    assert queues.of(["x", " Asia/Tokyo "], "ann@people.example") == "Asia/Tokyo"
    assert queues.of(["x", "Asia/Tokyo"], "ann@gmail.com") == "Asia/Tokyo@gmail.com"
    assert queues.of(["x", "  "], "ann@people.example") == ""


@pytest.mark.parametrize("cell", ["a@b", "x" * 65])
def test_what_can_be_no_zones_name_is_none(cell: str) -> None:
    """Nor does it make a queue, of which there would be as many as there are rows."""
    assert zone_in(cell) == ""

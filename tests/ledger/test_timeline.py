"""The timeline: nothing that was measured is lost or counted twice, however long the run, and it stays small."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import LedgerError
from campaign.histogram import Stretch
from campaign.ledger.sql import timeline
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger_place import Place
from tests.stores import open_run

START = 1_800_000_000


@pytest.fixture
def ledger(store: Place) -> Iterator[SqlRunLedger]:
    with open_run(store) as opened:
        yield opened


def measured(begins: int, accepted: int = 1, **values: float) -> Stretch:
    return Stretch(begins=begins, accepted={5: accepted}, put_off={9: 1}, **values)  # type: ignore[arg-type]


def test_what_is_of_one_second_is_added_up(ledger: SqlRunLedger) -> None:
    ledger.add_to_timeline([measured(START, 2, rate=10.0, allowed=4.0), measured(START, 3, rate=10.0)])
    ledger.add_to_timeline([measured(START, 5, rate=8.0, allowed=6.0), measured(START + 9)])
    first, last = ledger.reader.timeline()
    assert first == Stretch(begins=START, accepted={5: 10}, put_off={9: 3}, rate=8.0, allowed=4.0)
    assert last == Stretch(begins=START + 9, accepted={5: 1}, put_off={9: 1})


def test_nothing_is_written_for_nothing(ledger: SqlRunLedger) -> None:
    ledger.add_to_timeline([])
    assert ledger.reader.timeline() == []


@settings(deadline=None, max_examples=50)
@given(
    parts=st.lists(
        st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(1, 1_000)), max_size=40), min_size=1, max_size=12
    ),
    most=st.integers(1, 30),
)
def test_a_run_of_any_length_leaves_few_stretches_and_loses_nothing(
    parts: list[list[tuple[int, int]]], most: int
) -> None:
    found: list[Stretch] = []
    for part in parts:
        found = timeline.fitted([*found, *(measured(START + second, count) for second, count in part)], most=most)
        assert len(found) <= most
    assert sum(sum(one.accepted.values()) for one in found) == sum(count for part in parts for _, count in part)
    assert len({one.seconds for one in found}) <= 1
    assert [one.begins for one in found] == sorted({one.begins for one in found})
    for part in parts:
        for second, _ in part:
            assert sum(one.begins <= START + second < one.begins + one.seconds for one in found) == 1


def test_what_is_widened_takes_the_place_of_what_was_there(ledger: SqlRunLedger) -> None:
    for first in range(0, 2 * timeline.MOST, 100):
        ledger.add_to_timeline(measured(START + second) for second in range(first, first + 100))
    found = ledger.reader.timeline()
    assert {one.seconds for one in found} == {5}
    assert sum(sum(one.accepted.values()) for one in found) == 1_000
    assert len(found) == 200


def test_a_ledger_of_an_earlier_version_has_no_timeline(ledger: SqlRunLedger) -> None:
    ledger.database.execute("DROP TABLE timeline")
    assert ledger.reader.timeline() == []


@pytest.mark.parametrize("text", ["", "[]", "null", '{"a": 1}', '{"1": "b"}'])
def test_what_makes_no_sense_is_damage(ledger: SqlRunLedger, text: str) -> None:
    ledger.database.execute("INSERT INTO timeline VALUES (1, 1, NULL, NULL, ?, '{}')", (text,))
    with pytest.raises(LedgerError, match="damaged"):
        ledger.reader.timeline()

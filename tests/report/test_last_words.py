"""The numbers of the pictures: every row once, at its time, and what was measured beside it."""

from collections import Counter
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from campaign.histogram import Stretch, bucket_of
from campaign.model import Status
from campaign.report.last_words import SETTLED, LastWords
from campaign.result_rows import FinalWord

BERLIN = ZoneInfo("Europe/Berlin")
START = 1_795_500_000


def counted(*rows: FinalWord) -> LastWords:
    words = LastWords()
    words.add(rows)
    return words


def test_bars_are_without_gaps_and_have_each_row_at_its_time() -> None:
    words = counted(("sent", START, 1, "x"), ("failed", START + 4, 3, "x"), ("sent", START + 4, 1, "x"))
    drawn = words.pictures([], BERLIN)
    assert drawn.bar_seconds == 1
    assert [bar.counts for bar in drawn.bars] == [
        {Status.SENT: 1},
        {},
        {},
        {},
        {Status.FAILED: 1, Status.SENT: 1},
    ]
    assert (words.first_sent, words.last_sent) == (START, START + 4)
    assert drawn.bars[0].begins.timestamp() == START and drawn.bars[0].begins.tzinfo == BERLIN


def test_the_first_and_the_last_message_accepted_may_have_come_back() -> None:
    words = counted(("bounced", START, 1, "x"), ("sent", START + 2, 1, "x"), ("bounced", None, 1, "x"))
    assert (words.first_sent, words.last_sent) == (START, START + 2)


def test_what_has_no_outcome_yet_is_in_no_bar() -> None:
    drawn = counted(("pending", START, 2, "x"), ("duplicate", None, 0, "x")).pictures([], BERLIN)
    assert drawn.bars == [] and drawn.tries == []
    assert [sum(one.counts.values()) for one in drawn.domains] == [2]


def test_what_was_measured_stands_in_the_bar_of_its_time() -> None:
    slow = Stretch(begins=START, accepted={bucket_of(2.0): 1}, put_off={bucket_of(30.0): 2}, rate=9.0, allowed=3.0)
    quick = Stretch(begins=START + 3, accepted={bucket_of(0.1): 99}, rate=9.0)
    first, *_, last = (drawn := counted(("sent", START, 1, "x")).pictures([slow, quick], BERLIN)).bars
    assert (first.put_off, first.rate, first.allowed) == (2, 9.0, 3.0)
    assert (last.put_off, last.rate, last.allowed) == (0, 9.0, None)
    assert first.time_to_accept is not None and first.time_to_accept.median > 1.8
    whole = drawn.time_to_accept
    assert whole is not None and whole.messages == 100 and whole.p99 < 0.2
    assert [(one.up_to, one.count) for one in drawn.waits if one.count] == [(60.0, 2)]


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(list(Status)), st.none() | st.integers(0, 10**7), st.integers(0, 30), st.just("x.example")
        ),
        max_size=80,
    )
)
def test_nothing_is_lost_however_long_the_run(rows: list[tuple[Status, int | None, int, str]]) -> None:
    words = LastWords()
    for word, second, tries, domain in rows:
        words.add([(word.value, None if second is None else START + second, tries, domain)])
    drawn = words.pictures([], BERLIN)
    found: Counter[Status] = Counter()
    for bar in drawn.bars:
        found.update(bar.counts)
    assert found == Counter(word for word, second, _, _ in rows if second is not None and word in SETTLED)
    assert len(drawn.bars) <= 61
    assert sum(sum(one.counts.values()) for one in drawn.tries) == sum(
        1 for word, _, tries, _ in rows if tries and word in SETTLED
    )


def test_time_is_told_apart_more_coarsely_where_there_is_too_much_of_it() -> None:
    words = LastWords()
    for first in range(0, 60_000, 10_000):
        words.add([("sent", START + second, 1, "x.example") for second in range(first, first + 10_000)])
    assert len(words._by_time) <= 20_000
    drawn = words.pictures([], BERLIN)
    full = [bar.counts[Status.SENT] for bar in drawn.bars[1:-1]]
    assert set(full) == {drawn.bar_seconds}
    assert sum(sum(bar.counts.values()) for bar in drawn.bars) == 60_000

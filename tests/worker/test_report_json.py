"""A worker's report as text: the same report comes out of it, whatever it says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.histogram import Stretch
from campaign.run_now import Refusal
from campaign.worker.report_json import report_from_json, report_to_json
from campaign.worker.worker_report import Event, Notice, ServerReport, StopReason, WorkerReport

NUMBERS = st.integers(0, 2**40)
MOMENTS = st.floats(0, 1e11)
WORDS = st.text(max_size=20)
COUNTS = st.dictionaries(NUMBERS, NUMBERS, max_size=3)
REPORTS = st.builds(
    WorkerReport,
    settled=st.dictionaries(WORDS, NUMBERS, max_size=3),
    deferred=NUMBERS,
    under_way=NUMBERS,
    connections=NUMBERS,
    limit=NUMBERS,
    rate=st.none() | MOMENTS,
    slowed_by=WORDS,
    fewer_by=WORDS,
    next_try_at=st.none() | MOMENTS,
    held_until=st.none() | MOMENTS,
    refusals=st.lists(st.builds(Refusal, at=MOMENTS), max_size=2).map(tuple),
    events=st.lists(st.builds(Event, at=MOMENTS, until=st.none() | MOMENTS), max_size=2).map(tuple),
    notices=st.lists(st.builds(Notice), max_size=2).map(tuple),
    trouble=st.none() | st.builds(StopReason),
    profile=st.dictionaries(WORDS, MOMENTS, max_size=3),
    timeline=st.lists(
        st.builds(Stretch, accepted=COUNTS, put_off=COUNTS, rate=st.none() | MOMENTS, allowed=st.none() | MOMENTS),
        max_size=2,
    ).map(tuple),
    suspicious=st.dictionaries(NUMBERS, WORDS, max_size=3),
    day_reached=NUMBERS,
    opens=st.none() | st.tuples(NUMBERS, WORDS),
    over=st.booleans(),
    last=st.booleans(),
    servers=st.dictionaries(WORDS, st.builds(ServerReport, rate=st.none() | MOMENTS), max_size=2),
)


@settings(max_examples=40, deadline=None)
@given(report=REPORTS)
def test_a_report_comes_back_as_it_was(report: WorkerReport) -> None:
    assert report_from_json(report_to_json(report)) == report


def test_a_report_that_says_little_is_short() -> None:
    assert report_to_json(WorkerReport(settled={"sent": 1}, last=True)) == '{"settled":{"sent":1},"last":true}'


@pytest.mark.parametrize(
    "text", ["", "[]", '{"settled":{"sent":"many"}}', '{"settled":{}', '{"moon":1}', '{"opens":[1]}']
)
def test_other_text_is_no_report(text: str) -> None:
    with pytest.raises(ValueError, match=r"report|Expecting|many|unpack"):
        report_from_json(text)

"""The report: true numbers, in words that a boss understands, and nothing in it that could run or sign anybody in."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import ResultsError
from campaign.model import Status
from campaign.pages import asset
from campaign.report import MAX_PEOPLE, Person, Reason, ReportData, headline, report_html, write_report
from tests.markup import Markup

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 11, 23, 9, tzinfo=NEW_YORK)
ANYTHING = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["</style><script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "<!--", "${css}", "$css", "\u202e"]
)


def page_of(report: ReportData) -> Markup:
    return Markup(report_html(report))


def a_report(
    counts: dict[Status, int],
    *,
    text: str = "x",
    people: int = 1,
    per_minute: tuple[tuple[datetime, int], ...] = ((START, 3),),
) -> ReportData:
    return ReportData(
        campaign=text,
        generated_at=START,
        total=sum(counts.values()),
        counts=counts,
        started_at=START,
        finished_at=START + timedelta(minutes=5),
        window=text,
        per_minute=per_minute,
        reasons=[Reason(status=Status.REJECTED, code=text, detail=text, count=2)],
        people=[
            Person(number=row, email=text, status=Status.FAILED, reason=text, message_id=text) for row in range(people)
        ],
        commands=[(text, text)],
        note=text,
    )


@pytest.mark.parametrize(
    ("counts", "answer", "rest"),
    [
        ({}, "There was nobody to mail.", "The contacts file has no rows."),
        ({Status.SENT: 4812}, "Everybody got it: 4,812 of 4,812.", "Nobody was left out, nothing is left to do."),
        (
            {Status.SENT: 4790, Status.REJECTED: 20, Status.INVALID: 2},
            "4,790 of 4,812 got it.",
            "22 did not: 20 rejected, 2 invalid.",
        ),
        (
            {Status.SENT: 1, Status.IN_DOUBT: 1},
            "1 of 2 got it.",
            "1 may have got it: in doubt.",
        ),
        (
            {Status.SENT: 1, Status.SUPPRESSED: 2, Status.DUPLICATE: 1},
            "1 of 4 got it.",
            "3 did not: 2 on a suppression list, 1 duplicate. "
            "They were left out on purpose, and nothing is left to do.",
        ),
        ({Status.PENDING: 3}, "0 of 3 got it.", "3 did not: 3 still to be sent."),
    ],
)
def test_headline(counts: dict[Status, int], answer: str, rest: str) -> None:
    assert headline(counts, sum(counts.values())) == (answer, rest)
    page = page_of(a_report(counts))
    assert page.text["h1"] == [answer]
    assert rest in page.text["p"]


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_its_words_colour_and_count(status: Status) -> None:
    report = a_report({Status.SENT: 5, status: 1234})
    page = page_of(report)
    spoken = f"1,234 {status.value.replace('_', ' ')}"
    (bar,) = [attrs for tag, attrs in page.elements if tag == "div" and attrs.get("class") == "bar"]
    assert spoken in bar["aria-label"]
    assert "1,234" in page.text["td"]
    assert f"--{status}:" in asset("report.css")
    settled = status in (Status.SENT, Status.SUPPRESSED, Status.DUPLICATE)
    assert ("li" in page.tags) is not settled  # what is left to do is said


@settings(max_examples=60)
@given(text=ANYTHING)
def test_no_value_becomes_markup(text: str) -> None:
    counts = dict.fromkeys(Status, 1)
    hostile, plain = page_of(a_report(counts, text=text or "x")), page_of(a_report(counts))
    assert hostile.tags == plain.tags
    assert "script" not in hostile.tags
    assert [sorted(attrs) for _, attrs in hostile.elements] == [sorted(attrs) for _, attrs in plain.elements]


def test_nothing_loads_from_outside() -> None:
    html = report_html(a_report(dict.fromkeys(Status, 1)))
    page = Markup(html)
    (policy,) = [attrs["content"] for _, attrs in page.elements if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert page.attributes("src") == page.attributes("href") == []
    assert "http:" not in html
    assert "https:" not in html


@pytest.mark.parametrize(
    "quoted",
    [
        "https://acme.example/sso?identifier=a%40x.example&strategy=email&token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln",
        "token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln",
        "http://acme.example/sso?token=abc",
    ],
)
def test_a_link_that_a_server_quotes_is_taken_out(quoted: str) -> None:
    html = report_html(a_report({Status.REJECTED: 1}, text=f"554 5.7.1 spam: <{quoted}> refused"))
    assert "eyJ" not in html
    assert "token=" not in html
    assert "554 5.7.1 spam: &lt;[link removed]" in html


@given(total=st.integers(1, 10**7), data=st.data())
def test_shares_never_claim_all_or_none_falsely(total: int, data: st.DataObject) -> None:
    sent = data.draw(st.integers(0, total))
    page = page_of(a_report({Status.SENT: sent, Status.FAILED: total - sent}))
    share = next(text for text in page.text["td"] if text.endswith("%")).replace("\xa0%", "")
    assert (share == "100.0") is (sent == total)
    assert (share == "0.0") is (sent == 0)


def bars_of(*per_minute: tuple[datetime, int]) -> list[tuple[float, float]]:
    page = page_of(a_report({Status.SENT: 1}, per_minute=per_minute))
    return [(float(a["x"]), float(a["height"])) for tag, a in page.elements if tag == "rect"]


def test_chart_has_a_bar_for_each_minute_in_proportion() -> None:
    bars = bars_of((START, 50), (START + timedelta(minutes=3), 100))
    assert [round(x) for x, _ in bars] == [0, 3]
    assert [height for _, height in bars] == [50, 100]
    assert bars_of() == []


@settings(max_examples=50)
@given(minutes=st.lists(st.integers(0, 20_000), min_size=1, max_size=30, unique=True).map(sorted))
def test_chart_of_any_length_stays_small_and_loses_nothing(minutes: list[int]) -> None:
    bars = bars_of(*((START + timedelta(minutes=minute), 60) for minute in minutes))
    each = -(-(minutes[-1] - minutes[0] + 1) // 120)
    expected = Counter((minute - minutes[0]) // each for minute in minutes)
    assert [round(x) for x, _ in bars] == sorted(expected)
    assert all(x < 120 for x, _ in bars)
    highest = max(expected.values())
    assert [height for _, height in bars] == pytest.approx(
        [100 * expected[place] / highest for place in sorted(expected)], abs=0.01
    )


def test_chart_goes_through_a_clock_change() -> None:
    before = datetime(2026, 11, 1, 1, 55, tzinfo=NEW_YORK)  # EDT; at 02:00 it is 01:00 EST
    moments = [(before.astimezone(UTC) + timedelta(minutes=minute)).astimezone(NEW_YORK) for minute in (0, 4, 5, 9)]
    assert moments[-1].hour == 1
    assert [round(x) for x, _ in bars_of(*((moment, 10) for moment in moments))] == [0, 4, 5, 9]


def test_length_and_average_are_right() -> None:
    text = page_of(a_report({Status.SENT: 1500})).text["dd"]
    assert "5 min 0 s" in text
    assert "300 messages a minute" in text


def test_names_the_first_and_says_that_there_are_more() -> None:
    many = page_of(a_report({Status.FAILED: 5000}, people=MAX_PEOPLE + 50))
    assert "The first 200 of 5,000" in " ".join(many.text["p"])
    assert many.tags.count("tr") == page_of(a_report({Status.FAILED: 1})).tags.count("tr") + MAX_PEOPLE - 1
    assert "The first" not in " ".join(page_of(a_report({Status.FAILED: 1})).text["p"])


def test_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    report = a_report({Status.SENT: 1})
    path = tmp_path / "report.html"
    path.write_text("older")
    write_report(path, report)
    assert path.read_text("utf-8") == report_html(report)
    (tmp_path / "taken").mkdir()
    for unwritable in (tmp_path / "taken", tmp_path / "missing" / "report.html"):
        with pytest.raises(ResultsError) as caught:
            write_report(unwritable, report)
        assert caught.value.where == str(unwritable)
        assert caught.value.fix
    assert {entry.name for entry in tmp_path.iterdir()} == {"report.html", "taken"}

"""The pictures in words: what they say of themselves is true, and the table has the numbers that are drawn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from campaign.evidence import LaterWords
from campaign.model import Status
from campaign.report import Pictures, ReportData, TimeToAccept
from campaign.report.by_kind import domains, refusals, retries
from campaign.report.data import Bar, DomainRows, OtherDomains, Refusals, TriesNeeded, Waits
from campaign.report.over_time import pictures_over_time, took
from tests.markup import Markup

START = datetime(2026, 11, 26, 9, tzinfo=UTC)
QUICK = TimeToAccept(messages=10, median=0.05, p95=0.2, p99=3.0)


def report(pictures: Pictures, sent: int = 10) -> ReportData:
    return ReportData(campaign="small", generated_at=START, total=sent, counts={Status.SENT: sent}, pictures=pictures)


def bar(place: int, sent: int = 5, **values: float) -> Bar:
    begins = START + timedelta(minutes=place)
    return Bar(begins=begins, counts={Status.SENT: sent}, time_to_accept=QUICK, **values)  # type: ignore[arg-type]


def words(html: str) -> str:
    return " ".join(Markup(html).text.get("p", []))


def cells(html: str) -> list[str]:
    return Markup(html).text["td"]


def test_without_numbers_there_are_no_pictures() -> None:
    nothing = report(Pictures())
    assert [draw(nothing) for draw in (pictures_over_time, refusals, domains, retries)] == ["", "", "", ""]


def test_rates_are_averages_of_a_bar_with_your_limit_and_what_was_left_of_it() -> None:
    html = pictures_over_time(report(Pictures(bar_seconds=60, bars=[bar(0, 120, rate=5.0, allowed=2.5), bar(1, 30)])))
    assert "averaged over a minute" in words(html)
    assert "the lowest rate of the time" in words(html)
    assert cells(html)[2:5] == ["2.0", "5.0", "2.5"]
    assert cells(html)[5:8] == ["0.5", "–", "–"]


def test_where_no_rate_was_set_that_is_said() -> None:
    assert "No rate was set." in words(pictures_over_time(report(Pictures(bars=[bar(0), bar(1)]))))


@pytest.mark.parametrize(("sent", "said"), [(10, False), (11, True), (9, True)])
def test_it_is_said_where_not_all_that_was_sent_was_measured(sent: int, said: bool) -> None:
    html = pictures_over_time(report(Pictures(bars=[bar(0), bar(1)], time_to_accept=QUICK), sent))
    assert ("Measured for 10 messages" in words(html)) is said
    assert "Half of the messages took no longer than about 50 ms, 95 of 100 no longer than 200 ms" in words(html)


def test_what_came_back_was_accepted_as_fast_as_the_rest_and_measured() -> None:
    bars = [replace(bar(place), counts={Status.SENT: 60, Status.BOUNCED: 60}) for place in (0, 1)]
    data = replace(
        report(Pictures(bar_seconds=60, bars=bars, time_to_accept=QUICK)), counts={Status.SENT: 7, Status.BOUNCED: 3}
    )
    html = pictures_over_time(data)
    assert "2.0" in cells(html) and "Measured for" not in words(html)
    assert "Those that bounced stand where they were accepted." in words(html)
    fewer = replace(data, counts={Status.SENT: 7, Status.BOUNCED: 4}, afterwards=LaterWords(recorded_at=1))
    said = words(pictures_over_time(fewer))
    assert "while 11 rows are sent or came back:" in said and "nor is there a measure for what was in doubt." in said


def test_one_stretch_alone_is_drawn_as_bars() -> None:
    html = pictures_over_time(report(Pictures(bars=[bar(0)], time_to_accept=QUICK)))
    titles = Markup(html).text["title"]
    assert titles.count("99th percentile: 3.0 s") == 2
    assert "How fast" not in html


def test_other_domains_are_drawn_unless_they_dwarf_the_rest() -> None:
    def drawn(others: int) -> str:
        return domains(
            report(
                Pictures(
                    domains=[DomainRows(domain="a.example", counts={Status.SENT: 10})],
                    other_domains=OtherDomains(domains=7, counts={Status.SENT: others}),
                )
            )
        )

    assert "7 other domains: 20 sent" in drawn(20)
    assert "7 other domains: 99 sent" not in drawn(99)
    assert "Not drawn, since they would dwarf the rest: 7 other domains, with 99 rows." in words(drawn(99))
    assert "99" in cells(drawn(99))


def test_only_the_commonest_codes_are_drawn_and_all_are_told() -> None:
    found = [
        Refusals(code=f"55{number} 5.1.1", counts={Status.REJECTED: 20 - number}, detail="No") for number in range(15)
    ]
    html = refusals(report(Pictures(refusals=found)))
    assert "The 12 commonest of 15 are drawn." in words(html)
    assert len(cells(html)) == 15 * 2
    assert Markup(html).tags.count("rect") == 12 * 2


def test_who_needed_one_try_is_told_and_not_drawn() -> None:
    html = retries(
        report(
            Pictures(
                tries=[
                    TriesNeeded(tries=1, counts={Status.SENT: 990}),
                    TriesNeeded(tries=3, counts={Status.SENT: 4, Status.FAILED: 6}),
                ],
                waits=[Waits(up_to=60.0, count=2), Waits(up_to=None, count=0)],
            )
        )
    )
    assert "10 rows, by the tries that they took; 990 took one." in words(html)
    assert "3 tries: 6 failed" in Markup(html).text["title"]
    assert "longer" not in Markup(html).text["text"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0004, "0.4 ms"), (0.05, "50 ms"), (1.25, "1.2 s"), (59.0, "59.0 s"), (60, "1 min"), (95, "1 min 35 s"),
     (3_600, "1 h"), (5_400, "1 h 30 min")],
)  # fmt: skip
def test_lengths_of_time_are_said_shortly(seconds: float, said: str) -> None:
    assert took(seconds) == said

"""The report: true numbers, in words that a boss understands, and nothing in it that could run or sign anybody in."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import ResultsError
from campaign.evidence import LaterWords
from campaign.model import Status
from campaign.pages import asset
from campaign.report import (
    MAX_PEOPLE,
    Person,
    Pictures,
    Reason,
    ReportData,
    TimeToAccept,
    headline,
    report_html,
    write_report,
)
from campaign.report.data import Bar, DomainRows, OtherDomains, Refusals, TriesNeeded, Waits
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
    partial: bool = False,
) -> ReportData:
    return ReportData(
        campaign=text,
        generated_at=START,
        total=sum(counts.values()),
        counts=counts,
        partial=partial,
        first_accepted=START,
        last_accepted=START + timedelta(minutes=5),
        window=text,
        pictures=Pictures(
            bars=[
                Bar(
                    begins=START + timedelta(minutes=minute),
                    counts={**dict.fromkeys(Status, 2)},
                    time_to_accept=TimeToAccept(messages=3, median=0.1, p95=0.2, p99=2.0),
                    put_off=1,
                    rate=10.0,
                    allowed=2.0,
                )
                for minute in range(3)
            ],
            time_to_accept=TimeToAccept(messages=9, median=0.1, p95=0.2, p99=2.0),
            tries=[TriesNeeded(tries=tries, counts={Status.SENT: 5}) for tries in (1, 3)],
            waits=[Waits(up_to=60.0, count=2), Waits(up_to=None, count=1)],
            refusals=[Refusals(code=text, counts={Status.REJECTED: 3}, detail=text)],
            domains=[DomainRows(domain=text, counts={Status.SENT: 4})],
            other_domains=OtherDomains(domains=2, counts={Status.SENT: 3}),
        ),
        reasons=[Reason(status=Status.REJECTED, code=text, detail=text, count=2, example=text)],
        people=[
            Person(number=row, line=row + 1, email=text, status=Status.FAILED, reason=text, message_id=text)
            for row in range(1, people + 1)
        ],
        all_rows=text,
        commands=[(text, text)],
        notes=[text],
    )


BY = "accepted by the mail server."


@pytest.mark.parametrize(
    ("counts", "answer", "rest"),
    [
        ({}, "There was nobody to mail.", "The contacts file has no rows."),
        ({Status.SENT: 4812}, f"All 4,812 messages were {BY}", "Nothing is left to do."),
        ({Status.SENT: 1}, f"The one message was {BY}", "Nothing is left to do."),
        (
            {Status.SENT: 4790, Status.REJECTED: 20, Status.INVALID: 2},
            f"4,790 of 4,812 messages were {BY}",
            "22 were not: 20 rejected, 2 invalid.",
        ),
        ({Status.SENT: 1, Status.IN_DOUBT: 1}, f"1 of 2 messages was {BY}", "1 may have arrived: in doubt."),
        ({Status.SENT: 1, Status.FAILED: 1}, f"1 of 2 messages was {BY}", "1 was not: 1 failed."),
        (
            {Status.SENT: 1, Status.SUPPRESSED: 2, Status.DUPLICATE: 1},
            f"The one message was {BY}",
            "Left out on purpose: 2 on a suppression list, 1 duplicate. Nothing is left to do.",
        ),
        (
            {Status.SENT: 5, Status.PENDING: 1, Status.DUPLICATE: 2},
            f"5 of 6 messages were {BY}",
            "1 was not: 1 still to be sent. Left out on purpose: 2 duplicates.",
        ),
        (
            {Status.SUPPRESSED: 3},
            "There was nobody to mail.",
            "Left out on purpose: 3 on a suppression list. Nothing is left to do.",
        ),
        ({Status.PENDING: 3}, f"0 of 3 messages were {BY}", "3 were not: 3 still to be sent."),
        ({Status.PENDING: 1}, f"0 of 1 message was {BY}", "1 was not: 1 still to be sent."),
    ],
)
def test_headline(counts: dict[Status, int], answer: str, rest: str) -> None:
    assert headline(counts, sum(counts.values())) == (answer, rest)
    page = page_of(a_report(counts))
    assert page.text["h1"] == [answer]
    assert rest in page.text["p"]


@pytest.mark.parametrize(
    ("counts", "answer", "rest"),
    [
        ({}, "Nothing was sent so far.", ""),
        ({Status.SENT: 7}, f"So far, 7 of 7 messages were {BY}", ""),
        ({Status.DUPLICATE: 1}, "Nothing was sent so far.", "Left out on purpose: 1 duplicate."),
        ({Status.SENT: 7, Status.PENDING: 2}, f"So far, 7 of 9 messages were {BY}", "2 were not: 2 still to be sent."),
    ],
)
def test_while_there_is_more_to_come_nothing_is_all_or_done(counts: dict[Status, int], answer: str, rest: str) -> None:
    assert headline(counts, sum(counts.values()), partial=True) == (answer, rest)
    assert page_of(a_report(counts, partial=True)).text["h1"] == [answer]


@given(counts=st.dictionaries(st.sampled_from(list(Status)), st.integers(0, 50)), partial=st.booleans())
def test_who_is_left_out_on_purpose_is_never_counted_as_missed(counts: dict[Status, int], partial: bool) -> None:
    """The numbers of the first sentence are the same whoever else is on a suppression list, or stands there twice."""
    left_out = {Status.SUPPRESSED, Status.DUPLICATE}
    others: dict[Status, int] = {status: count for status, count in counts.items() if status not in left_out}
    if wanted := sum(others.values()):
        assert (
            headline(counts, sum(counts.values()), partial=partial)[0] == headline(others, wanted, partial=partial)[0]
        )


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


@pytest.fixture(scope="module")
def plain() -> Markup:
    return page_of(a_report(dict.fromkeys(Status, 1)))


@settings(max_examples=30)
@given(text=ANYTHING)
def test_no_value_becomes_markup(plain: Markup, text: str) -> None:
    hostile = page_of(a_report(dict.fromkeys(Status, 1), text=text or "x"))
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


@settings(max_examples=30)
@given(total=st.integers(1, 10**7), data=st.data())
def test_shares_never_claim_all_or_none_falsely(total: int, data: st.DataObject) -> None:
    sent = data.draw(st.integers(0, total))
    page = page_of(a_report({Status.SENT: sent, Status.FAILED: total - sent}))
    share = next(text for text in page.text["td"] if text.endswith("%")).replace("\xa0%", "")
    assert (share == "100.0") is (sent == total)
    assert (share == "0.0") is (sent == 0)


def test_length_and_average_are_right() -> None:
    text = page_of(a_report({Status.SENT: 1500})).text["dd"]
    assert "5 min 0 s" in text
    assert "300 messages a minute" in text


def test_names_the_first_and_says_that_there_are_more() -> None:
    many = page_of(a_report({Status.FAILED: 5000}, people=MAX_PEOPLE + 50, text="campaign results c.toml"))
    assert "These are the first 200 of 5,000." in " ".join(many.text["p"])
    assert many.text["pre"] == ["campaign results c.toml"] * 2, "the command for the rest, and the next one"
    one = page_of(a_report({Status.FAILED: 1}))
    assert many.tags.count("tr") == one.tags.count("tr") + MAX_PEOPLE - 1
    assert "These are the first" not in " ".join(one.text["p"])
    assert one.text["pre"] == ["x"]


def test_a_row_that_needs_a_person_is_told_by_the_numbers_of_the_file() -> None:
    cells = page_of(a_report({Status.FAILED: 3}, people=3)).text["td"]
    assert "Row 2line 3" in cells


def test_words_without_end_leave_the_page_small() -> None:
    report = a_report({Status.FAILED: MAX_PEOPLE}, people=MAX_PEOPLE, text="x" * 400)
    long = replace(
        report,
        people=[replace(person, reason="y" * 100_000) for person in report.people],
        reasons=[replace(reason, detail="y" * 100_000, example="z" * 100_000) for reason in report.reasons],
    )
    assert len(report_html(long)) < len(report_html(report)) + 10_000


def test_no_link_shows_where_long_words_are_cut() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIi" * 40 + ".c2ln"
    report = a_report({Status.REJECTED: 1}, text="x" * 390 + " " + token)
    assert "eyJ" not in report_html(report)


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


def test_what_is_in_doubt_goes_by_proof() -> None:
    """Nobody is sent to look for a Message-ID: in Postfix's log it proves nothing, and others replace it."""
    (step,) = page_of(a_report({Status.IN_DOUBT: 1})).text["li"]
    assert "campaign settle" in step and "That nothing is found proves nothing" in step and "Message-ID" not in step


@pytest.mark.parametrize(
    ("counts", "answer", "rest"),
    [
        ({Status.SENT: 7, Status.BOUNCED: 1},
         "7 of 8 messages were accepted by the mail server, and have not come back.",
         "1 was accepted, and came back: bounced."),
        ({Status.SENT: 1, Status.BOUNCED: 2, Status.REJECTED: 1, Status.IN_DOUBT: 1},
         "1 of 5 messages was accepted by the mail server, and has not come back.",
         "2 were accepted, and came back: bounced. 1 was not accepted: 1 rejected. 1 may have arrived: in doubt."),
    ],
)  # fmt: skip
def test_what_came_back_is_neither_sent_nor_refused(counts: dict[Status, int], answer: str, rest: str) -> None:
    assert headline(counts, sum(counts.values())) == (answer, rest)


def test_what_came_back_has_a_section_only_where_something_is_on_record() -> None:
    nothing = report_html(a_report({Status.SENT: 5}))
    assert "What came back</h2>" not in nothing and "is not on record here" in nothing
    some = replace(a_report({Status.SENT: 1_000}), afterwards=LaterWords(complaints=1, recorded_at=0))
    page = page_of(some)
    assert "1, 0.10 % of 1,000 sent" in page.text["dd"] and "How soon messages came back" not in page.text["h3"]
    assert "nothing on record shows it came back" in report_html(some)
    later = replace(some, counts={Status.BOUNCED: 3}, afterwards=LaterWords(came_back_after={3_600: 2, None: 1}))
    assert "How soon messages came back" in page_of(later).text["h3"]

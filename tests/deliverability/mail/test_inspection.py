"""What is said of all messages together: each rule once, with the row and how many; every branch is looked at."""

import pytest

from campaign.deliverability import Severity
from campaign.deliverability.mail import Inspection
from campaign.model import Content
from tests.deliverability.mail.documents import TEXT, document

HEAD, TAIL = document("§").split("§")
BAD = '\n<a href="http://acme.example/?token=s3cret">terms</a>'
EXTRA = "\n<p>Something else</p>"
CONSTANTS = frozenset({HEAD, TAIL, BAD, EXTRA, TEXT})


def content(*middle: str, subject: str = "Your order is ready") -> Content:
    return Content(subject=subject, html=(HEAD, *middle, TAIL), text=(TEXT,))


def test_a_rule_is_told_once_however_many_rows_break_it() -> None:
    inspection = Inspection()
    for row in range(1, 101):
        inspection.look(row, content(f"Person {row}", BAD), CONSTANTS)
    (finding,) = inspection.findings()
    assert (finding.rule, finding.severity) == ("link_http", Severity.NOTE)
    assert finding.where == "body.html, as row 1 gets it: line 2, <a> to http://acme.example/…"
    assert (inspection.looked_at, inspection.messages) == (3, 100)


def test_a_branch_that_only_a_late_row_takes_is_looked_at() -> None:
    inspection = Inspection()
    for row in range(1, 40_001):
        inspection.look(row, content("x", *([BAD] if row == 40_000 else [])), CONSTANTS)
    (finding,) = inspection.findings()
    assert finding.where.startswith("body.html, as row 40,000 gets it: line 2, <a>")
    assert finding.where.endswith(" (in 1 of 4 messages looked at)")


def test_after_some_seconds_of_the_processor_no_further_message_is_looked_at() -> None:
    seconds = iter(range(0, 1000, 6))
    inspection = Inspection(clock=lambda: float(next(seconds)))
    for row in range(1, 101):
        inspection.look(row, content("x"), CONSTANTS)
    assert (inspection.looked_at, inspection.messages) == (2, 100)


def test_another_place_in_another_row_is_told_as_well_and_the_same_one_is_not() -> None:
    inspection = Inspection()
    inspection.look(1, content(BAD), CONSTANTS)
    inspection.look(2, content(EXTRA, BAD), CONSTANTS)
    inspection.look(3, content(EXTRA, BAD, BAD.replace("acme", "other")), CONSTANTS)
    (finding,) = inspection.findings()
    places = "line 2, <a> to http://acme.example/…; line 4, <a> to http://other.example/… (row 3)"
    assert finding.where == f"body.html, as row 1 gets it: {places}"


def test_many_places_are_counted() -> None:
    inspection = Inspection()
    inspection.look(7, content(*(BAD.replace("acme", f"a{number}") for number in range(9))), CONSTANTS)
    (finding,) = inspection.findings()
    assert finding.where.count("line ") == 3 and finding.where.endswith("; and 6 more")


def test_so_many_shapes_are_looked_at_and_no_more() -> None:
    pieces = [f"<p>{number}</p>" for number in range(200)]
    inspection = Inspection()
    for row, piece in enumerate(pieces, 1):
        inspection.look(row, content(piece), CONSTANTS | set(pieces))
    assert (inspection.looked_at, inspection.messages) == (50, 200)


def test_what_is_long_is_looked_at_once() -> None:
    long = "<p>word</p>" * 500_000
    inspection = Inspection()
    for row in (1, 2, 3):
        inspection.look(row, Content(subject="Your order", html=(), text=(long,)), frozenset())
    assert inspection.looked_at == 1


def test_the_subject_is_looked_at_in_every_row() -> None:
    inspection = Inspection()
    for row in range(1, 1_001):
        inspection.look(row, content(subject="x" * (90 if row > 998 else 20)), CONSTANTS)
    (finding,) = inspection.findings()
    assert finding.rule == "subject_long"
    assert finding.where == "subject.txt, as row 999 gets it (in 2 of 1,000 messages)"


@pytest.mark.parametrize(("rows", "severity"), [(5, Severity.WRONG), (1, Severity.NOTE)])
def test_what_was_not_filled_in_is_wrong_where_everybody_would_get_it(rows: int, severity: Severity) -> None:
    inspection = Inspection()
    for row in range(1, 6):
        inspection.look(row, content(subject="Hello {{ name }}" if row <= rows else "Hello Ada"), CONSTANTS)
    (finding,) = inspection.findings()
    assert (finding.rule, finding.severity) == ("placeholder", severity)


def test_html_and_text_are_told_in_one_finding_with_their_files() -> None:
    inspection = Inspection(unsubscribe_mailto="u@acme.example")
    inspection.look(1, content(), CONSTANTS)
    (finding,) = inspection.findings()
    assert finding.where == "body.html, as row 1 gets it: the HTML; body.txt, as row 1 gets it: the text"
    assert finding.what and finding.fix


def test_a_message_without_html_has_only_the_rules_of_text() -> None:
    inspection = Inspection()
    inspection.look(1, Content(subject="Your order", html=(), text=("Hi <br>",)), frozenset())
    assert [one.rule for one in inspection.findings()] == ["text_empty", "text_markup"]

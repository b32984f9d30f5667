"""What a check finds, for people: where it is, and what to do, on lines of their own."""

import pytest

from campaign.deliverability import Finding, Severity
from campaign.terminal.findings import FindingsConsole


def found_in_every_way(console: FindingsConsole) -> None:
    console.found(Finding(severity=Severity.OK, rule="window", what="open"))
    console.found(Finding(severity=Severity.NOTE, rule="contacts_odd", what="odd"))
    console.detail("  more")
    console.found(Finding(severity=Severity.HINT, rule="spf", what="so so", where="body.html", fix="make it shorter"))
    console.found(Finding(severity=Severity.WRONG, rule="settings", what="it is missing", where="the environment"))


LINES = [
    "ok     window: open",
    "note   odd",
    "  more",
    "hint   so so",
    "       where: body.html",
    "       to do: make it shorter",
    "WRONG  it is missing",
    "       where: the environment",
]


@pytest.mark.parametrize("aside", [False, True])
def test_a_person_is_told_where_and_what_to_do(capsys: pytest.CaptureFixture[str], aside: bool) -> None:
    found_in_every_way(FindingsConsole(title="small", aside=aside))
    said = capsys.readouterr()
    assert (said.err if aside else said.out).splitlines() == LINES
    assert (said.out if aside else said.err) == ""

"""Faults of templates, told at once."""

from campaign.content import as_one_error
from campaign.content.lint import Fault


def test_one_that_stands_in_several_places_is_told_once_with_all_of_them() -> None:
    places = ("subject.txt line 1", "body.html line 3", "subject.txt line 1")
    error = as_one_error([Fault(what="there is no column 'nam'", where=where, fix="correct it") for where in places])
    assert (error.what, error.where, error.fix) == (
        "there is no column 'nam'",
        "subject.txt line 1, body.html line 3",
        "correct it",
    )


def test_several_are_told_one_a_line_and_ten_of_them_by_name() -> None:
    faults = [
        Fault(
            what=f"there is no column 'c{number}'", where=f"body.txt line {number}", fix="correct the template; or not"
        )
        for number in range(13)
    ]
    error = as_one_error(faults)
    first, *lines = error.what.splitlines()
    assert first == "the templates name what there isn't:"
    assert lines[0] == "  body.txt line 0: there is no column 'c0'" and lines[9].endswith("'c9'")
    assert lines[10:] == ["  and 3 more"]
    assert (error.where, error.fix) == ("message.template", "correct the template; or not")

"""A page on a terminal: what a reader of 80 columns, or of a light ground, needs of it."""

import re

import pytest

from campaign.commands.guide import SUBJECTS, page
from campaign.terminal.pager import laid_out

ANSI = re.compile(r"\x1b\[([\d;]*)m")


def plain(markdown: str, width: int = 80) -> str:
    """A page without its colours and the blanks at the ends of lines."""
    text = ANSI.sub("", laid_out(markdown, width=width, colour=True))
    return "\n".join(line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("width", [40, 80, 300])
def test_no_line_is_wider_than_the_terminal_and_none_too_wide_to_read(subject: str, width: int) -> None:
    assert max(map(len, plain(page(subject), width).splitlines())) <= min(width, 100)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_nothing_has_a_ground_of_its_own_so_that_light_and_dark_will_do(subject: str) -> None:
    for codes in ANSI.findall(laid_out(page(subject), width=80, colour=True)):
        grounds = {str(code) for code in (*range(40, 49), *range(100, 108))}
        assert not grounds & set(codes.split(";")), codes


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_word_of_the_page_is_there(subject: str) -> None:
    shown = set(re.findall(r"\w+", plain(page(subject), 300)))
    written = re.sub(r"(?s)<!--.*?-->|\]\([^)]*\)|^ *```\w*$", "", page(subject))
    written = re.sub(r"(?m)^ *```\w*$|^#+ ", "", written)
    assert set(re.findall(r"\w+", written)) <= shown | {"3", "4"}


def test_the_cells_of_a_table_wrap_in_their_columns() -> None:
    table = f"| a | b |\n| --- | --- |\n| `name` | {'word ' * 30}|\n"
    lines = plain(table, 40).splitlines()
    cells = [line for line in lines if "word" in line]
    assert len(cells) > 3
    assert len({line.index("word") for line in cells}) == 1


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [statuses](statuses.md).", "See campaign guide statuses."),
        ("See [the words](statuses.md#the-statuses).", "See the words (campaign guide statuses)."),
        ("See [first-send](first-send.md).", "See campaign guide first-send."),
        ("See [README](../../README.md).", "See README."),
        ("See [Jinja2](https://jinja.example).", "See Jinja2 (https://jinja.example)."),
    ],
)
def test_a_link_to_a_page_is_the_command_that_shows_it(written: str, shown: str) -> None:
    assert plain(written).strip() == shown


def test_code_is_shown_as_it_stands_and_without_colours() -> None:
    text = laid_out('```json\n{"a": 1}\n```\n', width=80, colour=True)
    assert ' {"a": 1}' in text
    assert not re.search(r"\x1b\[[\d;]*3[0-7]", text)


def test_no_colour_keeps_what_is_bold() -> None:
    text = laid_out("**this** and `that`\n", width=80, colour=False)
    assert text.startswith("\x1b[1mthis\x1b[0m and \x1b[1mthat\x1b[0m")

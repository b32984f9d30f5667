"""The line about large files: on a terminal alone, and gone at the end."""

import io
from dataclasses import dataclass

from campaign.terminal.reading_line import ReadingLine


class Terminal(io.StringIO):
    """One that somebody looks at."""

    def isatty(self) -> bool:
        return True


@dataclass
class File:
    name: str
    read_so_far: int = 0


def test_it_says_how_far_the_reading_is_and_nothing_of_what_is_over_at_once() -> None:
    seconds = [0.0]
    with ReadingLine(stream=io.StringIO(), clock=lambda: seconds[0]) as line:
        assert line.words() == ""
        line.reads(first := File("mail.log"))
        assert line.words() == ""
        seconds[0] = 1.0
        assert line.words() == "reading mail.log"
        first.read_so_far = 1_200_000
        assert line.words() == "reading mail.log: 1,200,000 lines"
        line.reads(File("mail.log.1"))
        assert line.words() == "reading mail.log.1, after 1 other file"


def test_it_is_shown_on_a_terminal_alone_and_taken_away() -> None:
    seconds = [0.0]
    watched, unwatched = Terminal(), io.StringIO()
    for stream in (watched, unwatched):
        with ReadingLine(stream=stream, clock=lambda: seconds[0]) as line:
            line.reads(File("mail.log"))
    assert watched.getvalue().endswith("\r\x1b[K") and not unwatched.getvalue()

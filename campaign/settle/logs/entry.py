"""`LogEntry`: one line of a log, whatever form it was written in. A value; nothing here raises."""

from typing import NamedTuple


class LogEntry(NamedTuple):
    """Who said what, and when. A tuple, since there are many."""

    moment: int
    """Unix seconds."""
    host: str
    """As the log names it; empty where it names none."""
    program: str
    """The syslog tag without the process: "postfix/cleanup", "exim", "sm-mta"."""
    pid: str
    """Of the process; empty where none stands there."""
    text: str
    """What was said, and nothing before it."""
    place: str
    """The file and the line, for a person."""

"""Exim's main log as Exim itself writes it, with its own stamp and no syslog: `/var/log/exim4/mainlog`.

    2026-11-26 21:00:00 1xWhgB-0004XS-2g <= bounces@acme.example …
    2026-11-26 21:00:00.123 +0100 [4711] 1xWhgB-0004XS-2g Completed         log_timezone, +millisec, +pid

In: octets. Out: where a line's text begins, behind the stamp. Raises nothing; linear. Of its other two files, rejectlog
and paniclog, no line proves anything: what they tell of was not taken, or is told here as well. They are known so that
the whole folder can be named.
"""

import re

_ID = rb"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
_STAMP = rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,3})?(?: [+-]\d{4})?) "
_PID = rb"(?:\[(\d{1,10})\] )?"
_line = re.compile(_STAMP + _PID + rb"(?=" + _ID + rb" )").match
_stamp = re.compile(_STAMP).match
_name = re.compile(r"(?:exim4?[_-]?)?(?:main|reject|panic)\.?log(?:[.-].*)?").fullmatch
_story = re.compile(rb"^" + _STAMP + _PID + _ID + rb" (?:<= |=> |-> |>> |\*\* |== |Completed)", re.MULTILINE).search


def is_exims(name: str, sample: bytes) -> bool:
    """Whether a file that begins so is one of Exim's: its first line has a stamp, and some message's story is in it, or
    it has the name of such a file.
    """
    return first_stamp(sample) != "" and (_name(name) is not None or _story(sample) is not None)


def first_stamp(sample: bytes) -> str:
    """Give the stamp of the first line; nothing where it has none."""
    found = _stamp(sample)
    return found[1].decode("ascii") if found else ""


def split(line: bytes) -> tuple[str, str, bytes] | None:
    """Give stamp, process and text of a line about a message; None for any other line."""
    if line[4:5] != b"-" or line[10:11] != b" " or (found := _line(line)) is None:
        return None
    return found[1].decode("ascii"), (found[2] or b"").decode("ascii"), line[found.end() :]

"""The messages of an mbox file, one at a time.

In: an `EvidenceFile`. Out: the line that each message begins at, and its octets, lines ended by LF. A message begins at
a line `From SENDER DATE` at the start or after an empty line (RFC 4155); `>From ` in a body is unquoted by one `>`, as
mboxrd has it, and mboxo nearly. One that is too large is told and left out, so memory stays flat. Raises OSError where
the file can't be opened.
"""

import re
from collections.abc import Iterator

from campaign.settle.evidence_file import EvidenceFile

BOM = b"\xef\xbb\xbf"
"""What some programs of Windows put before a text."""
LARGEST = 25 * 1024 * 1024
"""Octets of a message: what servers take at most, as a rule."""
_DAYS = b"Mon|Tue|Wed|Thu|Fri|Sat|Sun"
separator = re.compile(rb"From \S{1,320} +(?:" + _DAYS + rb"),? .{10,40}$").match
"""A line between two messages. That of a letter ("From now on …") has no date in it."""
_quoted = re.compile(rb">+From ").match


def messages(file: EvidenceFile) -> Iterator[tuple[int, bytes]]:
    """Give line number and octets of each message."""
    start = 0
    lines: list[bytes] = []
    size = 0
    after_empty = True
    for number, line in file.lines():
        line = line.removeprefix(BOM) if number == 1 else line
        if after_empty and separator(line):
            if start and size <= LARGEST:
                yield start, b"\n".join(lines)
            start, size, after_empty = number, 0, False
            lines.clear()
            continue
        after_empty = not line
        if size > LARGEST:
            continue
        size += len(line) + 1
        if size > LARGEST:
            lines.clear()
            file.fault("a message is too large to be a report", start, "it was left out; those after it were read")
        else:
            lines.append(line[1:] if _quoted(line) else line)
    if start and size <= LARGEST:
        yield start, b"\n".join(lines)

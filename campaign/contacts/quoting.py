"""Quotation marks in a CSV: which lines make up a record, and which marks can't be trusted.

Takes the lines of a file from its first record on; gives the same lines, well-formed as RFC 4180 section 2 has it: a
cell in quotes ends before a delimiter or a line end. A line that is not, but stands alone, is read as Excel reads it,
written anew, and its fault noted; its row will not be mailed. Nor will one with a space before its quotation mark,
which makes the mark part of the text.
Raises `ContactsError` where quotes run over line ends and nobody can say where they were meant to end: people in those
lines would be lost in one cell.

Limits: outside quotes LF, CRLF and CR all end a line, whichever the rest of the file uses. A quote that was left open
and happens to meet a well-placed one is noticed only if a line within reads as a whole row, with an address where
addresses stand; a text in quotes that really holds such a line is refused with it.
"""

import csv
import re
from collections.abc import Iterator

from campaign.contacts.addresses import parse_address
from campaign.contacts.encoding import without_unreadable
from campaign.errors import ContactsError

MISPLACED = "line {line} has a quotation mark inside a quoted cell: write it twice there"
SPACED = "line {line} has a space between a delimiter and a quotation mark: take it out"
_FIX = "close the quote, or write a quotation mark that belongs to the text twice; then run again"


class QuotedLines:
    """The lines of one file, in order, each checked as it passes.

    `faults` holds, by line number, what is wrong with lines that were written anew; whoever reads them takes it out.
    `spans_lines` tells whether any record so far went over more than one line.
    """

    def __init__(self, *, delimiter: str, width: int, email_index: int, where: str) -> None:
        self.faults: dict[int, str] = {}
        self.spans_lines = False
        self._delimiter = delimiter
        self._width = width
        self._email_index = email_index
        self._where = where
        d = re.escape(delimiter)
        inside = r'[^"]*+(?:""[^"]*+)*+'
        cell = rf'(?:"{inside}"|[^"{d}\r\n][^{d}\r\n]*+)?+'
        rest = rf"(?:{d}{cell})*+(?:\r\n|\r|\n)?+"
        opening = rf'(?:{cell}{d})*?"{inside}'
        self._is_whole = re.compile(cell + rest).fullmatch
        space, end = r"[ \u00a0]" if delimiter == "\t" else r"[ \t\u00a0]", rf"(?:{d}|[\r\n]|\Z)"
        self._is_spaced = re.compile(rf'(?:{cell}{d})*?{space}++"(?:[^"\r\n]|"")*+(?:"{space}*+)?+{end}').match
        self._opens = re.compile(rf'((?:{cell}{d})*+)"{inside}').fullmatch
        self._closes = re.compile(rf'{inside}"{rest}').fullmatch
        self._stays_open = re.compile(rf'{inside}(?:"{d}{opening})?').fullmatch

    def pass_through(self, lines: Iterator[str], *, first: int) -> Iterator[str]:
        """Give `lines`, of which the next is the file's line number `first`."""
        opened_on = 0
        for number, line in enumerate(lines, first):
            if opened_on:
                if self._closes(line):
                    opened_on = 0
                elif not self._stays_open(line):
                    raise self._misplaced(opened_on)
                elif self._reads_as_row(line):
                    raise self._swallowing(opened_on)
            elif '"' in line and not self._is_whole(line):
                opens = self._opens(line)
                if opens is None:
                    yield self._rewritten(line, number)
                    continue
                opened_on, self.spans_lines = number, True
                # An open quote in the last cell looks like this rightly; before it, the line should have gone on.
                before = opens.group(1).count(self._delimiter)
                if before <= self._email_index and before < self._width - 1 and self._reads_as_row(line):
                    raise self._swallowing(opened_on)
            elif '"' in line and self._is_spaced(line):
                self.faults[number] = SPACED.format(line=number)
            yield line
        if opened_on:
            raise ContactsError(
                "a quotation mark opens a cell and is never closed: the rest of the file would be part of that cell",
                where=f"{self._where}, line {opened_on}",
                fix=_FIX,
            )

    def _reads_as_row(self, line: str) -> bool:
        """Tell if this piece of a quoted cell is a whole row to the eye, with somebody's address in its place."""
        if self._width < 2 or line.count(self._delimiter) != self._width - 1:
            return False
        cell = line.split(self._delimiter)[self._email_index]
        try:
            parse_address(cell.strip().strip('"'))
        except ValueError:
            return False
        return True

    def _rewritten(self, line: str, number: int) -> str:
        records = list(csv.reader([line, "."], delimiter=self._delimiter))
        if len(records) != 2:  # The quotes did not come out even, and the next line was drawn in.
            raise self._misplaced(number)
        self.faults[number] = MISPLACED.format(line=number)
        cells = ('"' + without_unreadable(cell).replace('"', '""') + '"' for cell in records[0])
        return self._delimiter.join(cells) + "\n"

    def _misplaced(self, opened_on: int) -> ContactsError:
        return ContactsError(
            "a quotation mark opens a cell, and the next ones don't show where it ends",
            where=f"{self._where}, line {opened_on}",
            fix=_FIX,
        )

    def _swallowing(self, opened_on: int) -> ContactsError:
        return ContactsError(
            "a quotation mark opens a cell that runs on over what look like rows of their own",
            where=f"{self._where}, line {opened_on}",
            fix=_FIX,
        )

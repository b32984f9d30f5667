"""Which messages of a campaign are looked at, and what is said of them all: one `Finding` for a rule, however many rows
break it.

In: each message's content, in the order of its row. Looked at are the first ones, and then each that a branch of the
templates is in that no earlier one had: so an `{% if %}` that only row 40,000 takes is seen. The rest costs next to
nothing. Raises nothing. Limits: what a cell brings (an http:// address in row 30,000) is seen only where its row is
looked at; of more than fifty shapes of a message the later ones are not. Subjects are looked at in every row.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

from campaign.deliverability.finding import Finding, Severity
from campaign.deliverability.mail.message import html_faults
from campaign.deliverability.mail.rules import RULES, Fault
from campaign.deliverability.mail.text import subject_rules, text_faults
from campaign.model import Content

_FIRST = 3
"""Messages that are looked at whatever their shape."""
_MOST = 50
_MOST_CHARACTERS = 2_000_000
_MOST_SECONDS = 10.0
"""Of all that are looked at; seconds of the processor. One is looked at however long it is, or takes."""
_SHOWN = 3
"""Places that are named."""
_LINE = re.compile(r"\bline \d+")
SUBJECT_FILE = "subject.txt"


@dataclass(slots=True)
class _Found:
    """One rule, as it was broken in one file."""

    row: int
    """The first one."""
    places: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    """The places without their lines, which differ from message to message."""
    messages: int = 0

    def add(self, row: int, places: Iterable[str]) -> None:
        self.messages += 1
        for place in places:
            kind = _LINE.sub("", place)
            if row == self.row or kind not in self.kinds:
                self.places.append(place if row == self.row else f"{place} (row {row:,})")
            self.kinds.add(kind)


@dataclass(slots=True, kw_only=True)
class Inspection:
    """Looks at a campaign's messages, one after the other."""

    unsubscribe_mailto: str | None = None
    html_file: str = "body.html"
    text_file: str = "body.txt"
    """`html_file` again, where the text is made from the HTML."""
    looked_at: int = 0
    messages: int = 0
    clock: Callable[[], float] = time.process_time
    """Seconds."""
    _characters: int = 0
    _seconds: float = 0.0
    _shapes: set[frozenset[str]] = field(default_factory=set)
    _found: dict[tuple[str, str], _Found] = field(default_factory=dict)
    """By the name of the rule, and the file."""

    def look(self, row: int, content: Content, constants: frozenset[str]) -> None:
        """Look at a row's message, or see that there is no need. `constants`: the pieces of the templates that are the
        same in every message.
        """
        self.messages += 1
        for rule in subject_rules(content.subject):
            self._add(row, SUBJECT_FILE, [Fault(rule=rule, place="")])
        if not self._is_new(content, constants):
            return
        began = self.clock()
        self.looked_at += 1
        html, text = "".join(content.html), "".join(content.text)
        self._characters += len(html) + len(text)
        found = html_faults(
            html, text, unsubscribe_url=content.unsubscribe_url, unsubscribe_mailto=self.unsubscribe_mailto
        )
        by_file: dict[str, list[Fault]] = {}
        for fault in found:
            by_file.setdefault(self.text_file if fault.place == "the text" else self.html_file, []).append(fault)
        is_own = self.text_file != self.html_file
        by_file.setdefault(self.text_file, []).extend(text_faults(text, is_own=is_own))
        for file, faults in by_file.items():
            self._add(row, file, faults)
        self._seconds += self.clock() - began

    def _is_new(self, content: Content, constants: frozenset[str]) -> bool:
        if self.looked_at >= _MOST or self._characters > _MOST_CHARACTERS or self._seconds > _MOST_SECONDS:
            return False
        shape = constants.intersection(chain(content.html, content.text))
        is_new = shape not in self._shapes
        self._shapes.add(shape)
        return is_new or self.messages <= _FIRST

    def _add(self, row: int, file: str, faults: Iterable[Fault]) -> None:
        by_rule: dict[str, list[str]] = {}
        for fault in faults:
            by_rule.setdefault(fault.rule.name, []).append(fault.place)
        for rule, places in by_rule.items():
            self._found.setdefault((rule, file), _Found(row)).add(row, places)

    def findings(self) -> list[Finding]:
        """Say what was found, in the order of the rules. What should not be sent is only noted where it is in some
        messages and not in others: the cells of these have it.
        """
        told = []
        for rule in RULES:
            here = {file: found for (name, file), found in self._found.items() if name == rule.name}
            if not here:
                continue
            everywhere = any(found.messages == self._of(file) for file, found in here.items())
            severity = rule.severity if everywhere else Severity.NOTE
            where = "; ".join(self._where(file, found) for file, found in here.items())
            told.append(Finding(severity=severity, rule=rule.name, what=rule.what, where=where, fix=rule.fix))
        return told

    def _of(self, file: str) -> int:
        return self.messages if file == SUBJECT_FILE else self.looked_at

    def _where(self, file: str, found: _Found) -> str:
        of = self._of(file)
        kind = "messages" if file == SUBJECT_FILE else "messages looked at"
        count = "" if found.messages == of else f" (in {found.messages:,} of {of:,} {kind})"
        places = [
            place + (f" ({times} times)" if times > 1 else "")
            for place, times in Counter(found.places).items()
            if place
        ]
        more = f"; and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
        named = f": {'; '.join(places[:_SHOWN])}{more}" if places else ""
        return f"{file}, as row {found.row:,} gets it{named}{count}"

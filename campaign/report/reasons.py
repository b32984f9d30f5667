"""Why messages were not accepted, grouped: millions of reasons in, a few lines out, and their numbers add up.

Reasons are alike that have the same status, codes and words, but for what differs from contact to contact (`wording`).
Where many are left that differ in one word, that word is left open, too. What still does not fit into `_MOST` wordings
of a code is counted as other wordings: nothing is dropped. Memory is that of the wordings, not of the rows.
Raises nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from campaign.model import Status
from campaign.report.data import Reason, Refusals
from campaign.report.wording import OPEN, without_names, without_what_differs
from campaign.report.words import ORDER

_MOST = 200
"""Wordings of one status and code."""
_MOST_CODES = 500
_ALIKE = 5
"""So many texts that differ in the same word are one."""
_MOST_TOLD = 12
"""Wordings of one status and code that have a line of their own."""
_LONGEST = 4_000
OTHERS = "in other words"


@dataclass(slots=True)
class _Group:
    example: str
    count: int = 0
    alike: bool = True
    """Whether all that are counted here have the same words."""

    def take_in(self, other: "_Group") -> None:
        self.alike = self.alike and other.alike and self.example == other.example
        self.count += other.count


class _Wordings:
    """The reasons of one status and code, by their words."""

    def __init__(self) -> None:
        self.groups: dict[str, _Group] = {}
        self._has_open_words = False
        self._full = False

    def add(self, detail: str, email: str, *, of_server: bool) -> None:
        text = without_what_differs(detail, of_server=of_server)
        if text not in self.groups:
            text = self._fitting(without_what_differs(without_names(detail, email), of_server=of_server))
        group = self.groups.get(text)
        if group is None:
            group = self.groups[text] = _Group(example=detail[:_LONGEST])
        group.alike = group.alike and group.example == detail[:_LONGEST]
        group.count += 1

    def _fitting(self, text: str) -> str:
        if text in self.groups:
            return text
        if len(self.groups) >= _MOST and not self._full:
            self.merge()
            self._full = len(self.groups) > _MOST // 2
        if self._has_open_words:
            for opened in _with_one_word_open(text):
                if opened in self.groups:
                    return opened
        return text if not self._full else OTHERS

    def merge(self) -> None:
        """Make one of those that differ in one word, where there are many of them."""
        fitting: defaultdict[str, list[str]] = defaultdict(list)
        for text in self.groups:
            for opened in _with_one_word_open(text):
                fitting[opened].append(text)
        for opened, texts in sorted(fitting.items(), key=lambda item: (-len(item[1]), item[0])):
            left = [text for text in texts if text in self.groups and text != opened]
            if len(left) >= _ALIKE or (left and opened in self.groups):
                self._has_open_words = True
                merged = self.groups.pop(opened, None) or self.groups.pop(left.pop(0))
                for text in left:
                    merged.take_in(self.groups.pop(text))
                self.groups[opened] = merged

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(group.count for group in self.groups.values())

    def commonest(self) -> tuple[str, int]:
        """Give the wording that most rows have, and how many do."""
        words, group = max(self.told().items(), key=lambda told: (told[0] != OTHERS, told[1].count))
        return words, group.count

    def told(self) -> dict[str, _Group]:
        """Give the wordings that have a line, by its words: as they are where all are the same."""
        self.merge()
        told: dict[str, _Group] = {}
        ranked = sorted(self.groups.items(), key=lambda item: (item[0] == OTHERS, -item[1].count, item[0]))
        crowded = len(ranked) > _MOST_TOLD + 1
        for place, (text, group) in enumerate(ranked):
            words = group.example if group.alike else text
            if crowded and words not in told and (place >= _MOST_TOLD or group.count == 1):
                words = OTHERS
            if words in told:
                told[words].take_in(group)
            else:
                told[words] = group
        return told


class Reasons:
    """Counts reasons, one row at a time."""

    def __init__(self) -> None:
        self._codes: dict[tuple[Status, str], _Wordings] = {}

    def add(self, status: Status, smtp_code: int | None, enhanced: str | None, detail: str, email: str = "") -> None:
        """Count a row. `email` is the address that the words may be about."""
        code = " ".join(part for part in (str(smtp_code or ""), enhanced) if part)
        if (status, code) not in self._codes and len(self._codes) >= _MOST_CODES:
            code = ""
        wordings = self._codes.get((status, code))
        if wordings is None:
            wordings = self._codes[status, code] = _Wordings()
        wordings.add(detail, email, of_server=smtp_code is not None)

    def lines(self, *, most: int = 40) -> Sequence[Reason]:
        """Give the reasons, the statuses in their order, the commonest first. Of more than `most`, the rarest are added
        up for each status.
        """
        ranked = sorted(self._told(), key=lambda reason: (-reason.count, reason.code, reason.detail))
        shown, rest = ranked[:most], ranked[most:]
        for status in dict.fromkeys(reason.status for reason in rest):
            some = [reason for reason in rest if reason.status is status]
            example = f"{some[0].code} {some[0].example or some[0].detail}".strip()
            if len(some) == 1:
                shown += some
            else:
                count = sum(reason.count for reason in some)
                words = f"{len(some):,} rarer reasons, together"
                shown.append(Reason(status=status, code="", detail=words, count=count, example=example))
        return sorted(shown, key=lambda reason: ORDER.index(reason.status))  # stable: the commonest stay first

    def by_code(self) -> list[Refusals]:
        """Give the rows by the server's code, the commonest first."""
        found: defaultdict[str, dict[Status, _Wordings]] = defaultdict(dict)
        for (status, code), wordings in self._codes.items():
            if code:
                found[code][status] = wordings
        refusals = [
            Refusals(
                code=code,
                counts={status: wordings.count for status, wordings in by_status.items()},
                detail=max((wordings.commonest() for wordings in by_status.values()), key=lambda one: one[1])[0],
            )
            for code, by_status in found.items()
        ]
        return sorted(refusals, key=lambda one: (-sum(one.counts.values()), one.code))

    def _told(self) -> Iterator[Reason]:
        for (status, code), wordings in self._codes.items():
            for words, group in wordings.told().items():
                example = "" if group.alike else group.example
                yield Reason(status=status, code=code, detail=words, count=group.count, example=example)


def _with_one_word_open(text: str) -> Iterator[str]:
    """The text with each of its words left open in turn; two at least must stand."""
    words = text.split(" ")
    if len(words) > 2:
        for place in range(len(words)):
            yield " ".join([*words[:place], OPEN, *words[place + 1 :]])

"""What a check finds out, one thing after the other: what is well, what is worth knowing, what is wrong.

In: findings of every step, and the errors that steps raise. Out: a list of `Finding`s, and each to a `CheckObserver`
as it comes. Raises nothing but what the observer does.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from campaign.deliverability import Finding, Severity
from campaign.errors import CampaignError


class CheckObserver(Protocol):
    """Whoever shows a check to a person."""

    @property
    def can_confirm(self) -> bool:
        """Whether somebody is there whom a run could ask."""

    def reading(self, rows: int) -> None:
        """Hear how many rows of the contacts file have been read."""

    def found(self, finding: Finding) -> None:
        """Hear of a finding."""

    def detail(self, words: str) -> None:
        """Hear more on the last finding; indented, where it is more than another line of it."""


class Quiet:
    """An observer that shows nothing: the findings are read at the end."""

    can_confirm = False

    def reading(self, rows: int) -> None:
        """Not shown."""

    def found(self, finding: Finding) -> None:
        """Not shown."""

    def detail(self, words: str) -> None:
        """Not shown."""


class Findings:
    """Keeps each finding, and has it shown."""

    def __init__(self, observer: CheckObserver) -> None:
        self.found: list[Finding] = []
        self.observer = observer

    @property
    def wrong(self) -> int:
        """How many things are wrong."""
        return sum(one.severity is Severity.WRONG for one in self.found)

    @property
    def notes(self) -> int:
        """How many things are worth a look."""
        return sum(one.severity is Severity.NOTE for one in self.found)

    def ok(self, subject: str, words: str) -> None:
        """Something is as it should be; `subject` is a word for what was looked at."""
        self.tell(Finding(severity=Severity.OK, rule=subject, what=words))

    def note(self, words: str, *, rule: str, where: str = "", fix: str = "") -> None:
        """Something that may be as it should be, and may not. `rule` is a short name that stays the same."""
        self.tell(Finding(severity=Severity.NOTE, rule=rule, what=words, where=where, fix=fix))

    def tell(self, finding: Finding) -> None:
        """Take a finding; of what is wrong, what was told already is not told again."""
        if finding.severity is Severity.WRONG and any(replace(one, details=()) == finding for one in self.found):
            return
        self.found.append(finding)
        self.observer.found(finding)

    def detail(self, words: str) -> None:
        """More on the last finding."""
        if self.found:
            last = self.found[-1]
            self.found[-1] = replace(last, details=(*last.details, words.strip()))
        self.observer.detail(words)

    def take(self, step: Callable[[], None]) -> None:
        """Do a step; what it raises is wrong, and no reason to stop."""
        try:
            step()
        except CampaignError as error:
            self.fault(error)

    def fault(self, error: CampaignError, *, rule: str = "") -> None:
        """Something is wrong. Without a `rule`, the error has one: the `reason` that a run would stop for, or its kind
        (`settings`).
        """
        rule = rule or error.reason or type(error).__name__.removesuffix("Error").lower()
        self.tell(Finding(severity=Severity.WRONG, rule=rule, what=error.what, where=error.where, fix=error.fix))


def counted(count: int, one: str, several: str) -> str:
    """Give a number with its noun."""
    return f"{count:,} {one if count == 1 else several}"

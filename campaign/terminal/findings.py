"""What a check finds out, one after the other: what is well, what is worth knowing, what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from campaign.deliverability import Finding, Severity
from campaign.errors import CampaignError
from campaign.terminal.stderr import say_aside
from campaign.terminal.stdout import say


@dataclass(slots=True, kw_only=True)
class Findings:
    """Says each finding as it comes, and keeps it for a program."""

    aside: bool = False
    """Whether stdout is a program's: the words go to stderr."""
    found: list[dict[str, Any]] = field(default_factory=list)
    """Each with `kind` (`ok`, `hint`, `note`, `wrong`), `rule`, `what`, `where` and `fix`, for a program."""

    @property
    def wrong(self) -> int:
        """How many things are wrong."""
        return sum(one["kind"] == "wrong" for one in self.found)

    @property
    def notes(self) -> int:
        """How many things are worth a look."""
        return sum(one["kind"] == "note" for one in self.found)

    def ok(self, subject: str, words: str) -> None:
        """Something is as it should be; `subject` is a word for what was looked at."""
        self.found.append(_finding("ok", subject, words) | {"subject": subject, "words": words})
        self.say(f"ok     {subject}: {words}")

    def note(self, words: str, *, rule: str, where: str = "", fix: str = "") -> None:
        """Something that may be as it should be, and may not. `rule` is a short name that stays the same."""
        self._note("note", words, rule, where, fix)

    def tell(self, finding: Finding) -> None:
        """Something that was found in the mail or its domains."""
        if finding.severity is Severity.OK:
            self.ok(finding.rule, finding.what)
        elif finding.severity is Severity.WRONG:
            self.fault(CampaignError(finding.what, where=finding.where, fix=finding.fix), rule=finding.rule)
        else:
            self._note(finding.severity, finding.what, finding.rule, finding.where, finding.fix)

    def detail(self, words: str) -> None:
        """More on the last finding."""
        if self.found:
            self.found[-1].setdefault("details", []).append(words.strip())
        self.say(words)

    def take(self, step: Callable[[], None]) -> None:
        """Do a step; what it raises is wrong, and no reason to stop."""
        try:
            step()
        except CampaignError as error:
            self.fault(error)

    def fault(self, error: CampaignError, *, rule: str = "") -> None:
        """Something is wrong; what was told already is not told again. Without a `rule`, the error has one: the
        `reason` that a run would stop for, or its kind (`settings`).
        """
        rule = rule or error.reason or type(error).__name__.removesuffix("Error").lower()
        fault = _finding("wrong", rule, error.what, error.where, error.fix)
        if any(fault.items() <= one.items() for one in self.found):  # it may have details by now
            return
        self.found.append(fault)
        self._say_error("WRONG ", error)

    def _note(self, kind: str, words: str, rule: str, where: str, fix: str) -> None:
        self.found.append(_finding(kind, rule, words, where, fix) | {"words": words})
        self._say_error(f"{kind}  ", CampaignError(words, where=where, fix=fix))

    def _say_error(self, kind: str, error: CampaignError) -> None:
        first, *more = str(error).splitlines()
        self.say("\n".join([f"{kind} {first}", *(f"     {line}" for line in more)]))

    def say(self, words: str) -> None:
        """Say a line."""
        if self.aside:
            say_aside(words)
        else:
            say(words)


def _finding(kind: str, rule: str, what: str, where: str = "", fix: str = "") -> dict[str, Any]:
    return {"kind": kind, "rule": rule, "what": what, "where": where, "fix": fix}


def counted(count: int, one: str, several: str) -> str:
    """Give a number with its noun."""
    return f"{count:,} {one if count == 1 else several}"

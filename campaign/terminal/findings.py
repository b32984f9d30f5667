"""What a check finds out, as a person sees it: a line or two a finding, as they come. Raises nothing."""

from campaign.deliverability import Finding, Severity
from campaign.errors import CampaignError
from campaign.terminal.console import Console
from campaign.terminal.stderr import say_aside
from campaign.terminal.stdout import say

_WORDS = {Severity.WRONG: "WRONG ", Severity.NOTE: "note  ", Severity.HINT: "hint  "}


class FindingsConsole:
    """Says each finding. As a context manager, it takes its live line away at the end."""

    def __init__(self, *, title: str, aside: bool = False) -> None:
        """`aside`: stdout is a program's, and the words go to stderr."""
        self._aside = aside
        self._console = Console(title=title, yes=False)
        self.can_confirm = self._console.can_confirm

    def reading(self, rows: int) -> None:
        """Show how many rows have been read."""
        self._console.reading(rows)

    def found(self, finding: Finding) -> None:
        """Say a finding."""
        if finding.severity is Severity.OK:
            self.say(f"ok     {finding.rule}: {finding.what}")
            return
        error = CampaignError(finding.what, where=finding.where, fix=finding.fix)
        first, *more = str(error).splitlines()
        self.say("\n".join([f"{_WORDS[finding.severity]} {first}", *(f"     {line}" for line in more)]))

    def detail(self, words: str) -> None:
        """Say more on the last finding."""
        self.say(words)

    def say(self, words: str) -> None:
        """Say a line."""
        self._console.clear()
        if self._aside:
            say_aside(words)
        else:
            say(words)

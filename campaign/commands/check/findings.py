"""What a check finds out, one after the other: what is well, what is worth knowing, what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

import typer

from campaign.errors import CampaignError


@dataclass(slots=True, kw_only=True)
class Findings:
    """Says each finding as it comes, and counts what is wrong."""

    wrong: int = 0

    def ok(self, subject: str, words: str) -> None:
        """Something is as it should be."""
        typer.echo(f"ok     {subject}: {words}")

    def note(self, words: str) -> None:
        """Something that may be as it should be, and may not."""
        typer.echo(f"note   {words}")

    def detail(self, words: str) -> None:
        """More on the last finding."""
        typer.echo(words)

    def take(self, step: Callable[[], None]) -> None:
        """Do a step; what it raises is wrong, and no reason to stop."""
        try:
            step()
        except CampaignError as error:
            self.wrong += 1
            first, *more = str(error).splitlines()
            typer.echo("\n".join([f"WRONG  {first}", *(f"     {line}" for line in more)]))


def counted(count: int, one: str, several: str) -> str:
    """Give a number with its noun."""
    return f"{count:,} {one if count == 1 else several}"

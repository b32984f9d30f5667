"""`campaign init`: a folder to start from, and what to do with it."""

from pathlib import Path

from campaign.commands.starter import make_campaign
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import say


def start_campaign(folder: Path) -> None:
    """Make the folder, and say what comes next. Raises SettingsError."""
    invocation = Invocation(program=program(), campaign=make_campaign(folder))
    say(
        f"made {invocation.campaign}\n"
        f"look at its messages:\n    {invocation.line('preview')}\n"
        f"send them to a server inside this program:\n    {invocation.line('send', '--sandbox')}"
    )

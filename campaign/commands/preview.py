"""`campaign preview`, and `send --dry-run`: everybody's message in a folder, nothing sent."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from campaign.api import Campaign
from campaign.commands.folders import refuse_stdout
from campaign.commands.json_documents import preview_document
from campaign.errors import SettingsError
from campaign.model import Status
from campaign.run.counts import show_counts
from campaign.terminal.console import Console
from campaign.terminal.first_steps import after_preview
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import show_next
from campaign.terminal.stdout import say_json

_MANY = 10_000
"""Messages, of two files each, that nobody wants to have written by mistake."""


def preview_campaign(
    path: Path,
    *,
    folder: Path | None,
    limit: int | None,
    yes: bool = False,
    overrides: Mapping[str, object] = MappingProxyType({}),
    json: bool = False,
    allow_empty: bool = False,
) -> int:
    """Write everybody's message. Gives 1 where rows can't be mailed as they stand, 3 where somebody said no to so
    many. Raises UsageError.
    """
    refuse_stdout(folder)
    campaign = Campaign.load(path, settings=overrides)
    console = Console(title=campaign.name, yes=yes)
    to = campaign.preview_folder if folder is None else folder

    def agreed(messages: int) -> bool:
        if messages <= _MANY:
            return True
        if not console.can_confirm:
            raise SettingsError(
                f"that would write {messages:,} messages, and {2 * messages:,} files",
                where=str(to),
                fix="write the first ones, with --limit 100; or say --yes",
            )
        return console.ask(f"Write {messages:,} messages to {to}? (--limit 100 writes the first ones)")

    def writing(messages: int) -> None:
        if not messages % 100:
            console.step(f"{messages:,} messages written")

    with console:
        seen = campaign.preview(
            to, limit=limit, allow_empty=allow_empty, agreed=agreed, reading=console.reading, writing=writing
        )
    if seen.declined:
        console.say("nothing was written")
        return seen.exit_code
    ready = seen.counts[Status.PENDING]
    messages = "message" if ready == 1 else "messages"
    console.say(f"{campaign.name}: {ready:,} {messages} written, none sent; the links in them sign nobody in")
    show_counts({status: seen.counts[status] for status in Status if status is not Status.PENDING}, console.say)
    for line in seen.suppression:
        console.notice(f"suppression list {line}")
    for line in seen.faults:
        console.say(f"  {line}")
    if seen.sizes.largest:
        console.say(f"  the largest message has {seen.sizes.largest:,} bytes")
    if seen.clipped:
        console.notice(seen.clipped)
    console.say(f"look at: {seen.index}")
    show_next(after_preview(Invocation(program=program(), campaign=path)), console.say)
    if json:
        say_json(preview_document(seen))
    return seen.exit_code

"""`campaign erase`: people's data taken out of all that the campaign has written; that they were mailed stays known.

Raises UsageError for whom or what is named wrongly, LedgerBusyError while a run goes on, ResultsError.
"""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from campaign.commands.json_documents import erasure_document
from campaign.commands.ledger_view import commands_now
from campaign.durations import parse_duration
from campaign.errors import UsageError
from campaign.ledger.values import ErasedPeople
from campaign.run.erase import Erasure, erase
from campaign.run.status_now import StatusNow
from campaign.settings import load_settings
from campaign.terminal.console import Console
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import Say, say, say_json

_SUFFIX = ".toml"
_WHO = "campaign erase"
_NAMED = 20


def erase_people(
    words: Sequence[str],
    *,
    older_than: str | None,
    output: Path | None,
    sandbox: bool,
    folder: Path | None,
    yes: bool,
    dry_run: bool,
    json: bool,
) -> int:
    """Take the named people's data out, or that of whoever's last word is old. `words`: campaign.toml, if it is named,
    and addresses. Gives 1 where the campaign has never had one of them, 3 where somebody said no.
    """
    path, emails = read_words(words)
    age = None if older_than is None else _read_age(older_than)
    if not emails and age is None:
        raise UsageError("nobody is named", where=_WHO, fix="name addresses, or say --older-than 90d")
    settings = load_settings(path)
    console = Console(title=settings.name, yes=yes)

    def agreed(found: ErasedPeople) -> bool:
        return console.ask(f"Take {_people(found.people)} out of {settings.name}? There is no way back.")

    def commands(now: StatusNow, of_sandbox: bool) -> list[tuple[str, str]]:
        named = output if of_sandbox == sandbox else None
        invocation = Invocation(program=program(), campaign=path, output=named, sandbox=of_sandbox)
        return commands_now(settings, now, invocation)

    with console:
        went = erase(
            settings,
            emails,
            older_than=age,
            sandbox_only=sandbox,
            output=output,
            folder=folder,
            dry_run=dry_run,
            agreed=agreed,
            commands=commands,
        )
    if went.declined:
        console.say("nothing was taken out")
    else:
        _show(settings.name, went, console=console, say=console.say if json else say)
    if json:
        say_json(erasure_document(settings.name, went))
    return went.exit_code


def read_words(words: Sequence[str]) -> tuple[Path, list[str]]:
    """Tell campaign.toml from addresses: these have an @-sign. `-`: addresses on standard input, one a line. Raises
    UsageError.
    """
    files = [word for word in words if word.endswith(_SUFFIX)]
    others = [word for word in words if not word.endswith(_SUFFIX)]
    emails = [line.strip() for line in sys.stdin if line.strip()] if "-" in others else []
    emails += [word for word in others if word != "-"]
    wrong = next((word for word in emails if "@" not in word), None)
    if wrong is not None:
        raise UsageError(
            f"this is neither an address nor a campaign.toml: {wrong!r}",
            where=_WHO,
            fix="name addresses, with their @-sign; campaign.toml stands in front of them",
        )
    if len(files) > 1:
        raise UsageError("there are two campaigns", where=f"{_WHO} {' '.join(files)}", fix="name one at a time")
    return Path(files[0]) if files else Path("campaign.toml"), emails


def _read_age(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except UsageError as error:
        raise UsageError(error.what, where="--older-than", fix=error.fix) from None


def _show(name: str, went: Erasure, *, console: Console, say: Say) -> None:
    """Say what went, and what is left."""
    would = "would be " if went.dry_run else ""
    for one in went.runs:
        found = one.found
        of = "" if one is went.runs[0] else " (the sandbox)"
        say(f"{name}{of}: {_people(found.people)} {would}erased, {_count(found.rows, 'row')}")
        if found.already:
            console.say(f"erased before: {len(found.already):,} of those named")
        if found.waiting:
            console.notice(f"{found.waiting:,} of them would still have been mailed, and will not be")
        if one.messages:
            say(f"taken out of previews: {_count(one.messages, 'message')}")
        if one.results is not None:
            say(f"written anew: {one.results}")
        if one.kept is not None:
            console.notice(f"the results had been changed; what stood in them, with people's data, is kept: {one.kept}")
    for page in went.reports:
        say(f"written anew: {page}")
    if went.unknown:
        more = f" and {len(went.unknown) - _NAMED:,} more" if len(went.unknown) > _NAMED else ""
        console.notice(f"nobody of this campaign has the address {', '.join(went.unknown[:_NAMED])}{more}")
    if not went.dry_run:
        for path in went.named:
            console.notice(f"still named in {path}")
        console.say("what no command here can reach: campaign guide privacy")


def _people(count: int) -> str:
    return _count(count, "person", "people")


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"

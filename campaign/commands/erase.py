"""`campaign erase`: people's data taken out of all that the campaign has written; that they were mailed stays known.

Raises UsageError for whom or what is named wrongly, LedgerBusyError while a run goes on, ResultsError.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign.commands.destination import SANDBOX_NOTE, sandbox_folder
from campaign.commands.json_documents import erasure_document
from campaign.commands.report import report_campaign
from campaign.durations import parse_duration
from campaign.errors import UsageError
from campaign.ledger.values import ErasedPeople
from campaign.run.erasure import ErasureOrder, ErasureSummary, MessageFolder, erase, has_ledger, still_named
from campaign.settings import Settings, load_settings, output_paths
from campaign.terminal.console import Console
from campaign.terminal.exit_codes import STOPPED
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
    campaign, emails = read_words(words)
    age = None if older_than is None else _read_age(older_than)
    if not emails and age is None:
        raise UsageError("nobody is named", where=_WHO, fix="name addresses, or say --older-than 90d")
    settings = load_settings(campaign)
    console = Console(title=settings.name, yes=yes)
    ended: list[ErasureSummary] = []

    def agreed(found: ErasedPeople) -> bool:
        if not found.rows and not found.people:
            return True
        return bool(ended) or console.ask(f"Take {_people(found.people)} out of {settings.name}? There is no way back.")

    reports = []
    with console:
        for of_sandbox in _runs(settings, output, sandbox=sandbox):
            results, _, _ = output_paths(settings, None if of_sandbox != sandbox else output, of_sandbox)
            order = ErasureOrder(
                emails=tuple(emails),
                older_than=age,
                sandbox=of_sandbox,
                output=None if of_sandbox != sandbox else output,
                folders=tuple(_folders(settings, folder, sandbox=of_sandbox)),
                dry_run=dry_run,
            )
            ended.append(erase(settings, order, now=datetime.now(UTC), agreed=agreed))
            if ended[-1].declined:
                console.say("nothing was taken out")
                return STOPPED
            page = results.with_name(f"{settings.name}-{'sandbox-' if of_sandbox else ''}report.html")
            if not dry_run and page.exists():
                report_campaign(campaign, page, output=order.output, sandbox=of_sandbox, aloud=False)
                reports.append(page)
    unknown = [email for email in emails if all(email in one.found.unknown for one in ended)]
    code = int(bool(unknown))
    named = [] if dry_run else still_named(settings, emails, output=output)
    _show(settings, ended, reports, unknown, named, dry_run=dry_run, console=console, say=console.say if json else say)
    if json:
        say_json(erasure_document(settings.name, ended, reports, unknown, named, code, dry_run=dry_run))
    return code


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


def _runs(settings: Settings, output: Path | None, *, sandbox: bool) -> Iterator[bool]:
    """The runs that have a ledger, real one first: False, and True for the sandbox. With `sandbox`, that alone."""
    wanted = [True] if sandbox else [False, True]
    there = [one for one in wanted if has_ledger(settings, output=output if one == sandbox else None, sandbox=one)]
    yield from there or wanted[:1]  # whoever opens it says that there is none


def _folders(settings: Settings, folder: Path | None, *, sandbox: bool) -> Iterator[MessageFolder]:
    if sandbox:
        yield MessageFolder(path=sandbox_folder(settings), note=SANDBOX_NOTE, forget=_forget_tries)
    for preview in (settings.folder / f"{settings.name}-preview", folder):
        if preview is not None:
            yield MessageFolder(path=preview)


def _forget_tries(folder: Path, gone: Callable[[str], bool]) -> None:
    from campaign.sandbox import forget
    from campaign.sandbox.server import STATE_FILE

    if (folder / STATE_FILE).exists():
        forget(folder / STATE_FILE, gone)


def _show(
    settings: Settings,
    ended: Sequence[ErasureSummary],
    reports: Sequence[Path],
    unknown: Sequence[str],
    named: Sequence[Path],
    *,
    dry_run: bool,
    console: Console,
    say: Say,
) -> None:
    """Say what went, and what is left."""
    would = "would be " if dry_run else ""
    for one in ended:
        found = one.found
        of = "" if one is ended[0] else " (the sandbox)"
        say(f"{settings.name}{of}: {_people(found.people)} {would}erased, {_count(found.rows, 'row')}")
        if found.already:
            console.say(f"erased before: {_count(len(found.already), 'of those named', 'of those named')}")
        if found.waiting:
            console.notice(f"{found.waiting:,} of them would still have been mailed, and will not be")
        if one.messages:
            say(f"taken out of previews: {_count(one.messages, 'message')}")
        if one.results is not None:
            say(f"written anew: {one.results}")
        if one.kept is not None:
            console.notice(f"the results had been changed; what stood in them, with people's data, is kept: {one.kept}")
    for page in reports:
        say(f"written anew: {page}")
    if unknown:
        more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
        console.notice(f"nobody of this campaign has the address {', '.join(unknown[:_NAMED])}{more}")
    if dry_run:
        return
    for path in named:
        console.notice(f"still named in {path}")
    console.say("what no command here can reach: campaign guide privacy")


def _people(count: int) -> str:
    return _count(count, "person", "people")


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"

"""`erase`: people's data taken out of a campaign's runs, real one and sandbox's, of their pages, and a look at what is
left.

Settings and people go in, an `Erasure` comes out. Nothing is printed and nobody asked, but for `agreed`. Raises
UsageError; LedgerBusyError while a run goes on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign.ledger.values import ErasedPeople
from campaign.report import refuse_foreign, write_report
from campaign.run.destination import SANDBOX_NOTE, sandbox_folder
from campaign.run.erasure import ErasureOrder, ErasureSummary, MessageFolder, erase_from_run, has_ledger, still_named
from campaign.run.report_now import page_of, report_now
from campaign.run.status_now import StatusNow
from campaign.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What went; in a dry run, what would go."""

    runs: tuple[ErasureSummary, ...]
    """Of the real run and of the sandbox's, as far as there were some."""
    dry_run: bool
    declined: bool = False
    """Somebody has said no: nothing went."""
    unknown: tuple[str, ...] = ()
    """Addresses, as they were typed, of people whom the campaign has never had."""
    reports: tuple[Path, ...] = ()
    """Pages that were written anew."""
    named: tuple[Path, ...] = ()
    """Files beside the campaign in which one of the addresses still stands."""

    @property
    def exit_code(self) -> int:
        """1 where one of the addresses is unknown, 3 where somebody has said no."""
        return 3 if self.declined else int(bool(self.unknown))


def erase(
    settings: Settings,
    emails: Sequence[str],
    *,
    older_than: timedelta | None = None,
    sandbox_only: bool = False,
    output: Path | None = None,
    folder: Path | None = None,
    dry_run: bool = False,
    agreed: Callable[[ErasedPeople], bool] = lambda _: True,
    commands: Callable[[StatusNow, bool], Sequence[tuple[str, str]]] = lambda *_: (),
) -> Erasure:
    """Take these people's data out, and that of those whose last word is `older_than` that. `output`: the results,
    where they are elsewhere (of the sandbox's run with `sandbox_only`, else of the real one); `folder`: one more
    preview. `agreed` hears what would go, and may say no. `commands` gives what a report names as next, for a run or
    (True) for the sandbox's.
    """
    ended: list[ErasureSummary] = []
    reports: list[Path] = []

    def asked(found: ErasedPeople) -> bool:
        return bool(ended) or not (found.rows or found.people) or agreed(found)

    for sandbox in _runs(settings, output, sandbox_only=sandbox_only):
        results = output if sandbox == sandbox_only else None
        order = ErasureOrder(
            emails=tuple(emails),
            older_than=older_than,
            sandbox=sandbox,
            output=results,
            folders=tuple(_folders(settings, folder, sandbox=sandbox)),
            dry_run=dry_run,
        )
        ended.append(erase_from_run(settings, order, now=datetime.now(UTC), agreed=asked))
        if ended[-1].declined:
            return Erasure(runs=tuple(ended), dry_run=dry_run, declined=True)
        page = page_of(settings, output=results, sandbox=sandbox)
        if not dry_run and page.exists():
            refuse_foreign(page)
            told = (lambda now: commands(now, True)) if sandbox else (lambda now: commands(now, False))
            write_report(page, report_now(settings, output=results, sandbox=sandbox, commands=told))
            reports.append(page)
    return Erasure(
        runs=tuple(ended),
        dry_run=dry_run,
        unknown=tuple(email for email in emails if all(email in one.found.unknown for one in ended)),
        reports=tuple(reports),
        named=() if dry_run else tuple(still_named(settings, emails, output=output)),
    )


def _runs(settings: Settings, output: Path | None, *, sandbox_only: bool) -> Iterator[bool]:
    """The runs that have a ledger, real one first: False, and True for the sandbox's."""
    wanted = [True] if sandbox_only else [False, True]
    there = [one for one in wanted if has_ledger(settings, output=output if one == sandbox_only else None, sandbox=one)]
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

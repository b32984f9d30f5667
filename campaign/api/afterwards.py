"""What a Python program can ask of a campaign, and do, once mail has gone out: the other half of `Campaign`.

    status() results() write_results() report() settle() erase()

Raises as each method says; limits are those of `Campaign`.
"""

import io
from collections.abc import Callable, Iterable
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.run.status_now import StatusNow, status_now
from campaign.settings import Settings

if TYPE_CHECKING:  # what only some of its methods need is imported there
    import pandas

    from campaign.ledger.values import ErasedPeople
    from campaign.run.erase import Erasure
    from campaign.run.results_now import ResultsFile
    from campaign.run.settlement import Settlement

AnyPath = str | PathLike[str]


class Afterwards:
    """A campaign with its settings checked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def status(self, *, sandbox: bool = False, output: AnyPath | None = None) -> StatusNow:
        """Say how many rows have which status, also while a run goes on. Raises LedgerError: where none began, too."""
        return status_now(self.settings, output=path_of(output), sandbox=sandbox)

    def results(self, *, sandbox: bool = False) -> "pandas.DataFrame":
        """Give every row of the contacts file with what became of it, from the ledger, also while a run goes on.
        campaign/results/frame.py has the types. Raises LedgerError.
        """
        from campaign.results.frame import read_frame
        from campaign.run.results_now import results_table

        table = io.StringIO()
        results_table(self.settings, table, sandbox=sandbox)
        return read_frame(table)

    def write_results(self, *, sandbox: bool = False, output: AnyPath | None = None) -> "ResultsFile":
        """Write the results CSV from the ledger. Raises LedgerError, ResultsError."""
        from campaign.run.results_now import rewrite_results

        return rewrite_results(self.settings, output=path_of(output), sandbox=sandbox)

    def report(self, to: AnyPath | None = None, *, sandbox: bool = False) -> Path:
        """Write a page for whoever asks what became of everybody; NAME-report.html beside the results, unless told.
        Gives its path. Raises LedgerError, ResultsError.
        """
        from campaign.run.report_now import write_report_now

        return write_report_now(self.settings, path_of(to), sandbox=sandbox)

    def settle(
        self, evidence: AnyPath | Iterable[AnyPath] = (), *, mailbox: bool = False, suppress: AnyPath | None = None,
        dry_run: bool = False, output: AnyPath | None = None,
    ) -> "Settlement":  # fmt: skip
        """Move rows by what later evidence proves, also while a run goes on: `evidence` are files and folders of mail
        logs, providers' exports and events, bounces and complaints; `mailbox`: read that of [bounces.mailbox], too.
        Called again with the same, it changes nothing.
        `suppress`: a suppression list to which those are added who came back for good, complained or want no more;
        `dry_run`: only say what would be moved; `output`: the results, where they are elsewhere. Raises UsageError for
        evidence that is not there, LedgerError, ContactsError, ResultsError.
        """
        from campaign.run.settle import SettleOrder, settle

        named = [evidence] if isinstance(evidence, str | PathLike) else list(evidence)
        order = SettleOrder(
            evidence=tuple(map(Path, named)),
            mailbox=mailbox,
            suppress=path_of(suppress),
            output=path_of(output),
            dry_run=dry_run,
        )
        return settle(self.settings, order)

    def erase(
        self, emails: str | Iterable[str] = (), *, older_than: timedelta | None = None, sandbox_only: bool = False,
        output: AnyPath | None = None, folder: AnyPath | None = None, dry_run: bool = False,
        agreed: "Callable[[ErasedPeople], bool]" = lambda _: True,
    ) -> "Erasure":  # fmt: skip
        """Take people's data out of all that the campaign has written: of those with these addresses, and of those
        whose last outcome is `older_than` that. Nobody is mailed again by it. `sandbox_only`: not of the real run;
        `output`: the results, where they are elsewhere; `folder`: a preview besides the usual one; `dry_run`: only say
        what would go. `agreed` hears that, and may say no. Raises LedgerError (LedgerBusyError: a run goes on), and
        ResultsError.
        """
        from campaign.run.erase import erase

        people = [emails] if isinstance(emails, str) else list(emails)
        return erase(
            self.settings, people, older_than=older_than, sandbox_only=sandbox_only, output=path_of(output),
            folder=path_of(folder), dry_run=dry_run, agreed=agreed,
        )  # fmt: skip


def path_of(given: AnyPath | None) -> Path | None:
    """Give what is named as a path."""
    return None if given is None else Path(given)

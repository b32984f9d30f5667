"""A campaign as a Python program has it: `from campaign import Campaign`. The command line is built on it.

    Campaign.load("campaign.toml") ─▶ check() preview() send() resend(), and what `Afterwards` has

Settings in, frozen values out. It asks nothing, prints nothing and ends no process; what goes wrong is a
`CampaignError` (campaign/errors.py draws the tree) with the words that the command line would say. How a run ended is
no error: the `RunSummary` has the exit code that the command would have given.

Limits: one run of a campaign at a time, on one machine, as for the command; core dumps of this process, whose memory
has the secrets, are the program's own to switch off.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from campaign.api.afterwards import Afterwards, AnyPath, path_of
from campaign.errors import SettingsError
from campaign.model import LoginLink, Status
from campaign.settings import load_settings, output_paths

if TYPE_CHECKING:  # what only some of its methods need is imported there: `status` waits for no TLS, `send` for no DNS
    from campaign.check import CheckObserver, CheckResult
    from campaign.ledger_place import Place
    from campaign.run.callbacks import OnNotice, OnProgress
    from campaign.run.preview_result import PreviewResult
    from campaign.run.start import Observe, RunOptions
    from campaign.run.summary import RunSummary
    from campaign.run.trial import TrialObserver
    from campaign.run.trial_run import TrialResult


class Campaign(Afterwards):
    """A campaign.toml with its settings checked. Nothing is read or connected to before a method is called."""

    @classmethod
    def load(cls, path: AnyPath = "campaign.toml", *, settings: Mapping[str, object] | None = None) -> Self:
        """Read a campaign.toml, and the environment. `settings` are by name, as in `{"smtp.rate": 20}`, and beat both;
        or a section as a whole, as in `{"smtp": {"host": …}}`, in place of theirs. They may hold secrets
        (`link.secret`, `smtp.password`), which the file must not. Raises SettingsError.
        """
        return cls(load_settings(Path(path), overrides=settings or MappingProxyType({}), may_hold_secrets=True))

    def __repr__(self) -> str:
        return f"Campaign({self.name!r}, {str(self.settings.path)!r})"

    @property
    def name(self) -> str:
        """Its name, by which its ledger knows it."""
        return self.settings.name

    @property
    def results_path(self) -> Path:
        """Where the results CSV is, or will be. Raises SettingsError."""
        return output_paths(self.settings, None, False).results

    @property
    def ledger_path(self) -> Path:
        """Where its ledger is, or will be. Raises SettingsError, also where it is in a database."""
        place = self.ledger_place
        if not isinstance(place, Path):
            raise SettingsError(
                "the ledger is in a database, not in a file", where="ledger.url", fix="see ledger_place"
            )
        return place

    @property
    def ledger_place(self) -> "Place":
        """The same for one that may be in a database. Raises SettingsError."""
        return output_paths(self.settings, None, False).ledger

    @property
    def preview_folder(self) -> Path:
        """Where `preview` writes, unless told."""
        return self.settings.folder / f"{self.name}-preview"

    def check(
        self, *, offline: bool = False, nameserver: str | None = None, spam: bool = False,
        output: AnyPath | None = None, observer: "CheckObserver | None" = None,
    ) -> "CheckResult":  # fmt: skip
        """Find out everything that can be known before the first message; send nothing. `offline`: connect to nothing;
        `nameserver`: an IP address to ask in place of this machine's; `spam`: have SpamAssassin look at a few messages.
        Raises UsageError only for what it is told here: whatever else is wrong is a finding.
        """
        from campaign.check import check

        return check(
            self.settings, output=path_of(output), offline=offline, nameserver=nameserver, spam=spam, observer=observer
        )

    def preview(
        self,
        folder: AnyPath | None = None,
        *,
        limit: int | None = None,
        allow_empty: bool = False,
        agreed: Callable[[int], bool] = lambda _: True,
        reading: Callable[[int], None] = lambda _: None,
        writing: Callable[[int], None] = lambda _: None,
    ) -> "PreviewResult":
        """Write everybody's message (that of the first `limit` rows) to a folder, NAME-preview beside campaign.toml
        unless told; send nothing. `agreed` hears how many messages it would be, and may say no; `reading` hears of rows
        read, `writing` of messages written. Raises UsageError.
        """
        from campaign.run.dry_run import preview
        from campaign.run.preview_result import preview_result

        to = path_of(folder) or self.preview_folder
        seen = preview(
            self.settings, to, limit=limit, allow_empty=allow_empty, reading=reading, agreed=agreed, writing=writing
        )
        return preview_result(self.name, to, seen)

    def send(
        self, *, limit: int | None = None, sandbox: bool = False, fresh: bool = False, wait: bool = True,
        allow_empty: bool = False, yes: bool = False, processes: int | None = None, output: AnyPath | None = None,
        on_progress: "OnProgress" = None, on_notice: "OnNotice" = None, stop: threading.Event | None = None,
    ) -> "RunSummary":  # fmt: skip
        """Send to everybody who has not been mailed yet, and write the results. Called again, it goes on.

        `limit`: at most so many contacts. `sandbox`: to a server inside this process, without secrets; `fresh`: without
        what earlier sandbox runs left. `wait`: for the window to open. `allow_empty`: a contacts file without rows is
        no mistake. `yes`: also to new contacts with new templates under a name that was used before. `processes`: as
        the work demands, unless told. `output`: the results CSV, where it is not to be at its usual place.

        `on_progress` hears how far it is, four times a second, `on_notice` what an operator would want to know, both in
        the thread that called. What they raise loses nobody's mail: the run drains, and it is raised at the end.

        Once `stop` is set, the run drains, from whatever thread that is done. Called in the main thread, a run also
        drains at a SIGINT, SIGTERM or SIGHUP; a second one goes to whoever took them before. Both are no error:
        `stopped` says so.

        Raises UsageError where nothing was sent (LedgerBusyError: another run goes on), StoppedError after that.
        """
        from campaign.run.callbacks import follow
        from campaign.run.start import RunOptions

        options = RunOptions(
            output=path_of(output), limit=limit, sandbox=sandbox, fresh=fresh, allow_empty=allow_empty, wait=wait,
            processes=processes, stop=stop,
        )  # fmt: skip
        return follow(self.settings, options, yes=yes, on_progress=on_progress, on_notice=on_notice)

    def send_test(
        self, to: str | Iterable[str], *, rows: str | Iterable[int] | None = None, live_links: bool = False,
        sandbox: bool = False, observer: "TrialObserver | None" = None,
    ) -> "list[TrialResult]":  # fmt: skip
        """Send the messages of a few rows to somebody who tries the campaign out, without touching ledger or results;
        `campaign guide commands` says what differs from a run. `rows`: numbers, or "1,5,7-9"; the first three that can
        be mailed, unless told. Gives what became of each message. Raises UsageError where nothing was sent.
        """
        from campaign.run.trial import TrialOptions, Unobserved, trial

        chosen = rows if rows is None or isinstance(rows, str) else ",".join(map(str, rows))
        testers = [to] if isinstance(to, str) else list(to)
        options = TrialOptions(to=testers, rows=chosen, live_links=live_links, sandbox=sandbox)
        return trial(self.settings, options, observer or Unobserved())

    def resend(
        self, *, include: Iterable[Status | str] = (), source: AnyPath | None = None, limit: int | None = None,
        sandbox: bool = False, wait: bool = True, yes: bool = False, processes: int | None = None,
        output: AnyPath | None = None, on_progress: "OnProgress" = None, on_notice: "OnNotice" = None,
        stop: threading.Event | None = None,
    ) -> "RunSummary":  # fmt: skip
        """Send again to the rows that failed, were pending or invalid, with fresh links; never to a row that is sent.
        `include`: these, too: `rejected`, `in_doubt`, `bounced`. `source`: a results CSV, of which only the rows go, as
        corrected there. The rest is as in `send`. Raises ValueError for another status.
        """
        from campaign.run.callbacks import follow
        from campaign.run.plan import INCLUDABLE, Resend
        from campaign.run.start import RunOptions

        statuses = [Status(word) for word in include]
        if others := {*statuses} - {*INCLUDABLE}:
            raise ValueError(f"a re-send can include {', '.join(INCLUDABLE)}, not {', '.join(sorted(others))}")
        options = RunOptions(
            resend=Resend(include=statuses, source=path_of(source)), output=path_of(output), limit=limit,
            sandbox=sandbox, wait=wait, processes=processes, stop=stop,
        )  # fmt: skip
        return follow(self.settings, options, yes=yes, on_progress=on_progress, on_notice=on_notice)

    def run(self, options: "RunOptions", observe: "Observe") -> "RunSummary":
        """What `send` and `resend` are, for whoever brings an observer of their own. Raises as they do."""
        from campaign.run.start import start

        return start(self.settings, options, observe)

    def link(self, email: str, lasts: str | timedelta | None = None) -> LoginLink:
        """Make a sign-in link: whoever holds its `url` is that contact until `expires_at`. `lasts`: how long it works
        ("1h"); as in a run that begins now, unless told. Raises SettingsError, LinkError.
        """
        from campaign.run.one_link import one_link

        return one_link(self.settings, email, lasts)

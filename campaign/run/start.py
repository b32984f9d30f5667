"""How a run is begun, by whoever does: settings and options in, the plan made, the server found, and the run run.

Raises UsageError before the first message; after it, the `RunSummary` tells.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from campaign.dkim import SigningKey
from campaign.errors import SettingsError
from campaign.ledger.location import take_over
from campaign.links import throwaway_secret
from campaign.run.broadcast import RunWatcher
from campaign.run.contacts_process import ContactsProcess
from campaign.run.destination import Destination, destination
from campaign.run.fresh_sandbox import remove_sandbox_run
from campaign.run.placing import ClusterOrder
from campaign.run.plan import Resend, RunPlan
from campaign.run.preconditions import require_folder
from campaign.run.progress import RunObserver
from campaign.run.runner import run
from campaign.run.servers import read_signing_keys
from campaign.run.signing_secret import signing_secret
from campaign.run.summary import RunSummary
from campaign.settings import Settings, output_paths, require_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a run is told besides the settings."""

    resend: Resend | None = None
    """Which rows go again; None: who has not been mailed."""
    output: Path | None = None
    """The results CSV; None: its usual place."""
    limit: int | None = None
    sandbox: bool = False
    fresh: bool = False
    """Of a sandbox run: without what its earlier runs left."""
    allow_empty: bool = False
    wait: bool = True
    processes: int | None = None
    cluster: ClusterOrder | None = None
    profile: bool = False
    stop: threading.Event | None = None
    own_process: bool = False
    reader: ContactsProcess | None = None
    watchers: Sequence[RunWatcher] = ()
    """All of these as in `RunPlan`."""

    def __post_init__(self) -> None:
        """Refuse what would be taken for no limit at all, or none that a command can be given. Raises ValueError."""
        for name, number, least in (("limit", self.limit, 0), ("processes", self.processes, 1)):
            if number is not None and (not isinstance(number, int) or number < least):
                raise ValueError(f"{name} is {number!r}; it must be a whole number from {least} on")


Observe = Callable[[Destination], RunObserver]
"""Gives whoever follows the run, once it is known where mail goes."""


def start(settings: Settings, options: RunOptions, observe: Observe) -> RunSummary:
    """Run it. Raises UsageError; StoppedError once it has begun."""
    sandbox = options.sandbox
    require_secrets(settings, sandbox=sandbox)
    keys, unsigned = _signing_keys(settings, sandbox=sandbox)
    results, ledger, earlier = output_paths(settings, options.output, sandbox)
    require_folder(results.parent)
    taken_over = take_over(ledger, earlier, settings.name)
    with destination(settings, sandbox=sandbox, ledger=ledger, fresh=options.fresh) as to:
        observer = observe(to)
        if taken_over is not None:
            observer.notice(f"the campaign's ledger was {taken_over}; it is now {ledger}")
        if unsigned:
            observer.notice(unsigned)
        plan = RunPlan(
            settings=settings,
            results=results,
            ledger=ledger,
            server=to.server,
            servers=to.servers,
            signing_keys=keys,
            secret=throwaway_secret() if sandbox else signing_secret(settings),
            limit=options.limit,
            sandbox=sandbox,
            allow_empty=options.allow_empty,
            wait=options.wait,
            processes=options.processes,
            cluster=options.cluster,
            profile=options.profile,
            resend=options.resend,
            begin_afresh=partial(_begin_afresh, settings, options, to) if options.fresh else None,
            reader=options.reader,
            stop=options.stop,
            own_process=options.own_process,
            watchers=options.watchers,
        )
        return run(plan, observer)


def _begin_afresh(settings: Settings, options: RunOptions, to: Destination) -> None:
    remove_sandbox_run(settings, options.output)
    to.forget()


def _signing_keys(settings: Settings, *, sandbox: bool) -> tuple[tuple[SigningKey, ...], str]:
    """Read the keys for DKIM. A sandbox run needs no secrets: without a key it goes unsigned, and says so."""
    try:
        return read_signing_keys(settings), ""
    except SettingsError as error:
        if not sandbox:
            raise
        return (), f"the sandbox's messages are not signed, though real ones would be: {error.what} ({error.where})"

"""What `send` and `resend` do: one run, shown while it goes on, and summed up.

Raises UsageError before the first message; after it, the exit code tells.
"""

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.api import Campaign
from campaign.commands.json_documents import run_document
from campaign.commands.options import LogFormat
from campaign.commands.run_order import RunOrder
from campaign.errors import CampaignError, UsageError
from campaign.run.contacts_process import ContactsProcess
from campaign.run.destination import Destination, sandbox_folder
from campaign.run.placing import ClusterOrder
from campaign.run.plan import Resend
from campaign.run.start import RunOptions
from campaign.settings import Settings, output_paths
from campaign.terminal.console import Console
from campaign.terminal.exit_codes import exit_code
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.json_log import JsonLog
from campaign.terminal.next_commands import WINDOW, fresh_window
from campaign.terminal.stdout import say_json
from campaign.terminal.summary import show_summary

if TYPE_CHECKING:
    from campaign.metrics import MetricsFile


def run_campaign(order: RunOrder, resend: Resend | None, reader: ContactsProcess | None = None) -> int:
    """Send, show how it goes, and say how it ended. Gives the exit code. `resend`: which rows go again; `reader`: a
    process that reads the contacts file already.
    """
    campaign = Campaign.load(order.campaign, settings=order.overrides())
    settings = campaign.settings
    invocation = Invocation(
        program=program(),
        campaign=order.campaign,
        output=order.output,
        sandbox=order.sandbox,
        settings=order.setting_options() | order.cluster_options(),
    )
    json_log, metrics = _json_log(order, settings.name), _metrics(order, settings)
    options = RunOptions(
        resend=resend,
        output=order.output,
        limit=order.limit,
        sandbox=order.sandbox,
        fresh=order.fresh,
        allow_empty=order.allow_empty,
        wait=order.wait,
        processes=order.processes,
        cluster=_cluster(order),
        profile=order.profile,
        own_process=True,
        reader=reader,
        watchers=[one for one in (json_log, metrics) if one is not None],
    )
    with contextlib.ExitStack() as shown:

        def console_for(to: Destination) -> Console | JsonLog:
            console: Console | JsonLog = json_log or Console(
                title=settings.name,
                through=f"the sandbox, port {to.server.port}" if order.sandbox else to.in_words,
                yes=order.yes or order.sandbox,
                grace=settings.link.grace,
                fresh=invocation.line("resend", *fresh_window(settings.window), without=WINDOW),
            )
            if order.sandbox:
                words = "nothing leaves this machine; the links are signed with a secret made for this run"
                console.say(f"sandbox: {words}")
            if metrics is not None:
                metrics.failed = console.notice
            if console.asks and isinstance(console, Console):
                from campaign.commands.ending import Ending  # where nobody is asked, nobody need wait for it

                ledger = campaign.ledger_place
                console.ending = Ending(settings, to.servers, ledger, processes=order.processes).words
            shown.enter_context(console)
            return console

        try:
            ended = campaign.run(options, console_for)
        except CampaignError as error:
            if metrics is not None:
                metrics.ended(at=time.time(), exit_code=exit_code(error), counts={})
            raise
    console = json_log or Console(title=settings.name)
    if order.sandbox and ended.sent_now:
        console.say(f"what arrived: {sandbox_folder(settings) / 'index.html'}")
    document = run_document(settings.name, ended)
    if json_log is not None:
        json_log.ended(ended, document)
    else:
        show_summary(ended, invocation, settings.window, console.say)
    if metrics is not None:
        metrics.ended(
            at=time.time(),
            exit_code=ended.exit_code,
            counts={word.value: count for word, count in ended.counts.items()},
        )
    if order.json:
        say_json(document)
    return ended.exit_code


def _json_log(order: RunOrder, name: str) -> JsonLog | None:
    """The run's log in JSON, where that is wanted. Raises UsageError where somebody would have to be asked, and can't
    be: the question would stand among the events.
    """
    if order.log_format is not LogFormat.JSON:
        return None
    yes = order.yes or order.sandbox
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        raise UsageError(
            "nothing is asked with --log-format json, and nobody has said yes",
            where="--log-format json",
            fix="add --yes",
        )
    return JsonLog(name, yes=yes, addresses=order.log_addresses)


def _cluster(order: RunOrder) -> ClusterOrder | None:
    if order.cluster is None:
        return None
    if order.workers is None:
        raise UsageError(
            "it is not said how many workers the cluster is to place",
            where=f"--cluster {order.cluster}",
            fix="add --workers N: one for each processor that is to send",
        )
    return ClusterOrder(address=order.cluster, workers=order.workers)


def _metrics(order: RunOrder, settings: Settings) -> "MetricsFile | None":
    if order.metrics is None:
        return None
    from campaign.metrics import MetricsFile

    results, ledger, _ = output_paths(settings, order.output, order.sandbox)
    if order.metrics.absolute() in (results.absolute(), ledger.absolute() if isinstance(ledger, Path) else None):
        raise UsageError(
            "the metrics would stand where the run has a file of its own",
            where=f"--metrics {order.metrics}",
            fix="name another file",
        )
    return MetricsFile(settings.name, order.metrics)

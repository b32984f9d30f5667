"""The check, step by step: each has what the ones before it found out, and what it raises is one more finding."""

from functools import partial
from pathlib import Path

from campaign.check import contacts, forecast, server, setup, spam_filter
from campaign.check.domains import domains, name_server
from campaign.check.findings import CheckObserver, Findings, Quiet
from campaign.check.result import CheckResult
from campaign.model import Status
from campaign.settings import Settings


def check(
    settings: Settings,
    *,
    output: Path | None = None,
    offline: bool = False,
    nameserver: str | None = None,
    spam: bool = False,
    observer: CheckObserver | None = None,
) -> CheckResult:
    """Check all of it. `output`: where the results would go; `offline`: connect to nothing; `nameserver`: an IP address
    to ask in place of this machine's; `spam`: let SpamAssassin look at a few messages. Raises UsageError.
    """
    asked = name_server(nameserver)
    found, known = Findings(observer or Quiet()), setup.Known()
    steps = [
        partial(setup.secrets, settings, known, found),
        partial(setup.window, settings, known, found),
        partial(setup.links, settings, known, found),
        partial(setup.earlier, settings, output, known, found),
        partial(contacts.contacts, settings, known, found),
        partial(contacts.earlier, settings, known, found),
    ]
    if not offline:
        steps.append(partial(server.server, settings, known, found))
        steps.append(partial(domains, settings, asked, known, found))
    steps.append(partial(forecast.forecast, settings, known, found))
    if spam:
        steps.append(partial(spam_filter.samples, settings, known, found))
    for step in steps:
        found.take(step)
    seen = known.seen
    return CheckResult(
        campaign=settings.name,
        findings=tuple(found.found),
        counts={status: seen.counts[status] for status in Status},
        sizes=seen.sizes.told,
        left=None if seen.before is None else seen.before.due,
        forecast=known.forecast,
    )

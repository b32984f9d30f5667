"""Ours among the senders: `campaign` as a person runs it, with its default settings and its ledger on.

`in_flight` alone may differ from its default, 1.
"""

import csv
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.senders import Command, Task, clean_environment
from tests.benchmarks.workload import TEMPLATE_FILES, TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """`campaign send`: a fresh folder for each run, so that each begins with a ledger of its own."""

    name: str = "campaign"
    best: int = 100
    share: float = 1.0
    distant_share: float = 1.0
    personal: bool = True
    can_encrypt: bool = True
    scratch: Path | None = None
    in_flight: int = 1
    """Messages that a connection may have without their final reply."""

    def prepare(self, task: Task) -> Command:
        """Write campaign.toml, its contacts and its template."""
        folder = task.folder
        template = folder / "template"
        template.mkdir()
        for name in TEMPLATE_FILES:
            shutil.copyfile(task.workload / name, template / name)
        shutil.copyfile(task.workload / "contacts.csv", folder / "contacts.csv")
        (folder / "campaign.toml").write_text(_campaign_toml(task, self.in_flight), encoding="utf-8")
        return Command(
            arguments=(sys.executable, "-m", "campaign", "send", str(folder / "campaign.toml"), "--yes"),
            environment=clean_environment() | {"CAMPAIGN_LINK__SECRET": TERMS.secret},
            folder=folder,
        )

    def fault(self, task: Task) -> str | None:
        """Check that the results have one row for each contact, in order, each `sent`."""
        return _results_fault(task.workload / "contacts.csv", task.folder / "benchmark-results.csv")


def in_flight(depth: int) -> Campaign:
    """Ours with so many messages in flight on a connection."""
    return Campaign(name=in_flight_name(depth), in_flight=depth)


def in_flight_name(depth: int) -> str:
    """What the tables call it.

    >>> in_flight_name(1), in_flight_name(8)
    ('campaign', 'campaign, 8 in flight')
    """
    return f"campaign, {depth} in flight" if depth > 1 else "campaign"


def _campaign_toml(task: Task, depth: int) -> str:
    security = f'security = "starttls"\nca_file = "{task.certificate}"' if task.certificate else 'security = "none"'
    several = f"in_flight = {depth}\n" if depth > 1 else ""
    return f"""\
name = "benchmark"

[contacts]
file = "contacts.csv"

[message]
template = "template"
from = "{TERMS.sender}"
return_path = "{TERMS.return_path}"
unsubscribe_url = "{TERMS.unsubscribe}{{{{ contact.order_id }}}}"

[link]
domain = "{TERMS.domain}"
redirect_to = "{TERMS.redirect_to}"
grace = "{TERMS.lifetime // 86400}d"

[smtp]
host = "127.0.0.1"
port = {task.port}
{security}
connections = {task.connections}
{several}"""


def _results_fault(contacts: Path, results: Path) -> str | None:
    if not results.exists():
        return f"it wrote no {results.name}"
    with contacts.open(encoding="utf-8", newline="") as asked, results.open(encoding="utf-8-sig", newline="") as told:
        expected, rows = csv.DictReader(asked), csv.DictReader(told)
        for number, contact in enumerate(expected, start=1):
            row = next(rows, None)
            if row is None:
                return f"the results end before row {number}"
            if row["email"] != contact["email"] or row["status"] != "sent":
                return f"row {number} of the results is {row['status']!r} for {row['email']!r}"
        return None if next(rows, None) is None else "the results have more rows than the contacts"

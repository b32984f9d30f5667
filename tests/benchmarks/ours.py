"""Ours among the senders: `campaign` as a person runs it, with its default settings and its ledger on."""

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
    best: int = 50
    share: float = 1.0
    distant_share: float = 1.0
    personal: bool = True
    scratch: Path | None = None

    def prepare(self, task: Task) -> Command:
        """Write campaign.toml, its contacts and its template."""
        folder = task.folder
        template = folder / "template"
        template.mkdir()
        for name in TEMPLATE_FILES:
            shutil.copyfile(task.workload / name, template / name)
        shutil.copyfile(task.workload / "contacts.csv", folder / "contacts.csv")
        (folder / "campaign.toml").write_text(_campaign_toml(task), encoding="utf-8")
        return Command(
            arguments=(sys.executable, "-m", "campaign", "send", str(folder / "campaign.toml"), "--yes"),
            environment=clean_environment() | {"CAMPAIGN_LINK__SECRET": TERMS.secret},
            folder=folder,
        )

    def fault(self, task: Task) -> str | None:
        """Check that the results have one row for each contact, in order, each `sent`."""
        return _results_fault(task.workload / "contacts.csv", task.folder / "benchmark-results.csv")


def _campaign_toml(task: Task) -> str:
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
security = "none"
connections = {task.connections}
"""


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

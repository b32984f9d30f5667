"""Small campaigns for tests: a folder with everything in it, a server to send to, and what came of it."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign.run.plan import Resend, RunPlan
from campaign.run.progress import Progress
from campaign.run.runner import run
from campaign.run.servers import read_signing_keys
from campaign.run.summary import RunSummary
from campaign.settings import Settings, load_settings, output_paths
from campaign.smtp.session.server import Server
from campaign.window import SendWindow
from tests.in_flight import DEPTH

SECRET = "0123456789abcdef0123456789abcdef"


class Silent:
    """A observer that keeps what it hears."""

    asks = False
    can_confirm = True

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.heard: list[Progress] = []

    def reading(self, rows: int) -> None:
        """Not kept."""

    def confirm(self, total: int | None, window: SendWindow) -> bool:
        return True

    def waiting(self, window: SendWindow, seconds: float) -> None:
        """Not kept."""

    def sending(self, progress: Progress) -> None:
        self.heard.append(progress)

    def writing(self, rows: int, total: int) -> None:
        """Not kept."""

    def notice(self, words: str) -> None:
        self.notices.append(words)


@dataclass
class SmallCampaign:
    """A campaign in a folder of its own. Change `toml` or the files between runs as an operator would."""

    folder: Path
    settings: dict[str, dict[str, object]] = field(default_factory=dict)
    name: str = "small"
    observer: Silent = field(default_factory=Silent)
    servers: list[dict[str, object]] = field(default_factory=list)
    """What is each server's own, where there are to be several: beside what the section says of all."""

    def __post_init__(self) -> None:
        template = self.folder / "template"
        template.mkdir(parents=True)
        (template / "subject.txt").write_text("Hello {{ contact.name }}")
        (template / "body.txt").write_text("Hello {{ contact.name }},\n\n{{ link.url }}\n.\n..dots\n")
        (template / "body.html").write_text('<p>Hello {{ contact.name }}</p>\n<a href="{{ link.url }}">in</a>\n')

    @property
    def path(self) -> Path:
        return self.folder / "campaign.toml"

    @property
    def ledger(self) -> Path:
        return self.folder / f"{self.name}.ledger"

    def contacts(self, rows: Iterable[Sequence[str]], header: Sequence[str] = ("email", "name")) -> "SmallCampaign":
        """Write contacts.csv."""
        with (self.folder / "contacts.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
        return self

    def people(self, count: int, domain: str = "people.example") -> "SmallCampaign":
        """Write contacts.csv with so many plain contacts."""
        return self.contacts((f"p{number}@{domain}", f"Person {number}") for number in range(count))

    def plan(self, port: int, **options: Any) -> RunPlan:
        """Write campaign.toml, and give the plan for a run against the port. Options are RunPlan's."""
        settings = self.load(port)
        results, ledger, _ = output_paths(settings, None, False)
        several = len(settings.servers) > 1
        servers = tuple(
            Server(
                host=smtp.host, port=smtp.port, security=smtp.security, timeout=smtp.timeout.total_seconds(),
                username=smtp.username, password=None if smtp.username is None else "hunter2", ca_file=smtp.ca_file,
                name=smtp.name if several else "",
            )
            for smtp in settings.servers
        )  # fmt: skip
        return RunPlan(
            settings=settings, results=results, ledger=ledger, server=servers[0], secret=SECRET,
            servers=servers if several else (),
            signing_keys=read_signing_keys(settings),
            **{"processes": 1} | options,
        )  # fmt: skip

    def load(self, port: int) -> Settings:
        """Write campaign.toml and load it."""
        smtp = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": "1m", "connections": 1}
        smtp |= {"in_flight": DEPTH} if DEPTH > 1 and "pipelining" not in self.settings.get("smtp", {}) else {}
        retry = {"tries": 3, "first_wait": "10ms", "longest_wait": "50ms"}
        tables: dict[str, dict[str, object]] = {
            "contacts": {"file": "contacts.csv"},
            "message": {"template": "template", "from": "Acme <hello@acme.example>"},
            "link": {"domain": "acme.myclickfunnels.com"},
            "smtp": smtp,
            "retry": retry,
        }
        for section, values in self.settings.items():
            tables.setdefault(section, {}).update(values)
        lines = [f'name = "{self.name}"']
        for section, values in tables.items():
            repeated = self.servers if section == "smtp" else []
            for own in repeated or [{}]:
                lines.append(f"[[{section}]]" if repeated else f"[{section}]")
                lines += [f"{key} = {_toml(value)}" for key, value in (values | own).items()]
        self.path.write_text("\n".join(lines), encoding="utf-8")
        return load_settings(self.path, environ={})

    def send(self, port: int = 25, **options: Any) -> RunSummary:
        """Run it once."""
        return run(self.plan(port, **options), self.observer)

    def resend(self, port: int, *, resend: Resend | None = None, **options: Any) -> RunSummary:
        """Re-send."""
        return run(self.plan(port, resend=resend or Resend(), **options), self.observer)

    def results(self) -> list[dict[str, str]]:
        """The results CSV."""
        with (self.folder / f"{self.name}-results.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def statuses(self) -> dict[str, str]:
        """Status by address."""
        return {row["email"]: row["status"] for row in self.results()}


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value)


def assert_agreement(campaign: SmallCampaign, accepted: Iterable[str]) -> Counter[str]:
    """Hold the results against what the server accepted: the promise of the whole program. Gives counts by status."""
    times = Counter(address.lower() for address in accepted)
    twice = {address for address, count in times.items() if count > 1}
    assert not twice, f"mailed twice: {sorted(twice)[:5]}"
    rows = campaign.results()
    for row in rows:
        status, got_it = row["status"], times[row["email"].strip().lower()] > 0
        if status == "sent":
            assert got_it, f"{row['email']} is sent, but the server never accepted it"
        elif got_it and status != "duplicate":
            assert status == "in_doubt", f"{row['email']} is {status}, but the server accepted it"
    known = {row["email"].strip().lower() for row in rows}
    assert set(times) <= known, "the server accepted mail for somebody who is not in the results"
    return Counter(row["status"] for row in rows)

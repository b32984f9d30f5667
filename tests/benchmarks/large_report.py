"""The report of a very large run, by the real command: how long one waits for the page, what it takes, how big it is.

The ledger is made up: its rows go straight into its tables, as a run of three days with nights between would have left
them, with refusals in some hundred wordings, a tenth of the addresses at domains of their own, and a timeline. Takes a
folder and the number of rows; gives what was seen. Raises `FailedError` where the command does not do its part.

    python -m tests.benchmarks.large_report FOLDER ROWS    the same alone; asks again where the folder has it already

Limits: all of it is in the file, nothing in a WAL, and nobody writes meanwhile.
"""

import contextlib
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from campaign.histogram import Stretch, bucket_of
from campaign.ledger.sql import timeline
from campaign.ledger.sql.facts import write_fact
from campaign.ledger.sql.tally import recount
from campaign.ledger.sqlite import schema
from tests.benchmarks.large_ledger import FailedError
from tests.benchmarks.runs import execute
from tests.benchmarks.senders import Command, clean_environment
from tests.benchmarks.table import MEGABYTE, markdown
from tests.benchmarks.targets import Target

_PATIENCE = 3_600.0
_NAME = "benchmark"
_TOML = f"""\
name = "{_NAME}"
[contacts]
file = "contacts.csv"
[message]
template = "template"
from = "Acme <hello@acme.example>"
[link]
domain = "acme.example"
redirect_to = "https://acme.example/courses"
[window]
timezone = "Europe/Berlin"
[smtp]
host = "127.0.0.1"
port = 25
security = "none"
"""
_BEGAN = 1_795_500_000
_DAYS, _DAY, _WORKING = 3, 86_400, 36_000
"""Mail goes out for so many seconds of each day."""
_CHUNK = 100_000
_LARGE = ("gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "aol.com", "gmx.de", "web.de")
_OWN_DOMAIN = 10
"""One of so many addresses has a domain of its own."""
_Entry = tuple[int, int, int, str, None, None, int, str]
_DELIVERY = (
    "contact, status, attempts, tries, smtp_code, enhanced, detail, settled_at, link_expires_at, link_fingerprint"
)
_Delivery = tuple[int, str, int, int, int | None, str | None, str, int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeReport:
    """What was seen. Seconds and bytes."""

    rows: int
    ledger: int
    seconds: float
    peak: int
    """Resident memory."""
    page: int


def measure(folder: Path, rows: int) -> LargeReport:
    """Make the ledger, unless it is there, and ask for its report."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger, page = folder / f"{_NAME}.ledger", folder / "report.html"
    (folder / "campaign.toml").write_text(_TOML, encoding="utf-8")
    if not ledger.exists():
        _make(ledger, rows)
    command = Command(
        arguments=(sys.executable, "-m", "campaign", "report", str(folder / "campaign.toml"), "--to", str(page)),
        environment=clean_environment(),
        folder=folder,
    )
    asked = execute(command, _PATIENCE)
    if asked.fault:
        raise FailedError(f"campaign report: {asked.fault}")
    return LargeReport(
        rows=rows,
        ledger=ledger.stat().st_size,
        seconds=asked.wall,
        peak=max(asked.peaks),
        page=page.stat().st_size,
    )


def report_table(seen: LargeReport) -> str:
    """One row a figure."""
    return markdown(
        [f"report of {seen.rows:,} rows", ""],
        [
            ["seconds", f"{seen.seconds:.1f}"],
            ["MB of memory", f"{seen.peak / MEGABYTE:.0f}"],
            ["page, kB", f"{seen.page / 1000:.0f}"],
            ["ledger, MB", f"{seen.ledger / MEGABYTE:,.0f}"],
        ],
    )


def report_targets(seen: LargeReport) -> list[Target]:
    """A page of less than 2 MB in less than a minute."""
    what = f"report of {seen.rows:,} rows"
    return [
        Target(what=f"{what}, s", bound=60.0, at_least=False, measured=seen.seconds),
        Target(what=f"{what}, MB of page", bound=2.0, at_least=False, measured=seen.page / 1e6),
    ]


def _make(path: Path, rows: int) -> None:
    path.touch(mode=0o600)
    with contextlib.closing(schema.connect(path, create=True)) as database:
        database.execute("PRAGMA synchronous = OFF")
        schema.create(database, _NAME)
        chance = random.Random(rows)
        for first in range(1, rows + 1, _CHUNK):
            entries, deliveries = zip(*_rows(chance, range(first, min(first + _CHUNK, rows + 1)), rows), strict=True)
            database.execute("BEGIN")
            database.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entries)
            database.executemany(
                f"INSERT INTO delivery ({_DELIVERY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", deliveries
            )
            database.execute("COMMIT")
        timeline.add(database, _timeline(chance, rows))
        write_fact(database, "columns", json.dumps(["email", "first_name"]))
        write_fact(database, "digest", "made up")
        recount(database)


def _rows(chance: random.Random, numbers: range, rows: int) -> Iterator[tuple[_Entry, _Delivery]]:
    for number in numbers:
        own = chance.randrange(_OWN_DOMAIN) == 0
        domain = f"company-{number}.example" if own else chance.choice(_LARGE)
        email = f"person.{number}@{domain}"
        day, second = divmod((number - 1) * _DAYS * _WORKING // rows, _WORKING)
        settled = _BEGAN + day * _DAY + second
        status, tries, code, enhanced, detail = _outcome(chance, email)
        cells = json.dumps([email, f"Name {number}"])
        yield (
            (number, number + 1, number, email, None, None, 0, cells),
            (number, status, tries, tries, code, enhanced, detail, settled, settled + 86_400, f"{number:016x}"),
        )


def _outcome(chance: random.Random, email: str) -> tuple[str, int, int | None, str | None, str]:
    match chance.randrange(200):
        case 0 | 1:
            return "rejected", 1, 550, "5.1.1", f"at RCPT: <{email}>: Recipient address rejected: User unknown"
        case 2:
            reason = chance.choice(("spam", "policy", "content", "reputation"))
            words = (
                f"at body: message {chance.getrandbits(32):08x} refused for {reason}, see rule {chance.randrange(90)}"
            )
            return "rejected", 1, 554, "5.7.1", words
        case 3:
            return "failed", 5, 452, "4.2.2", f"at RCPT: mailbox of {email} is full"
        case 4 if chance.randrange(20) == 0:
            return "in_doubt", 1, None, None, "the server hung up after the message had left; no reply came"
        case 5 | 6:
            return "sent", chance.randrange(2, 5), 250, "2.0.0", f"Ok: queued as {chance.getrandbits(40):010X}"
    return "sent", 1, 250, "2.0.0", f"Ok: queued as {chance.getrandbits(40):010X}"


def _timeline(chance: random.Random, rows: int) -> Iterator[Stretch]:
    each = max(1, rows // (_DAYS * _WORKING // 60))
    for day in range(_DAYS):
        for second in range(0, _WORKING, 60):
            took = chance.choice((0.03, 0.05, 0.08, 0.2))
            yield Stretch(
                begins=(_BEGAN + day * _DAY + second) // 60 * 60,
                seconds=60,
                accepted={bucket_of(took): each, bucket_of(4 * took): max(1, each // 20)},
                put_off={bucket_of(60.0): 3, bucket_of(240.0): 1},
                rate=100.0,
                allowed=40.0 if chance.randrange(9) == 0 else None,
            )


if __name__ == "__main__":
    print(report_table(measure(Path(sys.argv[1]), int(sys.argv[2]))))

"""A campaign settled by a large mail log, by the real command: how long it takes beside reading the lines alone, and
how much memory.

Five lines a message, every second message one of ours, and each of those rows in doubt. Ledger and log are made up: the
rows go straight into the ledger's tables. Takes a folder and the number of lines; gives what was seen. Raises
`FailedError` where the command does not do its part.

    python -m tests.benchmarks.large_evidence FOLDER LINES    the same alone

Limits: one host, one file, nothing compressed.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign.ledger.sql.facts import write_fact
from campaign.ledger.sql.tally import recount
from campaign.ledger.sqlite import schema
from campaign.message import MessageIds
from tests.benchmarks.large_ledger import FailedError
from tests.benchmarks.runs import execute
from tests.benchmarks.senders import Command, clean_environment
from tests.benchmarks.table import MEGABYTE, markdown
from tests.benchmarks.targets import Target
from tests.evidence_files import postfix_lines

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
[smtp]
host = "127.0.0.1"
"""
_LINES_A_MESSAGE = 5
_READ = "import sys\nfor line in open(sys.argv[1], 'rb'): pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeEvidence:
    """What was seen. Seconds and bytes."""

    lines: int
    rows: int
    first: float
    """Every row is moved."""
    again: float
    """None is."""
    alone: float
    """Python reads the lines, and does nothing with them; its start included, as above."""
    peak: int
    """Resident memory."""


def measure(folder: Path, lines: int) -> LargeEvidence:
    """Make ledger and log, settle twice, read once."""
    folder.mkdir(parents=True)
    rows = lines // _LINES_A_MESSAGE // 2
    (folder / "campaign.toml").write_text(_TOML, encoding="utf-8")
    _make_ledger(folder / f"{_NAME}.ledger", rows)
    log = folder / "mail.log"
    with log.open("w") as file:
        file.writelines(_log(rows))
    settle = ("-m", "campaign", "settle", str(folder / "campaign.toml"), str(log), "--json")
    first, again, alone = (_run(folder, *words) for words in (settle, settle, ("-c", _READ, str(log))))
    with contextlib.closing(schema.connect(folder / f"{_NAME}.ledger", readonly=True)) as database:
        (sent,) = database.execute("SELECT count(*) FROM delivery WHERE status = 'sent'").fetchone()
    if sent != rows:
        raise FailedError(f"campaign settle: {sent:,} of {rows:,} rows are sent")
    return LargeEvidence(
        lines=rows * 2 * _LINES_A_MESSAGE, rows=rows, first=first[0], again=again[0], alone=alone[0], peak=first[1]
    )


def evidence_table(seen: LargeEvidence) -> str:
    """One row a figure."""
    return markdown(
        [f"{seen.lines:,} lines, {seen.rows:,} rows in doubt", ""],
        [
            ["seconds, all rows moved", f"{seen.first:.1f}"],
            ["seconds, once more", f"{seen.again:.1f}"],
            ["the same ÷ reading the lines alone in Python", f"{seen.again / seen.alone:.0f}"],
            ["MB of memory", f"{seen.peak / MEGABYTE:.0f}"],
        ],
    )


def evidence_targets(seen: LargeEvidence) -> list[Target]:
    """Seconds, and flat memory."""
    what = f"{seen.lines:,} log lines"
    return [
        Target(what=f"{what}, s", bound=30.0, at_least=False, measured=seen.first),
        Target(what=f"{what}, MB of memory", bound=150.0, at_least=False, measured=seen.peak / MEGABYTE),
    ]


def _run(folder: Path, *words: str) -> tuple[float, int]:
    command = Command(arguments=(sys.executable, *words), environment=clean_environment(), folder=folder)
    ended = execute(command, _PATIENCE)
    if ended.fault:
        raise FailedError(f"{' '.join(words[:3])}: {ended.fault}")
    return ended.wall, max(ended.peaks, default=0)


def _make_ledger(path: Path, rows: int) -> None:
    now = int(datetime.now(UTC).timestamp())
    path.touch(mode=0o600)
    with contextlib.closing(schema.connect(path, create=True)) as database:
        database.execute("PRAGMA synchronous = OFF")
        schema.create(database, _NAME)
        database.execute("BEGIN")
        for number in range(1, rows + 1):
            email = _email(number)
            database.execute("INSERT INTO contact VALUES (?, ?, 0, ?)", (email, number, number))
            database.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?, NULL, NULL, 0, ?)",
                (number, number + 1, number, email, json.dumps([email])),
            )
            database.execute(
                "INSERT INTO delivery (contact, status, attempts, tries, settled_at) VALUES (?, 'in_doubt', 1, 1, ?)",
                (number, now),
            )
        database.execute("COMMIT")
        write_fact(database, "columns", json.dumps(["email"]))
        write_fact(database, "digest", "made up")
        recount(database)
        database.execute("PRAGMA journal_mode = WAL")  # as runs leave it


def _log(rows: int) -> Iterator[str]:
    ids, at = MessageIds(_NAME, "acme.example"), datetime.now(UTC)
    for number in range(1, rows + 1):
        at += timedelta(milliseconds=10)
        for message_id, email, queue_id in (
            (ids(_email(number)), _email(number), f"4F{number:06X}"),
            (f"<{number}@others.example>", f"other{number}@people.example", f"5F{number:06X}"),
        ):
            lines = postfix_lines(message_id, email, queue_id=queue_id, at=at)
            yield from (f"{line}\n" for line in lines)


def _email(number: int) -> str:
    return f"person.{number}@people.example"


if __name__ == "__main__":
    print(evidence_table(measure(Path(sys.argv[1]), int(sys.argv[2]))))

"""The same odd campaign by a file and by a database: whatever is asked of it, each says the same, to the letter."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.command_line import Command, command
from tests.smtp_server import CATALOGUE, FaultServer, local_part

__all__ = ["command"]
pytestmark = pytest.mark.postgres

_PASSING = re.compile(
    r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:[+-]\d\d:\d\d|Z)?|<[^<>@\s]+@acme\.example>|\b\d+(?:\.\d+)? (?:m?s|min)\b"
    r"|\b[0-9a-f]{12}\b"
    r'|"(?:seconds|messages_per_second|p\d+|median|longest|shortest|mean|begin|end|ended|began)": [\d.e-]+'
)
"""What no two runs have alike: moments, Message-IDs, links' fingerprints, how long it took."""
_COLUMNS = ("email", "name", "plan", *(f"column {number}" for number in range(197)))
_PEOPLE = [
    ("ok@people.example", "Zoë \U0001f600 e\u0301", "gold"),
    ("OK@People.Example", "her twin", "gold"),
    ("busy@people.example", "line\nbreak, \"quote\" and 'another'", ""),
    ("refused@people.example", "=cmd|' /C calc'!A0", "100%"),
    ("doubt@people.example", "\u202eright to left\u2028and more", "\\x00 \\N \\."),
    ("nobody at all", "?", "%s :name ?1"),
    ("", "no address", " "),
    ("gone@people.example", "suppressed", "gold"),
    ("erased@people.example", "to be erased", "gold"),
    ("jörg@people.example", "by SMTPUTF8", "\ufeff"),
    ("huge@people.example", "x" * 60_000, "a\tb"),
    ("later@people.example", "complains", "{}"),
    ("ｗｉｄｅ@people.example", "wide", "null"),
    ("i̇@people.example", "dotted", "[]"),
]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(
        CATALOGUE["rcpt_4xx"](match=local_part("busy")),
        CATALOGUE["rcpt_5xx"](match=local_part("refused")),
        CATALOGUE["body_accepted_cut"](match=local_part("doubt")),
    ) as made:
        yield made


def _ledgers(database: str) -> list[tuple[str, dict[str, object]]]:
    return [("file", {}), ("base", {"url": database})]


def _campaign(folder: Path, ledger: dict[str, object]) -> SmallCampaign:
    made = SmallCampaign(folder, {"contacts": {"suppress": ["gone.csv"]}, "ledger": ledger})
    (folder / "gone.csv").write_text("email\ngone@people.example\n")
    rows = [(*person, *(f"{number} é" for number in range(197))) for person in _PEOPLE]
    return made.contacts(rows, header=_COLUMNS)


def test_whatever_is_asked_of_it_is_answered_alike(
    tmp_path: Path, database: str, server: FaultServer, command: Command
) -> None:
    by_file = _campaign(tmp_path / "file", {})
    by_database = _campaign(tmp_path / "base", {"url": database})
    for small in (by_file, by_database):
        small.load(server.port)

    def both(ask: Callable[[SmallCampaign], object]) -> None:
        one, other = (_settled(ask(small), small, database) for small in (by_file, by_database))
        _assert_same(one, other)

    def said(*words: str) -> Callable[[SmallCampaign], object]:
        def ask(small: SmallCampaign) -> object:
            told = command(words[0], small.path, *words[1:])
            return told.code, told.out, told.err if words[0] == "erase" else ""

        return ask

    def all_that_is_told() -> None:
        both(said("status"))
        both(said("status", "--json"))
        both(lambda small: _report(small, command))
        both(said("results", "--output", "-"))
        both(lambda small: (small.folder / "small-results.csv").read_text("utf-8"))

    both(said("send", "--yes", "--json", "--processes", "1", "--limit", "3"))
    all_that_is_told()
    both(said("send", "--yes", "--json", "--processes", "1"))
    all_that_is_told()
    both(lambda small: _log(small, command))
    all_that_is_told()
    both(said("erase", "erased@people.example", "--yes"))
    all_that_is_told()
    both(lambda small: _corrected(small, command))
    all_that_is_told()
    both(lambda small: _another_file(small, command))
    all_that_is_told()
    both(said("resend", "--yes", "--json", "--processes", "1", "--include", "rejected", "--include", "in_doubt"))
    all_that_is_told()


def test_one_row_and_none(tmp_path: Path, database: str, server: FaultServer, command: Command) -> None:
    answers = []
    for folder, ledger in _ledgers(database):
        small = SmallCampaign(tmp_path / folder, {"ledger": ledger}).contacts([], header=("email", "name"))
        small.load(server.port)
        told = []
        for words in (["send", "--yes"], ["send", "--yes", "--allow-empty"], ["status"], ["results", "--output", "-"]):
            answer = command(words[0], small.path, *words[1:])
            told.append(_settled((answer.code, answer.out), small, database))
        small.contacts([("one@people.example", "One")])
        for words in (["send", "--yes", "--processes", "1"], ["status", "--json"], ["results", "--output", "-"]):
            answer = command(words[0], small.path, *words[1:])
            told.append(_settled((answer.code, answer.out), small, database))
        answers.append(told)
    for one, other in zip(*answers, strict=True):
        _assert_same(one, other)
    assert server.count_by_recipient() == {"one@people.example": 2}


def _assert_same(one: str, other: str) -> None:
    """Where they differ, show the place: whole, they are megabytes."""
    begin = max(0, next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0) - 100)
    assert one[begin : begin + 400] == other[begin : begin + 400]
    assert one == other


def _settled(told: object, small: SmallCampaign, database: str) -> str:
    """Leave out what passes, and where it lies."""
    text = told if isinstance(told, str) else "\n".join(map(str, told)) if isinstance(told, tuple) else json.dumps(told)
    text = text.replace(f"{database} (schema campaign_small)", "LEDGER").replace(database, "LEDGER")
    return _PASSING.sub("…", text.replace(str(small.ledger), "LEDGER").replace(str(small.folder), "FOLDER"))


def _report(small: SmallCampaign, command: Command) -> str:
    """What it says, but for its bars: those are cut by the clock."""
    told = command("report", small.path, "--json")
    document = json.loads(told.out)
    del document["bars"], document["bar_seconds"]
    return json.dumps(document)


def _log(small: SmallCampaign, command: Command) -> object:
    """A provider's word on three people, and a line of somebody whom nobody knows."""
    ids = {row["email"]: row["message_id"] for row in small.results()}
    events: list[dict[str, object]] = [
        {
            "event": "bounce",
            "type": "bounce",
            "status": "5.1.1",
            "reason": "550 5.1.1 gone",
            "email": "ok@people.example",
        },
        {"event": "spamreport", "email": "later@people.example"},
        {"event": "delivered", "response": "250 OK", "email": "doubt@people.example"},
        {"event": "bounce", "type": "bounce", "reason": "550 who", "email": "stranger@people.example"},
    ]
    for number, event in enumerate(events):
        event |= {
            "timestamp": _LATER, "sg_event_id": f"event {number}",
            "smtp-id": ids.get(str(event["email"]), "<x@acme.example>"),
        }  # fmt: skip
    path = small.folder / "events.json"
    path.write_text(json.dumps(events))
    told = command("settle", small.path, path)
    return told.code, told.out


_LATER = 4_000_000_000


def _corrected(small: SmallCampaign, command: Command) -> object:
    """The results, mended by hand: an address, a name, and a column's cell."""
    rows = small.results()
    for row in rows:
        if row["email"] == "nobody at all":
            row["email"] = "somebody@people.example"
        if row["email"] == "busy@people.example":
            row["name"] = "Un\u00efque \U0001f40d"
    path = small.folder / "corrected.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    told = command("resend", small.path, "--from", path, "--yes", "--json", "--processes", "1")
    return told.code, told.out


def _another_file(small: SmallCampaign, command: Command) -> object:
    """A contacts file with others in other places, and NUL in a cell: refused or taken, by both."""
    told = []
    text = (small.folder / "contacts.csv").read_text("utf-8")
    for changed in (text.replace("her twin", "her\0twin"), "\n".join(reversed(text.splitlines()[-4:])), text):
        (small.folder / "contacts.csv").write_text(changed, "utf-8")
        answer = command("send", small.path, "--yes", "--json", "--processes", "1")
        told += [answer.code, answer.out]
    return tuple(told)

"""The whole job, by the real command in processes of its own: what the results say, what the server saw, what leaked.

2,000 contacts go to a server that refuses, greylists, drops and quotes links. Then every row is held against the
server's record, every token against another JWT library, every message against Python's strict parser, and every byte
that the run left behind is searched for the secret and for links.
"""

import csv
import email
import email.policy
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from campaign.commands.init import make_campaign
from campaign.results import COLUMNS
from tests.campaigns import SmallCampaign, assert_agreement
from tests.smtp_server import CATALOGUE, FaultServer, local_part

SECRET = "a secret of no workspace, 4711 0815"
DOMAIN = "acme.myclickfunnels.com"
QUOTED = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJxdW90ZWRAcGVvcGxlLmV4YW1wbGUifQ.c2lnbmF0dXJlLW9mLW5vdGhpbmc"
"""What a server that looks into messages may quote in a refusal."""
TRACES = (SECRET.encode(), b"eyJ", b"/sso?identifier", b"token=")
HEADER = ("name", "email", "note", "profile_id")
CONTACTS = 2_000

FATES = {
    # local part → (the server's misbehaviour, the status it must lead to)
    "unknown": (CATALOGUE["rcpt_5xx"], "rejected"),
    "refused": (CATALOGUE["body_5xx"], "rejected"),
    "quoted": (CATALOGUE["body_5xx"], "rejected"),
    "grey": (CATALOGUE["rcpt_greylist"], "sent"),
    "later": (CATALOGUE["body_4xx"], "sent"),
    "busy": (CATALOGUE["rcpt_4xx"], "failed"),
    "lost": (CATALOGUE["rcpt_cut"], "sent"),
    "dropped": (CATALOGUE["body_cut"], "in_doubt"),
    "silent": (CATALOGUE["body_accepted_cut"], "in_doubt"),
}
OPTIONS: dict[str, dict[str, object]] = {
    "later": {"times": 1, "per_recipient": True},
    "lost": {"times": 1, "per_recipient": True},
    "quoted": {"reply": f"554 5.7.1 We do not like https://{DOMAIN}/sso?identifier=q&token={QUOTED}\r\n".encode()},
}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str
    wal: bytes
    command_lines: bytes
    """Of every process of the run, as anybody on the machine can read them."""


def run_command(
    words: Sequence[str], folder: Path, secret_file: Path | None = None, watched: Path | None = None
) -> Ended:
    """Run the real command; meanwhile look at the ledger's WAL and at the processes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")}
    if secret_file is not None:
        environment["CAMPAIGN_LINK__SECRET_FILE"] = str(secret_file)
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        process = subprocess.Popen(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        wal, command_lines = b"", set[bytes]()
        while process.poll() is None:
            if watched is not None:
                wal = max(wal, _bytes(watched), key=len)
                command_lines |= {_bytes(Path(f"/proc/{pid}/cmdline")) for pid in _family(process.pid)}
            time.sleep(0.02)
        out.seek(0)
        err.seek(0)
        ended = Ended(
            code=process.returncode, out=out.read(), err=err.read(), wal=wal, command_lines=b"\n".join(command_lines)
        )
    (folder / "out").unlink()
    (folder / "err").unlink()
    return ended


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in _bytes(Path(f"/proc/{pid}/task/{pid}/children")).split():
        yield from _family(int(child))


def _rows() -> list[tuple[str, str, str, str]]:
    """Every action, some rows that nobody can be mailed by, and among them all the plain ones."""
    kinds = [*FATES, "plain"]
    rows = []
    for number in range(CONTACTS):
        kind = kinds[number // 7 % len(kinds)] if number % 7 == 0 else "plain"
        address = f"{kind}.{number}@people.example"
        note = ('a "quoted", note', "", "ein Ümläut — und ein\nZeilenumbruch", "=1+1")[number % 4]
        rows.append((f"Person {number}", address, note, f"id{number}"))
    rows[10] = ("Nobody", "nobody at all", "", "x")
    rows[20] = ("Again", "PLAIN.1@People.Example", "", "x")
    rows[30] = ("Quiet", "quiet@people.example", "", "x")
    return rows


@dataclass(frozen=True)
class Walk:
    campaign: SmallCampaign
    server: FaultServer
    ended: Ended
    rows: list[tuple[str, str, str, str]]

    @property
    def results(self) -> dict[str, dict[str, str]]:
        return {row["email"]: row for row in self.campaign.results()}


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("walk")
    secret_file = folder / "secret"
    secret_file.write_text(SECRET)
    rows = _rows()
    campaign = SmallCampaign(
        folder / "small",
        settings={
            "contacts": {"suppress": ["quiet.csv"]},
            "window": {"lasts": "2h", "timezone": "Europe/Berlin"},
            "link": {"redirect_to": f"https://{DOMAIN}/profiles/{{{{ contact.profile_id }}}}"},
            "smtp": {"connections": 6, "timeout": "1m"},
            "retry": {"tries": 3, "first_wait": "50ms", "longest_wait": "200ms", "stop_after": 1000},
        },
    ).contacts(rows, HEADER)
    (campaign.folder / "quiet.csv").write_text("quiet@people.example\n")
    misbehaviours = [make(match=local_part(kind), **OPTIONS.get(kind, {})) for kind, (make, _) in FATES.items()]
    with FaultServer(*misbehaviours) as server:
        campaign.load(server.port)
        ended = run_command(
            [sys.executable, "-m", "campaign", "send", str(campaign.path), "--processes", "2", "--json"],
            folder,
            secret_file,
            Path(f"{campaign.ledger}-wal"),
        )
        assert server.defects == []
        yield Walk(campaign, server, ended, rows)


def test_it_ends_as_it_says(walk: Walk) -> None:
    outcome = json.loads(walk.ended.out)
    assert walk.ended.code == outcome["exit_code"] == 1
    assert outcome["stopped"] is None
    assert outcome["total"] == CONTACTS
    assert outcome["counts"] == {**outcome["counts"], **Counter(row["status"] for row in walk.campaign.results())}
    assert "Traceback" not in walk.ended.err


def test_every_row_of_the_input_has_exactly_one_row_in_the_results_in_order(walk: Walk) -> None:
    with (walk.campaign.folder / "small-results.csv").open(newline="", encoding="utf-8") as file:
        header, *found = csv.reader(file)
    assert tuple(header) == HEADER + COLUMNS
    assert [tuple(row[: len(HEADER)]) for row in found] == walk.rows


def test_every_status_agrees_with_what_the_server_saw(walk: Walk) -> None:
    accepted = [message.recipients[0] for message in walk.server.accepted]
    counts = assert_agreement(walk.campaign, accepted)
    assert sum(counts.values()) == CONTACTS
    assert counts["pending"] == 0
    for row in walk.campaign.results():
        kind = row["email"].partition(".")[0]
        expected = {"nobody at all": "invalid", "PLAIN": "duplicate", "quiet@people": "suppressed", "plain": "sent"}
        assert row["status"] == (expected.get(kind) or FATES[kind][1]), row["email"]
    got = set(accepted)
    for address, row in walk.results.items():
        if address.startswith("silent."):
            assert address in got
        if address.startswith("dropped."):
            assert address not in got
        if row["status"] in ("sent", "rejected"):
            assert row["smtp_code"]
            assert row["message_id"]
    tries = {"grey": "2", "later": "2", "busy": "3"}
    tried = {address: (row["attempts"], tries.get(address.partition(".")[0])) for address, row in walk.results.items()}
    spared = [address for address, (had, wanted) in tried.items() if wanted is not None and had != wanted]
    # What is refused behind a body, while it is found out whether the server takes that, is held against no row.
    assert len(spared) <= 1 and all(tried[address][0] == "1" for address in spared), spared


def _messages(walk: Walk) -> Iterator[tuple[str, EmailMessage, dict[str, str]]]:
    results = walk.results
    for accepted in walk.server.accepted:
        assert accepted.data is not None
        message = email.message_from_bytes(accepted.data, policy=email.policy.strict)  # raises for any defect
        assert isinstance(message, EmailMessage)
        yield accepted.recipients[0], message, results[accepted.recipients[0]]


def test_every_message_parses_without_a_defect_and_is_its_rows_own(walk: Walk) -> None:
    seen = 0
    for recipient, message, row in _messages(walk):
        seen += 1
        assert [part.defects for part in message.walk() if part.defects] == []
        assert message["Message-ID"] == row["message_id"]
        assert message["To"].addresses[0].addr_spec == recipient
        assert message["Subject"] == f"Hello {row['name']}"
        for kind in ("plain", "html"):
            body = message.get_body((kind,))
            assert body is not None
            assert row["name"] in body.get_content()
    assert seen > 0.9 * CONTACTS


def test_every_token_verifies_with_another_library_and_is_its_rows_own(walk: Walk) -> None:
    key = OctKey.import_key(SECRET)
    seen = set()
    for recipient, message, row in _messages(walk):
        body = message.get_body(("plain",))
        assert body is not None
        link = urlsplit(re.findall(r"https://\S+/sso\?\S+", body.get_content())[0])
        query = parse_qs(link.query, strict_parsing=True)
        (token,) = query["token"]
        seen.add(token)
        assert (link.hostname, list(query)) == (DOMAIN, ["identifier", "strategy", "token"])
        assert query["identifier"] == [recipient]
        decoded = jwt.decode(token, key, algorithms=["HS256"])
        assert decoded.header == {"alg": "HS256"}
        claims = decoded.claims
        jwt.JWTClaimsRegistry(exp={"essential": True}, nbf={"essential": True}, iat={"essential": True}).validate(
            claims
        )
        assert claims["sub"] == f"{recipient}:{DOMAIN}"
        assert claims["redirect_to"] == f"https://{DOMAIN}/profiles/{row['profile_id']}"
        assert claims["exp"] == datetime.fromisoformat(row["link_expires_at"]).timestamp()
        assert hashlib.sha256(token.encode()).hexdigest().startswith(row["link_fingerprint"])
        assert len(row["link_fingerprint"]) >= 12
    assert len(seen) == len(walk.server.accepted)


def test_the_secret_and_the_links_are_in_the_messages_and_nowhere_else(walk: Walk, tmp_path: Path) -> None:
    for words in (["status", "--json"], ["status"], ["results"], ["report", "--to", str(tmp_path / "report.html")]):
        ended = run_command(
            [sys.executable, "-m", "campaign", *words[:1], str(walk.campaign.path), *words[1:]], tmp_path
        )
        assert ended.code == 0, ended.err
        _assert_clean(ended.out.encode() + ended.err.encode(), " ".join(words))
    left = [path for path in [*walk.campaign.folder.rglob("*"), tmp_path / "report.html"] if path.is_file()]
    ours = {"campaign.toml", "contacts.csv", "quiet.csv", "subject.txt", "body.txt", "body.html"}
    found = {path.name for path in left} - ours
    assert {"small-results.csv", "small.ledger", "report.html"} <= found
    for path in left:
        if path.name not in ours:
            _assert_clean(path.read_bytes(), path.name)
    assert walk.ended.wal, "the WAL was never seen"
    _assert_clean(walk.ended.wal, "the WAL")
    _assert_clean(walk.ended.out.encode() + walk.ended.err.encode(), "what was printed")
    assert walk.ended.command_lines.count(b"campaign") >= 1
    _assert_clean(walk.ended.command_lines, "the command lines")


def _assert_clean(content: bytes, where: str) -> None:
    for trace in TRACES:
        assert trace not in content, f"{trace!r} is in {where}"


def test_the_traces_that_are_searched_for_are_those_that_a_leak_would_leave(walk: Walk) -> None:
    """The search above finds nothing; here it is seen that it would find something."""
    recipient, message, _ = next(_messages(walk))
    body = message.get_body(("plain",))
    assert body is not None
    for trace in TRACES[1:]:
        assert trace in body.get_content().encode(), recipient


SAMPLE = {
    "unknown.user@engine.example": "rejected",
    "unknown.user.too@navy.example": "rejected",
    "refused@strictfilter.example": "rejected",
    "dropped@badcable.example": "in_doubt",
    "busy@peakhour.example": "failed",
    "not-an-address": "invalid",
    "ragged.row@shortline.example": "invalid",
    "stopped.mail@quiet.example": "suppressed",
    "opted.out@quiet.example": "suppressed",
    "Ada.Lovelace@Engine.Example": "duplicate",
}


def test_the_sample_shows_every_outcome_and_the_printed_command_goes_on(tmp_path: Path) -> None:
    made = make_campaign(tmp_path / "my first campaign")
    results = made.parent / "welcome-sandbox-results.csv"

    def statuses() -> dict[str, str]:
        with results.open(newline="", encoding="utf-8") as file:
            return {row["email"]: row["status"] for row in csv.DictReader(file)}

    first = run_command([sys.executable, "-m", "campaign", "send", str(made), "--sandbox"], tmp_path)
    assert first.code == 1, first.err
    found = statuses()
    assert len(found) == 30
    assert {address: status for address, status in found.items() if status != "sent"} == SAMPLE
    _assert_clean(first.err.encode() + results.read_bytes(), "the sandbox run")

    printed = [line.strip() for line in first.err.splitlines() if line.startswith("    ")]
    again = next(line for line in printed if " resend " in line)
    second = run_command(shlex.split(again), tmp_path)
    assert second.code == 1, second.err
    assert statuses() == found | {"busy@peakhour.example": "sent"}

    doubtful = next(line for line in printed if "--include in_doubt" in line)
    assert run_command(shlex.split(doubtful), tmp_path).code == 2, "without a look at the log, nobody is mailed again"
    header, *rows = results.read_text("utf-8").splitlines(keepends=True)
    copy = results.with_name("welcome-sandbox-results-doubtful.csv")
    copy.write_text("".join([header, *(row for row in rows if "in_doubt" in row)]), "utf-8")
    assert run_command(shlex.split(doubtful), tmp_path).code == 1  # that cable stays bad
    assert statuses()["dropped@badcable.example"] == "in_doubt"

    arrived = made.parent / "welcome-sandbox"
    assert len(list(arrived.glob("*.eml"))) == 21
    assert "welcome" in (arrived / "index.html").read_text("utf-8")

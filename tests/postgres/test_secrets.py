"""What a run by a database leaves in the database, on command lines and in what it says: no secret, no live link."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.campaigns import SECRET, SmallCampaign
from tests.crashes.sender import Sender, start
from tests.dkim.keys import DOMAIN, key_file, pem, rsa
from tests.smtp_server import CATALOGUE, FaultServer, local_part

pytestmark = pytest.mark.postgres

_SMTP_PASSWORD, _DATABASE_PASSWORD = "smtp hunter2", "database hunter3"
_SECRETS = {
    "CAMPAIGN_LINK__SECRET": SECRET,
    "CAMPAIGN_SMTP__PASSWORD": _SMTP_PASSWORD,
    "CAMPAIGN_LEDGER__PASSWORD": _DATABASE_PASSWORD,
}
_TABLES = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema LIKE 'campaign%'"
_PEOPLE = 300


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(
        CATALOGUE["rcpt_5xx"](match=local_part("p3")),
        CATALOGUE["body_accepted_cut"](match=local_part("p4")),
        logins={"mail": _SMTP_PASSWORD},
    ) as made:
        yield made


def test_no_secret_and_no_live_link_is_in_the_database_or_said(
    tmp_path: Path, database: str, server: FaultServer
) -> None:
    campaign = SmallCampaign(
        tmp_path / "campaign",
        {
            "smtp": {"username": "mail", "connections": 4, "rate": 60},
            "ledger": {"url": database},
            "dkim": {"domain": DOMAIN, "selector": "2026a", "key_file": "dkim.pem"},
        },
    ).people(_PEOPLE)
    key = key_file(campaign.folder / "dkim.pem")
    campaign.load(server.port)
    owner = _started(tmp_path, "send", str(campaign.path), "--yes", "--processes", "1", "--log-format", "json")
    own = {**_SECRETS, "CAMPAIGN_DKIM__KEY_FILE": str(key)}
    joining = ("work", "--ledger", database, "--campaign", campaign.name, "--name", "other")
    worker = start(*joining, log=tmp_path / "work.log", more=own)
    found = []
    owner.wait_until(lambda: len(server.accepted) > _PEOPLE // 4)
    found += [_everything(database), _command_lines(owner), _command_lines(worker)]
    assert owner.wait() == 1, "some are refused, of some it is not known whether the server has taken them"
    assert worker.wait() == 0, worker.said
    for words in (["status", "--json"], ["report", "--json"], ["results", "--output", "-"]):
        command = _started(tmp_path, words[0], str(campaign.path), *words[1:])
        assert command.wait() == 0, command.said
    wrong = ("work", "--ledger", f"{database}?sslmode=verify-full", *joining[3:])
    refused = start(*wrong, log=tmp_path / "refused.log", more=own)
    assert refused.wait() == 2, refused.said
    found += [_everything(database), *((tmp_path / f"{name}.log").read_bytes() for name in _LOGS)]
    assert any(b"p7@people.example" in one for one in found), "the database was not looked into"
    links = {match for one in server.accepted for match in re.findall(rb"https://acme\S+", _plain(one.data))}
    assert len(links) == len(server.accepted)
    private = [line for line in pem(rsa()).splitlines() if not line.startswith(b"--")]
    tokens = [link.rpartition(b"=")[2] for link in links]
    for secret in [*(value.encode() for value in _SECRETS.values()), *private, *tokens]:
        assert len(secret) >= 10
        for place in found:
            assert secret not in place, secret


_LOGS = ("send", "work", "status", "report", "results", "refused")


def _started(folder: Path, *words: str) -> Sender:
    return start(*words, log=folder / f"{words[0]}.log", more=_SECRETS)


def _plain(message: bytes | None) -> bytes:
    """The part that is text: links in it are as they are."""
    assert message is not None
    return message.replace(b"=\r\n", b"").partition(b"text/html")[0]


def _everything(database: str) -> bytes:
    """All cells of all tables, what octets hold as themselves; and what its sessions ask last."""
    cells: list[bytes] = []
    with psycopg.connect(database) as connection:
        tables = [sql.Identifier(*row) for row in connection.execute(_TABLES).fetchall()]
        questions: list[sql.SQL | sql.Composed] = [sql.SQL("SELECT * FROM {}").format(table) for table in tables]
        questions.append(sql.SQL("SELECT query, application_name FROM pg_stat_activity"))
        for question in questions:
            for row in connection.execute(question):
                cells += [bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode() for cell in row]
    assert len(tables) > 10
    return b"\n".join(cells)


def _command_lines(sender: Sender) -> bytes:
    return b"\n".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in sender.processes())

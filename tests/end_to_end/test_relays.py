"""Whole runs to relays of the kinds that people have: signed in by a token, by a certificate, over LMTP; and what the
operator is told, and who is marked, where the relay will not have us.
"""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from campaign.run.plan import RunPlan
from campaign.run.runner import run
from campaign.run.servers import configured_server
from campaign.settings import load_settings
from tests.campaigns import SECRET, SmallCampaign, assert_agreement
from tests.smtp_server import CATALOGUE, FaultServer, Tls
from tests.smtp_server.certificates import authority_pem, client_certificate
from tests.smtp_server.misbehaviours import Action

USER = "campaigns@acme.example"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)


class Campaign(SmallCampaign):
    """A small campaign whose server is the one of its settings."""

    def plan(self, port: int, **options: Any) -> RunPlan:
        super().load(port)
        settings = load_settings(self.path)
        given = super().plan(port, backoff=0.002, **options)
        return RunPlan(
            settings=settings, results=given.results, ledger=given.ledger, server=configured_server(settings),
            secret=SECRET, signing_keys=given.signing_keys, processes=1, backoff=0.002,
        )  # fmt: skip


def campaign(folder: Path, people: int = 20, **smtp: object) -> Campaign:
    (folder / "c").mkdir()
    (folder / "c" / "ca.pem").write_bytes(authority_pem())
    settings: dict[str, dict[str, object]] = {
        "smtp": {"security": "starttls", "ca_file": "ca.pem", "timeout": "1m", "connections": 2} | smtp
    }
    if settings["smtp"]["security"] == "none":
        del settings["smtp"]["ca_file"]
    made = Campaign(folder / "c", settings=settings)
    made.people(people)
    return made


def assert_all_sent(campaign: Campaign, server: FaultServer, people: int = 20) -> None:
    assert assert_agreement(campaign, [one.recipients[0] for one in server.accepted]) == {"sent": people}


def check(campaign: Campaign, port: int) -> tuple[int, str]:
    campaign.load(port)
    result = CliRunner().invoke(app, ["check", str(campaign.path)])
    return result.exit_code, result.stdout


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
def test_by_password(tmp_path: Path, mechanism: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_SMTP__PASSWORD", "hünter2")
    small = campaign(tmp_path, username=USER)
    with FaultServer(tls=Tls.GOOD, logins={USER: "hünter2"}, auth_mechanisms=(mechanism,)) as server:
        code, said = check(small, server.port)
        assert code == 0 and f"takes our sign-in by {mechanism}; it offers" in said
        assert run(small.plan(server.port), small.observer).exit_code == 0
    assert_all_sent(small, server)
    assert not server.defects


@pytest.mark.parametrize(
    ("reply", "fix"),
    [
        (b"530 5.7.0 Authentication required\r\n", "set smtp.username and CAMPAIGN_SMTP__PASSWORD"),
        (b"530 5.7.0 Must issue a STARTTLS command first\r\n", 'set smtp.security to "starttls"'),
        (b"538 5.7.11 Encryption required\r\n", 'set smtp.security to "starttls"'),
        (b"550 5.7.1 Sender refused\r\n", "set message.from and message.return_path"),
    ],
)
def test_check_says_what_is_wanted_first(tmp_path: Path, reply: bytes, fix: str) -> None:
    small = campaign(tmp_path, 2, security="none")
    with FaultServer(CATALOGUE["mail_5xx"](reply=reply)) as server:
        code, said = check(small, server.port)
    assert code == 2 and fix in said


class Rotating(dict[str, str]):
    """The relay's tokens: after so many sign-ins it takes another, and the token service gives out that one."""

    def __init__(self, folder: Path) -> None:
        super().__init__({USER: "first"})
        self._folder = folder
        self._asked = 0
        self.give_out("first")

    def give_out(self, token: str) -> None:
        (self._folder / "token.new").write_text(token)
        (self._folder / "token.new").rename(self._folder / "token")

    def get(self, user: str, default: Any = None) -> Any:
        self._asked += 1
        if self._asked == 4:
            self[USER] = "second"
            self.give_out("second")
        return super().get(user, default)


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_token_that_is_over_in_the_middle_of_a_run_costs_nothing(tmp_path: Path, mechanism: str) -> None:
    small = campaign(
        tmp_path, 60, username=USER, token_command="./token.sh --for 'the campaign'", messages_per_connection=5
    )
    script = small.folder / "token.sh"
    script.write_text("#!/bin/sh\n[ \"$2\" = 'the campaign' ] || exit 1\necho run >> runs\ncat token\n")
    script.chmod(0o700)
    with FaultServer(
        tls=Tls.GOOD, logins={}, tokens=Rotating(small.folder), auth_mechanisms=("PLAIN", mechanism)
    ) as server:
        summary = run(small.plan(server.port), small.observer)
    assert summary.exit_code == 0 and not small.observer.notices
    assert_all_sent(small, server, 60)
    assert (small.folder / "runs").read_text().splitlines() == ["run", "run"]


def test_a_token_command_that_fails_stops_the_run(tmp_path: Path) -> None:
    small = campaign(tmp_path, 5, username=USER, token_command="sh -c 'echo sesame; exit 3'")
    with FaultServer(tls=Tls.GOOD, logins={}, auth_mechanisms=("XOAUTH2",)) as server:
        code, said = check(small, server.port)
        assert code == 2 and "WRONG  the token command failed: exit code 3" in said and "sesame" not in said
        summary = run(small.plan(server.port), small.observer)
    assert summary.exit_code == 3 and summary.trouble is not None
    assert summary.trouble.what == "the token command failed: exit code 3"
    assert summary.trouble.where == "smtp.token_command" and summary.trouble.fix
    assert set(small.statuses().values()) == {"pending"}


class TestCertificate:
    @pytest.fixture
    def files(self, tmp_path: Path) -> dict[str, Any]:
        leaf = client_certificate("campaigns")
        (tmp_path / "client.pem").write_bytes(leaf.cert_chain_pems[0].bytes())
        (tmp_path / "client.key").write_bytes(leaf.private_key_pem.bytes())
        (tmp_path / "client.key").chmod(0o644)
        return {"client_cert": "../client.pem", "client_key": "../client.key"}

    def test_it_signs_us_in(self, tmp_path: Path, files: dict[str, Any]) -> None:
        small = campaign(tmp_path, **files)
        with FaultServer(
            tls=Tls.GOOD, logins={}, auth_mechanisms=("PLAIN", "EXTERNAL"), certificate_wanted=True
        ) as server:
            code, said = check(small, server.port)
            assert code == 0 and "takes our sign-in by EXTERNAL" in said
            assert "everybody on this machine can read the private key in" in said and "client.key" in said
            assert run(small.plan(server.port), small.observer).exit_code == 0
        assert_all_sent(small, server)

    @pytest.mark.parametrize("name", ["connect_421", "ehlo_421", "connect_5xx"])
    def test_one_that_is_refused_stops_the_run(self, tmp_path: Path, files: dict[str, Any], name: str) -> None:
        """421 again and again, or 554 once."""
        small = campaign(tmp_path, 5, security="tls", **files)
        small.settings["retry"] = {"stop_after": 6}
        with FaultServer(CATALOGUE[name](), tls=Tls.GOOD, implicit_tls=True, certificate_wanted=True) as server:
            summary = run(small.plan(server.port), small.observer)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert "perhaps the server does not take smtp.client_cert" in summary.trouble.fix
        assert len(server.connections) == (1 if name == "connect_5xx" else 6)
        assert set(small.statuses().values()) == {"pending"}

    def test_a_server_that_wants_one_says_so(self, tmp_path: Path) -> None:
        small = campaign(tmp_path, 5)
        small.settings["retry"] = {"stop_after": 6}
        with FaultServer(tls=Tls.GOOD, certificate_wanted=True) as server:
            summary = run(small.plan(server.port), small.observer)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert set(small.statuses().values()) == {"pending"} and len(server.connections) <= 6


class TestLmtp:
    """RFC 2033: LHLO in place of EHLO, and one reply for each recipient; there is one."""

    @pytest.mark.parametrize("security", ["none", "starttls"])
    def test_all_is_delivered(self, tmp_path: Path, security: str) -> None:
        small = campaign(tmp_path, protocol="lmtp", security=security)
        with FaultServer(lmtp=True, tls=Tls.GOOD) as server:
            code, _ = check(small, server.port)
            assert code == 0
            assert run(small.plan(server.port), small.observer).exit_code == 0
        assert_all_sent(small, server)
        verbs = {command.split()[0] for one in server.connections for command in one.commands}
        assert b"LHLO" in verbs and not verbs & {b"EHLO", b"HELO"} and not server.defects

    @pytest.mark.parametrize(("theirs", "ours"), [(True, "smtp"), (False, "lmtp")])
    def test_the_other_protocol_is_named(self, tmp_path: Path, theirs: bool, ours: str) -> None:
        small = campaign(tmp_path, 5, protocol=ours, security="none")
        with FaultServer(lmtp=theirs) as server:
            summary = run(small.plan(server.port), small.observer)
        assert summary.exit_code == 3 and summary.trouble is not None
        assert f'smtp.protocol = "{"smtp" if ours == "lmtp" else "lmtp"}"' in summary.trouble.fix
        assert set(small.statuses().values()) == {"pending"}


class TestName:
    def test_the_one_that_is_set_is_said(self, tmp_path: Path) -> None:
        small = campaign(tmp_path, 2, ehlo_name="Mailer.Acme.example")
        with FaultServer(tls=Tls.GOOD) as server:
            code, said = check(small, server.port)
        assert code == 0 and "smtp.ehlo_name" not in said
        greetings = [command for command in server.connections[0].commands if command.startswith(b"EHLO")]
        assert greetings == [b"EHLO mailer.acme.example"] * 2

    def test_check_warns_of_a_literal(self, tmp_path: Path) -> None:
        small = campaign(tmp_path, 2, ehlo_name="[192.0.2.1]")
        with FaultServer(tls=Tls.GOOD) as server:
            code, said = check(small, server.port)
        assert code == 0 and "note   we call ourselves [192.0.2.1]" in said and "set smtp.ehlo_name" in said

    @pytest.mark.parametrize("security", ["none", "tls"])
    def test_a_server_that_hangs_up_on_it_has_said_why(self, tmp_path: Path, security: str) -> None:
        small = campaign(tmp_path, 5, security=security, ehlo_name="mailer.acme.example")
        reply = b"550 5.7.1 Helo command rejected: need fully-qualified hostname\r\n"
        fault = CATALOGUE["ehlo_5xx"](reply=reply, action=Action.CUT)
        with FaultServer(fault, tls=Tls.GOOD, implicit_tls=security == "tls") as server:
            code, said = check(small, server.port)
            summary = run(small.plan(server.port), small.observer)
        words = "refused at EHLO: 550 5.7.1 Helo command rejected: need fully-qualified hostname"
        assert code == 2 and words in said and "set smtp.ehlo_name" in said
        assert summary.exit_code == 3 and summary.trouble is not None and summary.trouble.what == words
        assert set(small.statuses().values()) == {"pending"}

    @pytest.mark.parametrize("security", ["none", "starttls"])
    def test_a_server_that_minds_it_names_the_setting(self, tmp_path: Path, security: str) -> None:
        small = campaign(tmp_path, 5, security=security, ehlo_name="mailer.acme.example")
        reply = b"550 5.7.1 Helo command rejected: Host not found\r\n"
        with FaultServer(CATALOGUE["ehlo_5xx"](reply=reply), tls=Tls.GOOD) as server:
            summary = run(small.plan(server.port), small.observer)
        if security == "none":
            assert summary.exit_code == 0, "HELO will do"
            return
        assert summary.exit_code == 3 and summary.trouble is not None
        assert "Helo command rejected" in summary.trouble.what
        assert summary.trouble.fix.startswith("it was told mailer.acme.example: set smtp.ehlo_name")
        assert set(small.statuses().values()) == {"pending"}

"""`campaign check`: everything that would stop a run or surprise its sender is told before it."""

import pytest

from tests.campaigns import SmallCampaign
from tests.command_line import Command
from tests.conftest import StartServer
from tests.deliverability.mail.documents import sound_mail
from tests.smtp_server import CATALOGUE


@pytest.fixture(autouse=True)
def nothing_against_the_mail(small: SmallCampaign) -> None:
    """What is said of the mail itself is another test's."""
    sound_mail(small)


class TestCheck:
    def test_where_all_is_well_it_says_ready_and_sends_nothing(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        server = smtp_server()
        small.load(server.port)
        said = command("check", small.path)
        assert said.code == 0
        assert "WRONG" not in said.out
        assert "ready to send\n" in said.out
        assert f"    campaign send {small.path} --test-to YOUR-ADDRESS\n" in said.out
        assert "5 can be mailed" in said.out
        assert server.accepted == []
        assert not small.ledger.exists()

    def test_it_goes_on_past_what_is_wrong(
        self, command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small.contacts([("p1@people.example", "A"), ("nobody", "B")])
        small.settings = {
            "window": {"opens": "2020-01-01T08:00", "closes": "2020-01-01T09:00"},
            "smtp": {"host": "127.0.0.1", "timeout": "200ms"},
        }
        small.load(1)  # nobody listens there
        monkeypatch.delenv("CAMPAIGN_LINK__SECRET")
        said = command("check", small.path, "--output", small.folder / "no" / "x.csv")
        assert said.code == 2
        assert said.out.count("WRONG") == 4  # the secret, the window, the results' folder, the server
        assert "row 2: the address has no @-sign" in said.out
        assert "4 things to put right" in said.out

    def test_one_invalid_row_stops_nothing_unless_it_is_to(self, command: Command, small: SmallCampaign) -> None:
        small.contacts([("p1@people.example", "A"), ("nobody", "B")]).load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 0
        assert "ready to send, but for 1 invalid row\n" in said.out
        assert command("check", small.path, "--offline", "--strict").code == 1

    def test_what_is_noted_is_exit_code_1_only_if_asked_for(self, command: Command, small: SmallCampaign) -> None:
        small.load(25)
        assert "note   message.unsubscribe_url is not set" in command("check", small.path, "--offline").out
        assert command("check", small.path, "--offline").code == 0
        assert command("check", small.path, "--offline", "--strict").code == 1
        small.settings = {"message": {"unsubscribe_url": "https://acme.example/u?e={{ contact.email | urlencode }}"}}
        small.load(25)
        assert command("check", small.path, "--offline", "--strict").code == 0

    @pytest.mark.parametrize("rows", [[("nobody", "B"), ("@", "C")], []])
    def test_where_nobody_can_be_mailed_it_is_not_ready(
        self, command: Command, small: SmallCampaign, rows: list[tuple[str, str]]
    ) -> None:
        small.contacts(rows).load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 2
        assert "ready to send" not in said.out

    def test_a_fault_is_told_once(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"window": {"timezone": "Mars/Olympus"}}
        small.load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 2
        assert said.out.count("WRONG") == 1
        assert "1 thing to put right" in said.out

    @pytest.mark.parametrize("name", ["mail_5xx", "connect_5xx", "mail_cut", "mail_hang"])
    def test_a_server_that_takes_nothing_from_us_is_wrong(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer, name: str
    ) -> None:
        small.settings["smtp"] = {"timeout": "500ms"}
        small.load(smtp_server(CATALOGUE[name]()).port)
        said = command("check", small.path)
        assert said.code == 2
        assert said.out.count("WRONG") == 1

    def test_a_server_that_is_busy_is_only_noted(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server(CATALOGUE["mail_4xx"]()).port)
        said = command("check", small.path)
        assert said.code == 0
        assert "note   the server does not take our sender now: 451" in said.out

    @pytest.mark.parametrize(
        ("name", "reply", "words", "fix"),
        [
            (
                "rcpt_5xx",
                "553 5.7.1 Sender address rejected: not owned by user x",
                "our sender at RCPT",
                "message.from",
            ),
            ("rcpt_5xx", "554 5.7.1 Client host rejected: Access denied", "that we connect from", "smtp.username"),
            ("rcpt_4xx", "454 4.7.1 Relay access denied", "to relay for us at RCPT", "smtp.username"),
            (
                "rcpt_5xx",
                "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
                "greet it",
                "smtp.ehlo_name",
            ),
            ("rcpt_5xx", "550 Please authenticate first", "us without sign-in at RCPT", "smtp.username"),
            ("mail_5xx", "530 5.7.0 Authentication required", "us without sign-in at MAIL", "smtp.username"),
            ("rcpt_4xx", "450 4.7.1 Recipient address rejected: Quota Exceeded", "our quota for today", "tomorrow"),
        ],
    )
    def test_what_would_stop_the_run_is_wrong_before_it(
        self,
        command: Command,
        small: SmallCampaign,
        smtp_server: StartServer,
        name: str,
        reply: str,
        words: str,
        fix: str,
    ) -> None:
        small.load(smtp_server(CATALOGUE[name](reply=reply.encode() + b"\r\n")).port)
        said = command("check", small.path)
        assert said.code == 2
        (wrong,) = [line for line in said.out.splitlines() if line.startswith("WRONG")]
        assert words in wrong and reply[:3] in wrong
        assert fix in said.out.split("to do: ")[1]
        assert "1 thing to put right" in said.out and "ready to send" not in said.out

    def test_it_says_what_it_heard_at_each_step(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        server = smtp_server()
        small.settings = {"message": {"return_path": "bounces@acme.example"}}
        small.load(server.port)
        said = command("check", small.path)
        assert said.code == 0
        steps = [line for line in said.out.splitlines() if "envelope:" in line]
        assert [step.partition(": ")[2][:43] for step in steps] == [
            "MAIL FROM:<bounces@acme.example>: 250 Sende",
            "RCPT TO:<hello@acme.example>: 250 Recipient",
        ]
        assert server.record.commands["DATA"] == 0

    @pytest.mark.parametrize(
        ("reply", "offers", "why"),
        [
            ("550 5.1.1 User unknown", "SIZE", "that may be as it should be"),
            ("554 5.7.1 Recipient address rejected: Access denied", "SIZE", "says so of everybody, the run stops"),
            ("554 5.7.1 Recipient address rejected: Access denied", "AUTH PLAIN", "smtp.username is not set"),
        ],
    )
    def test_a_server_that_does_not_take_our_own_address_is_noted(
        self,
        command: Command,
        small: SmallCampaign,
        smtp_server: StartServer,
        reply: str,
        offers: str,
        why: str,
    ) -> None:
        hello = CATALOGUE["ehlo_4xx"](reply=f"250-mx.example\r\n250 {offers}\r\n".encode(), accept=True)
        small.load(smtp_server(hello, CATALOGUE["rcpt_5xx"](reply=reply.encode() + b"\r\n")).port)
        said = command("check", small.path)
        assert "does not take mail for your own address hello@acme.example" in said.out
        assert why in said.out
        assert said.code == 0 and "ready to send" in said.out

    def test_a_message_too_large_for_the_server_is_wrong(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server(size=300).port)
        said = command("check", small.path)
        assert said.code == 2
        assert "300" in said.out

    def test_what_a_send_would_not_go_on_with_is_wrong(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        """Other templates and other contacts under an old name; one of both is worth a note."""
        server = smtp_server()
        small.load(server.port)
        command("send", small.path)
        before = small.ledger.read_bytes()
        small.contacts([("p0@people.example", "Ann"), ("new@x.example", "Bob")])
        said = command("check", small.path)
        assert said.code == 0 and "1 of 2 sent, and not sent again; 1 left" in said.out
        assert "note   1 of 2 was mailed on " in said.out and "ready to send" in said.out
        (small.folder / "template" / "subject.txt").write_text("News for {{ contact.name }}")
        said = command("check", small.path)
        assert said.code == 2 and "ready to send" not in said.out
        wrong = "other templates and other contacts under a name that was used before: 1 of 2 was mailed on "
        assert f"WRONG  {wrong}" in said.out and "--yes" in said.out
        assert small.ledger.read_bytes() == before, "a check changes nothing"
        sent = command("send", small.path)
        assert sent.code == 2 and wrong in sent.err
        assert len(server.accepted) == 5
        small.people(5)
        said = command("check", small.path)
        assert said.code == 0 and "the templates have changed since" in said.out

    def test_earlier_runs_and_a_lost_ledger_are_told(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server().port)
        command("send", small.path, "--limit", "2")
        assert "2 of 5 sent, and not sent again; 3 left" in command("check", small.path, "--offline").out
        command("send", small.path)
        assert command("check", small.path, "--offline").out.endswith("nobody is left to send to\n")
        small.ledger.unlink()
        said = command("check", small.path, "--offline")
        assert said.code == 2
        assert "its ledger is gone" in said.out

    def test_a_window_too_short_for_the_rate_is_noted(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"window": {"lasts": "10s"}, "smtp": {"rate": 0.1}}
        small.load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 0
        assert "longer than the window" in said.out

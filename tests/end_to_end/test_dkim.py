"""Signed campaigns, from campaign.toml to what an inbox verifies: sent, previewed, tried in the sandbox, checked."""

import email
import email.policy
import re
from pathlib import Path

import pytest

from campaign.run.plan import open_window
from campaign.run.runner import run
from tests.campaigns import SmallCampaign, assert_agreement
from tests.command_line import Command, assert_three_parts
from tests.conftest import StartServer
from tests.dkim.keys import DOMAIN, both, ed25519, key_file, pem, rsa
from tests.dkim.verification import records, signatures, verified
from tests.smtp_server import FaultServer

RSA_KEY, ED25519_KEY = both()
NAMES = ["", "Zoë ", "  spaced   out  ", "日本語" * 20, "From me", ".", "tab\there", "Ann " * 60, "=?utf-8?q?x?="]
PRIVATE = {line for key in (pem(rsa()), pem(ed25519())) for line in key.splitlines() if not line.startswith(b"--")}


@pytest.fixture
def signed(small: SmallCampaign) -> SmallCampaign:
    """A campaign that signs with one RSA key."""
    small.settings["dkim"] = {"domain": DOMAIN, "selector": "2026a", "key_file": "dkim.pem"}
    key_file(small.folder / "dkim.pem")
    return small


def sign_twice(small: SmallCampaign) -> None:
    """Write a campaign.toml with two keys."""
    for key in (RSA_KEY, ED25519_KEY):
        key_file(small.folder / f"{key.selector}.pem", key.pem)
        with small.path.open("a") as file:
            file.write(f'\n[[dkim]]\ndomain = "{DOMAIN}"\n')
            file.write(f'selector = "{key.selector}"\nkey_file = "{key.selector}.pem"\n')


def arrived(server: FaultServer) -> list[bytes]:
    """The messages that the server has accepted."""
    return [one.data for one in server.accepted if one.data is not None]


def assert_no_key_in(folder: Path, *, but: str) -> None:
    """No file that a run leaves has anything of a key."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.match(but):
            content = path.read_bytes()
            assert not [line for line in PRIVATE if line in content], path


@pytest.mark.parametrize("processes", [1, 2])
def test_every_message_that_is_accepted_verifies(
    signed: SmallCampaign, smtp_server: StartServer, processes: int
) -> None:
    server = smtp_server()
    people = [(f"p{number}@people.example", NAMES[number % len(NAMES)] + str(number)) for number in range(60)]
    signed.contacts(people)
    signed.settings["smtp"] = {"connections": 2}
    signed.settings["message"] = {
        "reply_to": "Ännchen <support@acme.example>",
        "unsubscribe_url": "https://acme.example/u?e={{ contact.email | urlencode }}",
        "unsubscribe_mailto": "unsubscribe@acme.example",
    }
    signed.send(server.port, processes=processes)
    assert assert_agreement(signed, [one.recipients[0] for one in server.accepted]) == {"sent": 60}
    published = records([RSA_KEY])
    assert len(arrived(server)) == 60
    for data in arrived(server):
        assert verified(data, published) == [True]
        message = email.message_from_bytes(data, policy=email.policy.SMTP)
        covered = re.sub(r"\s", "", str(message["DKIM-Signature"]).partition(" h=")[2].partition(";")[0]).split(":")
        assert {"list-unsubscribe", "list-unsubscribe-post", "reply-to", "content-type"} <= set(covered)
    assert_no_key_in(signed.folder, but="dkim.pem")


def test_two_keys_make_two_signatures_through_the_real_command(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    small.load(server.port)
    sign_twice(small)
    said = command("send", small.path, "--yes", "--profile")
    assert said.code == 0
    assert re.search(r"^  sign +\d", said.out + said.err, re.MULTILINE)
    assert len(server.accepted) == 5
    for data in arrived(server):
        assert verified(data, records(both())) == [True, True]


def test_without_dkim_nothing_is_signed_and_no_such_stage_is_shown(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    small.load(server.port)
    said = command("send", small.path, "--yes", "--profile")
    assert "compose" in said.out + said.err and "  sign " not in said.out + said.err
    assert [signatures(data) for data in arrived(server)] == [0] * 5


def test_a_preview_and_the_sandbox_are_signed_as_the_mail_will_be(command: Command, signed: SmallCampaign) -> None:
    signed.load(25)
    assert command("preview", signed.path).code == 0
    assert command("send", signed.path, "--sandbox").code == 0
    for folder in ("small-preview", "small-sandbox"):
        messages = list((signed.folder / folder).glob("*.eml"))
        assert len(messages) == 5
        for message in messages:
            assert verified(message.read_bytes(), records([RSA_KEY])) == [True], message


@pytest.mark.parametrize("verb", [("preview",), ("send", "--dry-run"), ("send", "--yes")], ids=" ".join)
def test_without_its_key_nothing_is_sent_or_shown(
    command: Command, signed: SmallCampaign, smtp_server: StartServer, verb: tuple[str, ...]
) -> None:
    server = smtp_server()
    signed.load(server.port)
    (signed.folder / "dkim.pem").unlink()
    said = command(*verb, signed.path)
    assert said.code == 2
    assert_three_parts(said)
    assert "dkim.key_file won't do: the key can't be read: No such file" in said.err
    assert server.accepted == [] and not signed.ledger.exists() and not (signed.folder / "small-preview").exists()


def test_the_sandbox_does_without_a_key_and_says_so(command: Command, signed: SmallCampaign) -> None:
    signed.load(25)
    (signed.folder / "dkim.pem").unlink()
    said = command("send", signed.path, "--sandbox")
    assert said.code == 0
    assert "note: the sandbox's messages are not signed, though real ones would be: dkim.key_file won't do" in said.err
    messages = list((signed.folder / "small-sandbox").glob("*.eml"))
    assert [signatures(message.read_bytes()) for message in messages] == [0] * 5


def test_check_reads_the_key_and_says_who_else_can(command: Command, signed: SmallCampaign) -> None:
    signed.load(25)
    said = command("check", signed.path, "--offline")
    assert said.code == 0
    assert "ok     dkim: messages are signed for acme.example (rsa, 2026a._domainkey.acme.example)" in said.out
    (signed.folder / "dkim.pem").chmod(0o644)
    said = command("check", signed.path, "--offline")
    assert f"note   {signed.folder}/dkim.pem (dkim.key_file) can be read by everybody" in said.out
    (signed.folder / "dkim.pem").write_bytes(b"")
    said = command("check", signed.path, "--offline")
    assert said.code == 2
    assert "WRONG  dkim.key_file won't do: there is no private key in it" in said.out


def test_a_link_is_minted_without_the_key(command: Command, signed: SmallCampaign) -> None:
    signed.load(25)
    (signed.folder / "dkim.pem").unlink()
    assert command("link", "mint", signed.path, "p1@people.example").code == 0


def test_the_key_is_read_once_and_a_run_goes_on_without_its_file(
    signed: SmallCampaign, smtp_server: StartServer
) -> None:
    """Workers have it from the run's owner, which read it before anything else."""
    server = smtp_server()
    plan = signed.plan(server.port)
    (signed.folder / "dkim.pem").unlink()
    run(plan, signed.observer)
    assert [verified(data, records([RSA_KEY])) for data in arrived(server)] == [[True]] * 5


def test_no_key_is_seen_where_a_plan_or_a_job_is_shown(signed: SmallCampaign) -> None:
    plan = signed.plan(25)
    assert [key.pem for key in plan.signing_keys] == [pem(rsa())]
    for shown in (plan, plan.message_plan(open_window()), plan.job(open_window()), plan.settings):
        assert not [line for line in PRIVATE if line.decode() in f"{shown!r} {shown}"]


SES = "email-smtp.eu-west-1.amazonaws.com"


def test_for_amazon_ses_date_and_message_id_are_not_signed(signed: SmallCampaign) -> None:
    signed.settings["smtp"] = {"host": SES, "security": "starttls"}
    plan = signed.plan(587)
    assert plan.job(open_window()).message_plan.unsigned == {b"date", b"message-id"}


def test_amazon_ses_takes_one_signature_and_no_more(command: Command, small: SmallCampaign) -> None:
    small.settings["smtp"] = {"host": SES, "security": "starttls"}
    small.load(587)
    sign_twice(small)
    said = command("preview", small.path)
    assert said.code == 2
    assert_three_parts(said)
    assert "this relay refuses a message with two DKIM signatures" in said.err


def test_a_test_message_is_signed_as_a_real_one_would_be(
    command: Command, signed: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    signed.contacts((f"p{number}@people.example", NAMES[number] or "x") for number in range(1, 9)).load(server.port)
    assert command("send", signed.path, "--test-to", "me@acme.example", "--rows", "1-8").code == 0
    assert [verified(data, records([RSA_KEY])) for data in arrived(server)] == [[True]] * 8

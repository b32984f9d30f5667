"""`campaign erase`: nothing of a person is left in the folder, whatever stops it, and nobody is mailed twice."""

import json
import os
import quopri
import subprocess
import sys
from base64 import b64encode
from contextlib import closing
from html import escape
from pathlib import Path

import pytest

from campaign.commands.erase import read_words
from campaign.errors import UsageError
from campaign.ledger.opening import open_for_settling
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.campaigns import SECRET, SmallCampaign
from tests.command_line import Command, assert_three_parts
from tests.conftest import StartServer
from tests.proofs import COMPLAINT, PLACE, bounce, proof
from tests.smtp_server import CATALOGUE, address

ZOE, NAME, JACKET = "zoe@gone.example", "Zoë Krüß & Söhne", "Blaue Jacke, Größe 38"
HEADER = ("email", "name", "jacket")
PEOPLE = [(ZOE, NAME, JACKET), *((f"p{number}@people.example", f"Person {number}", "red") for number in range(4))]


@pytest.fixture
def sent(tmp_path: Path, smtp_server: StartServer, command: Command) -> SmallCampaign:
    """Zoe, and four others: previewed, tried in the sandbox, sent, reported."""
    small = SmallCampaign(tmp_path / "small")
    small.contacts(PEOPLE, header=HEADER)
    body = small.folder / "template" / "body.txt"
    body.write_text(body.read_text() + "\n{{ contact.jacket }}\n")
    small.load(smtp_server().port)
    for words in (("preview",), ("send", "--sandbox"), ("send",), ("report",), ("report", "--sandbox")):
        command(words[0], small.path, *words[1:])
    assert small.statuses()[ZOE] == "sent"
    (small.folder / "contacts.csv").write_text("email,name,jacket\np0@people.example,Person 0,red\n")
    return small


def written(*texts: str) -> dict[str, bytes]:
    """How files and messages may write these: each form by its name."""
    forms: dict[str, bytes] = {}
    for text in texts:
        plain = text.encode()
        forms |= {
            f"{text} in UTF-8": plain,
            f"{text} in UTF-16": text.encode("utf-16-le"),
            f"{text} in HTML": escape(text).encode("ascii", "xmlcharrefreplace"),
            f"{text} in HTML, letters as they are": escape(text).encode(),
            f"{text} in JSON": json.dumps(text).encode("ascii")[1:-1],
            f"{text} quoted-printable": quopri.encodestring(plain).rstrip(b"=\n"),
        }
        for skipped in range(3):  # base64 has three ways, by where in a group of three octets it begins
            whole = plain[skipped : skipped + (len(plain) - skipped) // 3 * 3]
            forms[f"{text} in base64, from octet {skipped}"] = b64encode(whole)
    return forms


def found_in(folder: Path, forms: dict[str, bytes]) -> list[str]:
    """Where one of these stands, in a file or in its name."""
    found = []
    for path in sorted(folder.rglob("*")):
        octets = path.name.encode() + (path.read_bytes() if path.is_file() else b"")
        found += [f"{path.relative_to(folder)}: {name}" for name, form in forms.items() if form in octets]
    return found


def test_nothing_of_them_is_left_in_the_folder(command: Command, sent: SmallCampaign) -> None:
    forms = written(ZOE, NAME, JACKET, "0001-zoe")
    before = {place.partition(":")[0] for place in found_in(sent.folder, forms)}
    assert {"small.ledger", "small-results.csv", "small-sandbox.ledger", "small-sandbox-results.csv"} <= before
    assert {"small-preview/index.html", "small-preview/rows.jsonl", "small-sandbox/0001-zoe.eml"} <= before
    counts = json.loads(command("status", sent.path, "--json").out)["counts"]
    said = command("erase", sent.path, ZOE)
    assert said.code == 0
    assert found_in(sent.folder, forms) == []
    assert json.loads(command("status", sent.path, "--json").out)["counts"] == counts
    rows = sent.results()
    assert rows[0]["email"] == "erased"
    assert (rows[0]["status"], rows[0]["name"], rows[0]["message_id"]) == ("sent", "", "")
    assert rows[0]["detail"].startswith("erased 20")
    assert [row["email"] for row in rows[1:]] == [f"p{number}@people.example" for number in range(4)]
    index = (sent.folder / "small-preview" / "index.html").read_text()
    assert "p3@people.example" in index and (sent.folder / "small-preview" / "0002-p0.eml").exists()


def test_what_a_server_said_about_somebody_else_does_not_name_them_either(
    command: Command, tmp_path: Path, smtp_server: StartServer
) -> None:
    """A mailbox that forwards to another; a second address in the reply stays."""
    said = f"550 5.1.1 p1 forwards to <{ZOE.title()}>, {ZOE}, ask p0@people.example\r\n"
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=address("p1@people.example"), reply=said.encode()))
    small = SmallCampaign(tmp_path / "small").contacts([(ZOE, NAME), *((row[0], row[1]) for row in PEOPLE[1:])])
    small.load(server.port)
    assert command("send", small.path).code == 1
    small.people(4)
    assert "still named" not in command("erase", small.path, ZOE).err
    (detail,) = (row["detail"] for row in small.results() if row["status"] == "rejected")
    assert "<(address)>, (address), ask p0@people.example" in detail


def test_who_was_erased_and_comes_again_is_not_mailed(
    command: Command, sent: SmallCampaign, smtp_server: StartServer
) -> None:
    command("erase", sent.path, ZOE)
    server = smtp_server()
    sent.contacts([(ZOE, NAME, JACKET), ("new@people.example", "New", "red")], header=HEADER)
    sent.load(server.port)
    assert command("send", sent.path).code == 0
    assert [one for accepted in server.accepted for one in accepted.recipients] == ["new@people.example"]
    assert [row["status"] for row in sent.results()] == ["sent", "sent"]
    assert ZOE not in (sent.folder / "small-results.csv").read_text()


def test_results_with_erased_rows_can_be_sent_again_from(
    command: Command, sent: SmallCampaign, smtp_server: StartServer
) -> None:
    command("erase", sent.path, ZOE)
    sent.contacts(PEOPLE, header=HEADER)
    said = command("resend", sent.path, "--from", sent.folder / "small-results.csv")
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    "last",
    [
        "campaign.ledger.sql.erasure.recount",
        "campaign.run.erasure.remove_people",
        "campaign.preview.folder.Path.unlink",
        "campaign.preview.erasure.replacing",
        "campaign.run.erasure.write_results",
        "campaign.ledger.sqlite.erasure.SqliteErasure.scrub",
        "campaign.ledger.sqlite.erasure.SqliteErasure.finished",
        "campaign.run.erase.write_report",
    ],
)
def test_what_a_kill_cuts_off_is_finished_by_the_same_command(command: Command, sent: SmallCampaign, last: str) -> None:
    """The process dies where it would have called `last`."""
    module, _, name = last.rpartition(".")
    script = (
        "import importlib, os, sys\n"
        f"place, name = {module!r}, {name!r}\n"
        "owner, inner = place, None\n"
        "while True:\n"
        "    try:\n"
        "        held = importlib.import_module(owner)\n"
        "        break\n"
        "    except ImportError:\n"
        "        owner, _, inner = owner.rpartition('.')\n"
        "if inner:\n"
        "    held = getattr(held, inner)\n"
        "import campaign.commands.erase\n"
        "setattr(held, name, lambda *a, **k: os._exit(9))\n"
        f"sys.argv = ['campaign', 'erase', {str(sent.path)!r}, {ZOE!r}]\n"
        "from campaign.cli import app\napp()\n"
    )
    environ = {**os.environ, "CAMPAIGN_LINK__SECRET": SECRET}
    assert subprocess.run([sys.executable, "-c", script], env=environ, check=False).returncode == 9
    assert found_in(sent.folder, written(ZOE)) != [] or last.endswith("write_report")
    assert command("erase", sent.path, ZOE).code == 0
    assert found_in(sent.folder, written(ZOE, NAME, JACKET, "0001-zoe")) == []
    assert [row["status"] for row in sent.results()] == ["sent"] * 5


def test_a_dry_run_takes_nothing_out(command: Command, sent: SmallCampaign) -> None:
    before = found_in(sent.folder, written(ZOE, NAME))
    said = command("erase", sent.path, ZOE, "--dry-run", "--json")
    assert json.loads(said.out)["people"] == 1
    assert "would be erased" in said.err
    assert found_in(sent.folder, written(ZOE, NAME)) == before


def test_the_unknown_are_named_and_the_others_go(command: Command, sent: SmallCampaign) -> None:
    said = command("erase", sent.path, "who@x.example", ZOE, "--json")
    document = json.loads(said.out)
    assert (said.code, document["exit_code"]) == (1, 1)
    assert (document["unknown"], document["people"], document["rows"]) == (["who@x.example"], 1, 2)
    assert "nobody of this campaign has the address who@x.example" in said.err
    again = command("erase", sent.path, ZOE)
    assert again.code == 0
    assert "0 people erased" in again.out and "erased before: 1" in again.err


def test_addresses_can_come_from_standard_input(command: Command, sent: SmallCampaign) -> None:
    said = command("erase", sent.path, "-", stdin=f"{ZOE.upper()}\n\n p1@people.example \n")
    assert "2 people erased" in said.out
    assert [row["email"] for row in sent.results()].count("erased") == 2


def test_by_age(command: Command, sent: SmallCampaign) -> None:
    assert "0 people erased" in command("erase", sent.path, "--older-than", "90d").out
    assert sent.statuses()[ZOE] == "sent"
    for ledger in (sent.ledger, sent.folder / "small-sandbox.ledger"):
        with closing(connect(ledger)) as database:
            database.execute("UPDATE delivery SET settled_at = settled_at - 8000000")  # three months
    assert "5 people erased" in command("erase", sent.path, "--older-than", "90d").out
    assert found_in(sent.folder, written(ZOE, NAME, "p3@people.example")) == []


def test_of_the_sandbox_alone(command: Command, sent: SmallCampaign) -> None:
    command("erase", sent.path, ZOE, "--sandbox")
    assert sent.statuses()[ZOE] == "sent"
    assert not [place for place in found_in(sent.folder, written(ZOE)) if place.startswith("small-sandbox")]


def test_a_copy_that_somebody_has_changed_is_kept_and_said(command: Command, sent: SmallCampaign) -> None:
    results = sent.folder / "small-results.csv"
    results.write_text(results.read_text() + "\n")
    (sent.folder / "notes.txt").write_text(f"ask {ZOE.upper()}\n")
    said = command("erase", sent.path, ZOE, "--json")
    document = json.loads(said.out)
    (kept,) = document["kept"]
    assert ZOE in Path(kept).read_text()
    assert document["named_in"] == sorted([kept, str(sent.folder / "notes.txt")])
    assert f"still named in {kept}" in said.err


def test_a_preview_elsewhere_can_be_named(command: Command, sent: SmallCampaign) -> None:
    sent.contacts([(ZOE, NAME, JACKET)], header=HEADER)
    command("preview", sent.path, "--folder", sent.folder / "mine")
    said = command("erase", sent.path, ZOE, "--folder", sent.folder / "mine")
    assert found_in(sent.folder / "mine", written(ZOE, NAME)) == []
    assert f"still named in {sent.folder / 'contacts.csv'}" in said.err


def test_none_goes_while_a_run_goes_on(command: Command, sent: SmallCampaign) -> None:
    with SqliteRunLedger.open(sent.ledger, sent.name):
        said = command("erase", sent.path, ZOE)
    assert said.code == 2
    assert "another run is using this campaign's ledger" in said.err
    assert sent.statuses()[ZOE] == "sent"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "nobody is named"),
        (("zoe",), "neither an address nor a campaign.toml"),
        (("a.toml", "b.toml", ZOE), "there are two campaigns"),
        ((ZOE,), "there is no such settings file"),
        (("--older-than", "ninety days"), "ninety days"),
    ],
    ids=str,
)
def test_mistakes(command: Command, words: tuple[str, ...], told: str) -> None:
    said = command("erase", *words)
    assert said.code == 2
    assert told in said.err
    assert_three_parts(said)


def test_without_a_ledger_there_is_nothing_to_take_out(command: Command, small: SmallCampaign) -> None:
    small.load(25)
    said = command("erase", small.path, "p0@people.example")
    assert said.code == 2
    assert "there is no ledger yet" in said.err
    assert not small.ledger.exists()


def test_an_address_is_told_from_a_campaign_by_its_at_sign() -> None:
    assert read_words(["team@acme/campaign.toml", ZOE]) == (Path("team@acme/campaign.toml"), [ZOE])
    assert read_words([ZOE, "p@x.example"]) == (Path("campaign.toml"), [ZOE, "p@x.example"])
    with pytest.raises(UsageError):
        read_words(["campaign", ZOE])


def test_what_the_others_rows_rest_on_stays_in_the_results(sent: SmallCampaign, command: Command) -> None:
    """And what a server said of somebody else, and named her in, does not."""
    named = bounce(2)
    named = named._replace(evidence=named.evidence._replace(detail=f"<{ZOE}> forwards to a box that is full"))
    with open_for_settling(sent.ledger, sent.name) as settling:
        settling.weigh([proof(1, COMPLAINT), named, proof(3, COMPLAINT)])
    command("erase", sent.path, ZOE, "--yes")
    zoe, bounced, complained, *_ = sent.results()
    assert (zoe["feedback"], zoe["evidence"]) == ("", "")
    assert (bounced["status"], bounced["evidence"], complained["feedback"]) == (
        "bounced",
        PLACE,
        "complaint 2023-11-14",
    )
    assert bounced["detail"] == "<(address)> forwards to a box that is full"
    assert not found_in(sent.folder, written(ZOE))

"""What an operator is told of contacts and suppression lists, by which command; and when a send does not begin."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from campaign.errors import ContactsError, ResultsError
from campaign.ledger.sqlite.schema import connect
from campaign.run.plan import Resend
from tests.campaigns import SECRET, SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.ledgers import as_of_version_3
from tests.smtp_server import CATALOGUE, FaultServer, local_part

PEOPLE = [("ada@engine.example", "Ada"), ("bob@lagos.example", "Bob"), ("carl@x.example", "Carl")]


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Said]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)

    def run(*words: object) -> Said:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


Command = Callable[..., Said]


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    made = SmallCampaign(tmp_path / "small", settings={"contacts": {"suppress": ["quiet.csv"]}}).contacts(PEOPLE)
    return quiet(made, "")


def quiet(campaign: SmallCampaign, content: str, **settings: object) -> SmallCampaign:
    (campaign.folder / "quiet.csv").write_text(content, encoding="utf-8")
    campaign.settings["contacts"] = {"suppress": ["quiet.csv"], **settings}
    return campaign


def mailed(server: FaultServer) -> list[str]:
    return [message.recipients[0] for message in server.accepted]


def test_the_suppressed_are_not_mailed_and_say_which_list_and_line(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    quiet(small, "email,since\n\n\u200bAda@Engine\u00ad.example\u200e,2026\n*@lagos.example,2026\n")
    server = smtp_server()
    small.send(server.port)
    assert mailed(server) == ["carl@x.example"]
    rows = small.results()
    assert [(row["status"], row["detail"], row["message_id"]) for row in rows[:2]] == [
        ("suppressed", "on suppression list quiet.csv, line 3", ""),
        ("suppressed", "on suppression list quiet.csv, line 4", ""),
    ]
    assert rows[2]["message_id"]
    assert small.observer.notices == [
        "suppression list quiet.csv: 2 entries read, 1 of them a whole domain; "
        "1 corrected (invisible characters and the like)"
    ]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_address_on_a_list_goes_before_its_domain(
    small: SmallCampaign, smtp_server: StartServer, processes: int
) -> None:
    quiet(small, "@lagos.example\nbob@lagos.example\n")
    small.contacts([*PEOPLE, ("eve@LAGOS.example", "Eve"), ("sub@a.lagos.example", "Sub")])
    server = smtp_server()
    small.send(server.port, processes=processes)
    assert sorted(mailed(server)) == ["ada@engine.example", "carl@x.example", "sub@a.lagos.example"]
    assert [small.results()[index]["detail"] for index in (1, 3)] == [
        "on suppression list quiet.csv, line 2",
        "on suppression list quiet.csv, line 1",
    ]


def test_a_line_that_cannot_be_used_stops_a_real_send_before_anybody_is_mailed(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    quiet(small, "ada@engine.example\nbob(at)lagos.example\n\n*@*.example\n")
    server = smtp_server()
    for plan in ({}, {"resend": Resend()}, {"processes": 2}):
        with pytest.raises(ContactsError) as caught:
            small.send(server.port, **plan)
        assert caught.value.what.startswith("2 lines of the suppression lists can't be used")
        assert "quiet.csv, line 2 (no address in it); line 4 (" in caught.value.where
        assert "contacts.suppress_lenient = true" in caught.value.fix
    assert mailed(server) == []
    assert not (small.folder / "small-results.csv").exists()


def test_lenient_it_is_counted_and_said(small: SmallCampaign, smtp_server: StartServer) -> None:
    quiet(small, "ada@engine.example\nbob(at)lagos.example\n", suppress_lenient=True)
    server = smtp_server()
    small.send(server.port)
    assert sorted(mailed(server)) == ["bob@lagos.example", "carl@x.example"]
    assert small.observer.notices == [
        "suppression list quiet.csv: 1 entry read; 1 line can't be used: line 2 (no address in it)"
    ]


def test_what_a_lenient_run_read_does_not_let_a_strict_one_begin(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    """The lists are not read again where they are unchanged."""
    quiet(small, "ada@engine.example\nbob(at)lagos.example\n", suppress_lenient=True)
    server = smtp_server()
    small.send(server.port, limit=1)
    quiet(small, "ada@engine.example\nbob(at)lagos.example\n")
    with pytest.raises(ContactsError, match="1 line of the suppression lists can't be used"):
        small.send(server.port)
    assert len(mailed(server)) == 1


def test_a_sandbox_run_says_it_and_goes_on(small: SmallCampaign, command: Command) -> None:
    quiet(small, "ada@engine.example\nbob(at)lagos.example\n").load(25)
    said = command("send", small.path, "--sandbox")
    assert said.code == 0
    assert "note: suppression list quiet.csv: 1 entry read; 1 line can't be used: line 2 (no address in it)" in said.err
    said = command("send", small.path, "--dry-run")
    assert said.code == 0 and "1 line can't be used" in said.err


def test_check_says_what_the_lists_held_and_that_a_send_would_stop(small: SmallCampaign, command: Command) -> None:
    quiet(small, "ada@engine.example\n@lagos.example\n").load(25)
    said = command("check", small.path, "--offline")
    assert "ok     suppression: quiet.csv: 2 entries read, 1 of them a whole domain\n" in said.out
    assert said.code == 0
    quiet(small, "ada@engine.example\nada at engine\n")
    said = command("check", small.path, "--offline")
    assert said.code == 2
    assert "note   quiet.csv: 1 entry read; 1 line can't be used: line 2 (no address in it)\n" in said.out
    assert "WRONG  1 line of the suppression lists can't be used" in said.out
    quiet(small, "ada@engine.example\nada at engine\n", suppress_lenient=True).load(25)
    assert command("check", small.path, "--offline").code == 0


def test_check_says_how_many_addresses_were_mended(small: SmallCampaign, command: Command) -> None:
    small.contacts([("mailto:ada@x.example", "A"), ("bob@x.example;", "B"), ("\u200bcarl@x.example.", "C")]).load(25)
    said = command("check", small.path, "--offline")
    assert said.code == 0 and "3 can be mailed" in said.out
    for words in (
        '1 address with "mailto:", taken off',
        '2 addresses with a ";", "," or "." at the end, taken off',
        "1 address with invisible characters or no-break spaces, taken out",
    ):
        assert f"note   {words}\n" in said.out


def test_a_guessed_encoding_is_shown_in_check_and_before_a_send(
    small: SmallCampaign, command: Command, smtp_server: StartServer
) -> None:
    (small.folder / "contacts.csv").write_bytes("email,name\nj@x.example,Jiří\n".encode("cp1250"))
    server = smtp_server()
    small.load(server.port)
    words = "contacts.csv is not UTF-8; read as Windows-1252, it says: row 1 (line 2), name: Jiøí. If that reads wrong"
    assert f"note   {words}" in command("check", small.path, "--offline").out
    small.send(server.port, limit=1)
    assert small.observer.notices[0].startswith(words)
    quiet(small, "", encoding="cp1250").load(server.port)
    said = command("check", small.path, "--offline")
    assert "cp1250, by comma" in said.out and "is not UTF-8" not in said.out


def test_another_encoding_is_another_file(small: SmallCampaign, smtp_server: StartServer) -> None:
    (small.folder / "contacts.csv").write_bytes("email,name\nj@x.example,Jiří\n".encode("cp1250"))
    small.settings["window"] = {"opens": "2031-01-01T00:00"}
    small.send(25, wait=False)
    assert small.results()[0]["name"] == "Jiøí"
    quiet(small, "", encoding="cp1250")
    small.send(25, wait=False)
    assert small.results()[0]["name"] == "Jiří"


@pytest.mark.parametrize("content", ["email,name\n", "email,name\n,,\n\x1a", "email,name\r\n\r\n", ""])
def test_a_file_of_nobody_is_exit_2_unless_allowed(small: SmallCampaign, command: Command, content: str) -> None:
    small.load(25)
    (small.folder / "contacts.csv").write_text(content)
    for words in (
        ["send"],
        ["send", "--sandbox"],
        ["send", "--dry-run"],
        ["preview"],
        ["resend"],
        ["check", "--offline"],
    ):
        said = command(words[0], small.path, *words[1:])
        assert said.code == 2, words
        assert "has no rows" in said.err + said.out or "the file is empty" in said.err + said.out
    assert command("send", small.path, "--sandbox", "--allow-empty").code == 0
    assert command("send", small.path, "--dry-run", "--allow-empty").code == 0
    said = command("send", small.path, "--allow-empty")
    assert said.code == 0 and "the contacts file has no rows" in said.err


def test_an_empty_export_does_not_wipe_what_is_known(small: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server()
    small.send(server.port)
    small.contacts([])
    with pytest.raises(ContactsError):
        small.send(server.port)
    small.contacts(PEOPLE)
    assert small.send(server.port).sent_now == 0
    assert_agreement(small, mailed(server))


def test_own_columns_keep_their_cells_and_it_is_said(
    small: SmallCampaign, command: Command, smtp_server: StartServer
) -> None:
    header = ("email", "name", "status", "detail")
    small.contacts([("a@x.example", "A", "gold", "likes blue"), ("bad@", "B", "silver", "")], header)
    server = smtp_server(CATALOGUE["rcpt_4xx"](match=local_part("a")))
    small.send(server.port)
    words = "the contacts file's 'status' is 'contact_status' there, 'detail' is 'contact_detail' there"
    assert any(words in notice for notice in small.observer.notices)
    assert words in command("check", small.path, "--offline").out
    first, second = small.results()
    assert (first["contact_status"], first["contact_detail"], first["status"]) == ("gold", "likes blue", "failed")
    assert (second["contact_status"], second["status"]) == ("silver", "invalid")
    first["contact_status"], second["email"] = "platinum", "b@x.example"
    second_server = smtp_server()
    small.resend(second_server.port, resend=Resend(source=written(small, [first, second])))
    assert sorted(mailed(second_server)) == ["a@x.example", "b@x.example"]
    assert [row["contact_status"] for row in small.results()] == ["platinum", "silver"]


def written(campaign: SmallCampaign, rows: list[dict[str, str]]) -> Path:
    path = campaign.folder / "corrected.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def failed(small: SmallCampaign, smtp_server: StartServer) -> SmallCampaign:
    """A campaign whose rows have all failed."""
    header = ("email", "name", "zip", "born")
    small.contacts([("a@x.example", "A", "01234", "2001-02-03"), ("b@x.example", "B", "00007", "1990-12-31")], header)
    small.send(smtp_server(CATALOGUE["rcpt_4xx"]()).port)
    small.observer.notices.clear()
    return small


def test_cells_that_a_spreadsheet_changed_are_noticed_and_left(failed: SmallCampaign, smtp_server: StartServer) -> None:
    rows = failed.results()
    rows[0] |= {"zip": "1234", "born": "03.02.2001", "name": "Anna"}
    rows[1] |= {"zip": "7"}
    (failed.folder / "template" / "subject.txt").write_text("{{ contact.name }} {{ contact.zip }} {{ contact.born }}")
    server = smtp_server()
    failed.resend(server.port, resend=Resend(source=written(failed, rows)))
    assert any(b"Subject: Anna 01234 2001-02-03\r" in (message.data or b"") for message in server.accepted)
    assert [row["zip"] for row in failed.results()] == ["01234", "00007"]
    assert failed.results()[0]["name"] == "Anna"
    assert any(
        "corrected.csv has been through a spreadsheet, which changed 3 cells, left as they were: row 1 (line 2), zip: "
        "'1234' for '01234'" in words
        for words in failed.observer.notices
    )


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("link_fingerprint", "1.23E+11"), ("settled_at", "23.11.2026 09:00"), ("link_expires_at", "11/23/26 9:00"),
        ("enhanced_status", "05.01.2001"), ("attempts", "3,0"),
    ],
)  # fmt: skip
def test_our_own_columns_show_that_a_file_went_through_a_spreadsheet(
    failed: SmallCampaign, smtp_server: StartServer, column: str, cell: str
) -> None:
    rows = failed.results()
    rows[1][column] = cell
    server = smtp_server()
    failed.resend(server.port, resend=Resend(source=written(failed, rows)))
    assert any(f"{column} in row 2 (line 3) is not what we wrote there" in words for words in failed.observer.notices)
    assert len(mailed(server)) == 2


def test_a_file_as_we_wrote_it_is_no_spreadsheets(failed: SmallCampaign, smtp_server: StartServer) -> None:
    failed.resend(smtp_server().port, resend=Resend(source=written(failed, failed.results())))
    assert not any("spreadsheet" in words for words in failed.observer.notices)


@pytest.mark.parametrize("altered", ["1.2E+33", "<abc@acme.example>", "x"])
def test_an_altered_message_id_is_refused_in_words_of_its_own(
    failed: SmallCampaign, smtp_server: StartServer, altered: str
) -> None:
    rows = failed.results()
    rows[1]["message_id"] = altered
    with pytest.raises(ResultsError, match="a Message-ID has been altered") as caught:
        failed.resend(smtp_server().port, resend=Resend(source=written(failed, rows)))
    assert caught.value.where.endswith("corrected.csv, row 2 (line 3)")


def test_a_stranger_in_the_file_is_refused_and_nobody_is_mailed(
    failed: SmallCampaign, smtp_server: StartServer
) -> None:
    rows = failed.results()
    stranger = dict.fromkeys(rows[0], "") | {"email": "new@x.example", "name": "New"}
    server = smtp_server()
    with pytest.raises(ResultsError, match="1 row is none that this campaign ever had") as caught:
        failed.resend(server.port, resend=Resend(source=written(failed, [*rows, stranger])))
    assert caught.value.where.endswith("corrected.csv, row 3 (line 4)")
    assert mailed(server) == []
    assert [row["email"] for row in failed.results()] == ["a@x.example", "b@x.example"]


def test_a_run_goes_on_with_a_ledger_of_the_version_before(small: SmallCampaign, smtp_server: StartServer) -> None:
    quiet(small, "bob@lagos.example\n")
    server = smtp_server()
    small.send(server.port, limit=1)
    database = connect(small.ledger)
    as_of_version_3(database)
    database.execute("DROP TABLE tally")
    database.execute("DROP INDEX entry_by_status")
    database.execute("DROP TABLE suppressed")
    database.execute("CREATE TABLE suppressed (address TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID")
    database.execute("UPDATE facts SET value = replace(value, '2 email', '1 email') WHERE name = 'digest'")
    database.execute("PRAGMA user_version = 1")
    database.close()
    small.send(server.port)
    assert sorted(mailed(server)) == ["ada@engine.example", "carl@x.example"]
    assert small.results()[1]["detail"] == "on suppression list quiet.csv, line 1"

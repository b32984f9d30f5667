"""[bounces.mailbox]: a section within a section, and what does not go together in it."""

from pathlib import Path

import pytest

from tests.settings.campaign_files import MINIMAL, Document, Folder, changed

PASSWORD = "CAMPAIGN_BOUNCES__MAILBOX__PASSWORD"


def _with(**mailbox: object) -> Document:
    return changed(bounces={"mailbox": {"host": "imap.acme.example", "username": "bounces", **mailbox}})


def test_it_stands_within_bounces_beside_its_other_settings(folder: Folder) -> None:
    loaded = folder.load(_with() | {"bounces": _with()["bounces"] | {"verp": True}}, {PASSWORD: "pass word"})
    assert loaded.bounces.verp and loaded.mailbox.host == "imap.acme.example"
    assert loaded.mailbox.password is not None and loaded.mailbox.password.get_secret_value() == "pass word"
    assert "pass word" not in repr(loaded)


def test_without_it_there_is_none_and_a_password_alone_hurts_nobody(folder: Folder) -> None:
    assert folder.load(MINIMAL, {PASSWORD: "x"}).mailbox.host is None


@pytest.mark.parametrize(("security", "port"), [("tls", 993), ("starttls", 143)])
def test_the_port_is_the_usual_one(folder: Folder, security: str, port: int) -> None:
    assert folder.load(_with(security=security)).mailbox.actual_port == port
    assert folder.load(_with(security=security, port=10143)).mailbox.actual_port == 10143


def test_the_file_of_authorities_lies_beside_the_settings(folder: Folder) -> None:
    assert folder.load(_with(ca_file="ca.pem")).mailbox.ca_file == Path(folder.path.resolve(), "ca.pem")


def test_the_password_can_come_from_a_file(folder: Folder) -> None:
    (folder.path / "secret").write_text("pass\n")
    password = folder.load(_with(), {f"{PASSWORD}_FILE": "secret"}).mailbox.password
    assert password is not None and password.get_secret_value() == "pass"


@pytest.mark.parametrize(
    ("mailbox", "setting", "word"),
    [
        ({"security": "none"}, "security", "readable by anybody"),
        ({"security": "none", "host": "localhost", "ca_file": "a.pem"}, "ca_file", "no use"),
        ({"folder": "A", "move_to": "A"}, "move_to", "read from"),
        ({"hots": "x"}, "hots", "did you mean bounces.mailbox.host?"),
        ({"password": "x"}, "password", "can't stand here"),
        ({"security": "imaps"}, "security", "usually on port 993, is called tls"),
        ({"port": 0}, "port", "from 1 to 65535"),
    ],
)
def test_what_can_not_be_is_refused(folder: Folder, mailbox: Document, setting: str, word: str) -> None:
    what = folder.refusal(_with(**mailbox)).what
    assert f"bounces.mailbox.{setting}" in what and word in what


def test_a_token_and_a_password_are_one_too_many(folder: Folder) -> None:
    error = folder.refusal(_with(token_command="./token"), {PASSWORD: "pass word"})
    assert "a password is set as well" in error.what and "pass word" not in str(error)


def test_no_encryption_will_do_on_this_machine(folder: Folder) -> None:
    assert folder.load(_with(security="none", host="127.0.0.1")).mailbox.actual_port == 143


def test_a_program_gives_it_as_a_dict_in_a_dict(folder: Folder) -> None:
    given = {"bounces": {"verp": True, "mailbox": {"host": "imap.acme.example"}}}
    loaded = folder.load(MINIMAL, {}, given)
    assert (loaded.bounces.verp, loaded.mailbox.host) == (True, "imap.acme.example")

"""A contacts file known again without being read: the same as opening it, or not at all."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from campaign.contacts import ContactsFile, open_contacts, remembered, to_remember, with_digest
from campaign.errors import ContactsError
from campaign.ledger.opening import note_at_a_glance
from campaign.run import preconditions
from campaign.run.loading_notes import REMEMBERED
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer

CONTENT = 'E-Mail;name;"a ""b"""\na@x.example;Zoë;"1;2"\n'.encode("cp1252")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "contacts.csv").write_bytes(CONTENT)
    return tmp_path / "contacts.csv"


def settled(file: ContactsFile) -> ContactsFile:
    """As it would be if it had been opened two seconds later."""
    return replace(with_digest(file), is_settled=True)


def opened(path: Path) -> ContactsFile:
    return settled(open_contacts(path, email_column="E-Mail"))


def known(note: str | None, path: Path, *, column: str = "E-Mail", encoding: str | None = None) -> ContactsFile | None:
    assert note is not None
    return remembered(note, path, email_column=column, encoding=encoding)


def test_it_is_the_same(path: Path) -> None:
    file = opened(path)
    again = known(to_remember(file), path)
    assert again == file and again.sample == file.sample != ()
    assert list(again.rows()) == list(file.rows())


def one_letter(path: Path) -> None:
    """Of the same length, and with the time put back."""
    before = path.stat()
    path.write_bytes(CONTENT.replace(b"a@x", b"b@x"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def another_in_its_place(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other.csv")
    other.write_bytes(CONTENT)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def longer(path: Path) -> None:
    path.write_bytes(CONTENT * 2)


@pytest.mark.parametrize("change", [one_letter, another_in_its_place, longer, Path.unlink])
def test_it_is_not_known_once_anything_may_have_changed(path: Path, change: Callable[[Path], None]) -> None:
    note = to_remember(opened(path))
    time.sleep(0.02)  # a tick of the file system's clock: what is changed within two seconds is not remembered
    change(path)
    assert known(note, path) is None


def test_it_is_not_known_if_it_is_asked_for_otherwise(path: Path) -> None:
    note = to_remember(opened(path))
    assert known(note, path, column="name") is None
    assert known(note, path, encoding="cp1252") is None
    assert known(note, path) is not None


def test_what_has_only_just_been_changed_is_not_remembered(path: Path) -> None:
    assert to_remember(with_digest(open_contacts(path, email_column="E-Mail"))) is None


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "file": {"_layout": {}}}', "null"])
def test_nonsense_is_no_note(path: Path, note: str) -> None:
    assert known(note, path) is None


def test_the_next_run_does_not_read_it_through(
    tmp_path: Path, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But notices a change of it all the same."""
    campaign = SmallCampaign(tmp_path / "campaign").people(3)
    server = smtp_server()
    campaign.send(server.port, limit=1)
    opening = open_contacts
    monkeypatch.setattr(preconditions, "open_contacts", lambda *given, **named: settled(opening(*given, **named)))
    campaign.send(server.port, limit=1)  # remembers

    def unexpected(*_: object, **__: object) -> ContactsFile:
        raise AssertionError("the file was read through")

    monkeypatch.setattr(preconditions, "open_contacts", unexpected)
    campaign.send(server.port, limit=1)
    assert len(server.accepted) == 3
    monkeypatch.setattr(preconditions, "open_contacts", opening)
    campaign.people(4)
    assert campaign.send(server.port).sent_now == 1


def test_it_is_on_record_before_it_is_read(
    tmp_path: Path, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a run need not have come to the file's end for the next one to know it. Here a list can't be used."""
    campaign = SmallCampaign(tmp_path / "campaign", settings={"contacts": {"suppress": ["quiet.csv"]}}).people(3)
    (campaign.folder / "quiet.csv").write_text("there is no address in here\n")
    opening = open_contacts
    monkeypatch.setattr(preconditions, "open_contacts", lambda *given, **named: settled(opening(*given, **named)))
    with pytest.raises(ContactsError):
        campaign.send(smtp_server().port)
    note = note_at_a_glance(campaign.ledger, REMEMBERED)
    assert known(note, campaign.folder / "contacts.csv", column="email") is not None

"""A worker elsewhere makes the same messages as the owner's own, or refuses in plain words."""

import dataclasses
import re
import sys
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from campaign.errors import LedgerError, SettingsError
from campaign.model import Contact
from campaign.run import joining
from campaign.run.bundle_files import write_out
from campaign.run.plan import open_window
from campaign.run.window_json import window_from_json, window_to_json
from campaign.worker.job import Job
from campaign.worker.message_factory import MessageFactory
from tests.campaigns import SmallCampaign
from tests.run.joined_run import PLACE, cheap_checks, joined, offered

__all__ = ["cheap_checks"]
pytestmark = pytest.mark.usefixtures("cheap_checks")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    return SmallCampaign(tmp_path / "owner").people(2)


def _message(job: Job, **columns: str) -> bytes:
    contact = Contact(number=1, email="p1@people.example", columns={"name": "Zoë", **columns})
    _, _, message = MessageFactory(job.message_plan).make(contact, NOW)
    return message.data


def _same_but_for_the_machine(job: Job) -> Job:
    plan = dataclasses.replace(job.message_plan, folder=Path(), private=())
    template = plan.message.model_copy(update={"template": Path("template")})
    servers = tuple(
        dataclasses.replace(one, server=dataclasses.replace(one.server, ca_file=None)) for one in job.servers
    )
    return dataclasses.replace(
        job, ledger=PLACE, by_ledger=True, servers=servers, message_plan=dataclasses.replace(plan, message=template)
    )


def test_the_orders_are_the_owners(small: SmallCampaign, tmp_path: Path) -> None:
    small.settings = {
        "limits": {}, "smtp": {"rate": 50, "daily_limit": 1000, "connections": 7, "pipelining": "envelope"},
        "window": {"hours": "00:00-24:00", "days": "mon-sun", "lasts": "2d", "daily_limit": [5, 10]},
        "link": {"grace": "3h", "min_lifetime": "7s"}, "bounces": {"verp": True},
        "message": {"headers": {"Feedback-ID": "{{ campaign.name }}:acme"}, "unsubscribe_url": "https://a.example/"},
    }  # fmt: skip
    del small.settings["limits"]
    job, run = offered(small.plan(25, wait=False, backoff=2.5))
    there = joined(run, tmp_path / "worker")
    assert there.by_ledger and there.ledger == PLACE
    assert _same_but_for_the_machine(there) == _same_but_for_the_machine(job)


def test_the_messages_are_the_owners_octet_by_octet(small: SmallCampaign, tmp_path: Path) -> None:
    """With what templates include, images and attachments; the owner's files may be gone by then."""
    template = small.folder / "template"
    (template / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (template / "foot.html").write_text("<p>{{ contact.name }}, bye</p>")
    (small.folder / "shared").mkdir()
    (small.folder / "shared" / "top.html").write_text("<h1>Acme</h1>")
    (template / "body.html").write_text(
        '{% include "shared/top.html" %}<img src="cid:logo.png" alt="Acme"><a href="{{ link.url }}">in</a>'
        "{% include contact.foot %}"
    )
    (small.folder / "terms.txt").write_text("terms")
    small.settings = {"message": {"attachments": ["terms.txt"]}}
    job, run = offered(small.plan(25))
    owners = _message(job, foot="foot.html")
    for file in sorted(small.folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    there = joined(run, tmp_path / "worker")
    theirs = _message(there, foot="foot.html")
    assert b"terms.txt" in theirs and b"logo.png" in theirs
    assert _said(theirs) == _said(owners)


def _said(message: bytes) -> list[object]:
    """All of it but what is made anew each time: the link, and what stands between the parts."""
    whole = message_from_bytes(message)
    headers = [(name, value) for name, value in whole.items() if name != "Content-Type"]
    parts = [part for part in whole.walk() if not part.is_multipart()]
    return [
        headers,
        *((part.items(), re.sub(r"https://[^\s\"]+", "", str(part.get_payload(decode=True)))) for part in parts),
    ]


def test_what_a_worker_writes_is_for_nobody_else(small: SmallCampaign, tmp_path: Path) -> None:
    _, run = offered(small.plan(25))
    joined(run, tmp_path / "worker")
    written = [path for path in (tmp_path / "worker").rglob("*") if path.is_file()]
    assert {path.name for path in written} == {"subject.txt", "body.txt", "body.html"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (*written, written[0].parent))


def test_a_window_on_each_contacts_clock_is_the_same_there(small: SmallCampaign, tmp_path: Path) -> None:
    small.settings = {
        "contacts": {"timezone_column": "zone"},
        "window": {"opens": "2026-11-23T09:00", "closes": "2099-11-27T17:00", "hours": "09:00-17:00"},
    }
    plan = small.plan(25)
    window = plan.window(NOW, None)
    _, run = offered(plan, window)
    there = joined(run, tmp_path / "worker").message_plan.window
    assert there == window and there.of("Asia/Tokyo") == window.of("Asia/Tokyo")
    assert joining.window_of(run, run.bundle.digest) == window


def test_another_version_is_refused(small: SmallCampaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, run = offered(small.plan(25))
    monkeypatch.setattr(joining, "__version__", "0.0.1")
    with pytest.raises(SettingsError, match=r"begun by campaign .*, and this is campaign 0\.0\.1"):
        joined(run, tmp_path / "worker")


def test_another_secret_is_refused_and_neither_is_quoted(small: SmallCampaign, tmp_path: Path) -> None:
    _, run = offered(small.plan(25))
    other = "another-secret-of-thirty-two-octets"
    with pytest.raises(SettingsError, match="the link secret here is not the run's") as raised:
        joined(run, tmp_path / "worker", {"CAMPAIGN_LINK__SECRET": other})
    assert other not in str(raised.value)


def test_a_missing_secret_is_named(small: SmallCampaign, tmp_path: Path) -> None:
    _, run = offered(small.plan(25))
    with pytest.raises(SettingsError) as raised:
        joined(run, tmp_path / "worker", {"CAMPAIGN_LINK__SECRET": ""})
    assert "CAMPAIGN_LINK__SECRET_FILE" in raised.value.fix


def test_a_bundle_that_somebody_else_has_put_there_is_refused(small: SmallCampaign, tmp_path: Path) -> None:
    """Whoever can write in the database knows no secret: they could have passwords sent where they like."""
    _, run = offered(small.plan(25))
    (tmp_path / "other").mkdir()
    forged = SmallCampaign(tmp_path / "other" / "owner").people(2)
    _, theirs = offered(forged.plan(2525))
    theirs.bundle = dataclasses.replace(theirs.bundle, check=run.bundle.check)
    with pytest.raises(SettingsError, match="not the run's"):
        joined(theirs, tmp_path / "worker")
    assert not any((tmp_path / "worker").iterdir())


def test_contents_that_are_not_what_their_digest_says_are_refused(small: SmallCampaign, tmp_path: Path) -> None:
    _, run = offered(small.plan(25))
    for digest in run.files:
        if digest not in run.bundle.digest:
            run.files[digest] += b" "
    with pytest.raises(LedgerError, match="not what its owner has put there"):
        joined(run, tmp_path / "worker")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CAMPAIGN_MESSAGE__FROM", "Evil <e@evil.example>"),
        ("CAMPAIGN_SMTP__CONNECTIONS", "900"),
        ("CAMPAIGN_SMTP__RATE", "1000"),
        ("CAMPAIGN_LINK__DOMAIN", "other.example"),
        ("CAMPAIGN_WINDOW__LASTS", "9h"),
        ("CAMPAIGN_NAME", "another"),
        ("CAMPAIGN_RETRY__TRIES", "many"),
    ],
)
def test_what_is_set_otherwise_than_the_run_has_it_is_refused(
    small: SmallCampaign, tmp_path: Path, variable: str, value: str
) -> None:
    _, run = offered(small.plan(25))
    with pytest.raises(SettingsError) as raised:
        joined(run, tmp_path / "worker", {variable: value})
    assert variable in raised.value.what and f"unset {variable}" in raised.value.fix


def test_what_is_set_alike_everywhere_hurts_nobody(small: SmallCampaign, tmp_path: Path) -> None:
    _, run = offered(small.plan(25))
    alike = {"CAMPAIGN_SMTP__CONNECTIONS": "1", "CAMPAIGN_NAME": "small", "CAMPAIGN_CONTACTS__FILE": "/data/x.csv"}
    joined(run, tmp_path / "worker", alike)


def test_a_machine_may_have_a_relay_of_its_own(small: SmallCampaign, tmp_path: Path) -> None:
    _, run = offered(small.plan(25))
    own = {
        "CAMPAIGN_SMTP__HOST": "relay.eu.acme.example", "CAMPAIGN_SMTP__PORT": "465", "CAMPAIGN_SMTP__SECURITY": "tls",
        "CAMPAIGN_SMTP__USERNAME": "eu", "CAMPAIGN_SMTP__PASSWORD": "hunter2",
        "CAMPAIGN_SMTP__EHLO_NAME": "eu.acme.example",
    }  # fmt: skip
    (one,) = joined(run, tmp_path / "worker", own).servers
    found = one.server
    assert (found.host, found.port, found.security) == ("relay.eu.acme.example", 465, "tls")
    assert (found.username, found.password, found.ehlo_name) == ("eu", "hunter2", "eu.acme.example")
    assert "hunter2" not in repr(one)


def test_several_servers_come_with_it_and_each_has_its_password_here(small: SmallCampaign, tmp_path: Path) -> None:
    small.settings = {"smtp": {"security": "starttls", "username": "me"}}
    small.servers = [{"name": "a", "priority": 2}, {"name": "b", "weight": 2}, {"name": "c"}]
    job, run = offered(small.plan(25))
    names = {f"CAMPAIGN_SMTP__{name}__PASSWORD": "hunter2" for name in "ABC"}
    there = joined(run, tmp_path / "worker", names)
    assert [one.name for one in there.servers] == [one.name for one in job.servers] == ["b", "c", "a"]
    assert there.servers == job.servers
    with pytest.raises(SettingsError, match="its password is missing"):
        joined(run, tmp_path / "another")


def test_a_token_command_is_each_machines_own(small: SmallCampaign, tmp_path: Path) -> None:
    small.settings = {"smtp": {"host": "localhost", "username": "me", "auth": "xoauth2", "token_command": "./token"}}
    _, run = offered(small.plan(25))
    with pytest.raises(SettingsError, match="xoauth2 wants an access token") as raised:
        joined(run, tmp_path / "worker")
    assert str(tmp_path) not in str(raised.value)
    (one,) = joined(run, tmp_path / "another", {"CAMPAIGN_SMTP__TOKEN_COMMAND": "./mine"}).servers
    assert one.server.token_command is not None and one.server.token_command.arguments == ("./mine",)


def test_own_attachments_must_be_there_as_the_owner_has_them(small: SmallCampaign, tmp_path: Path) -> None:
    """A file that is missing at a worker would otherwise be blamed on its row."""
    (small.folder / "invoices").mkdir()
    (small.folder / "invoices" / "7.txt").write_text("seven")
    (small.folder / "invoices" / "8.txt").write_text("eight")
    small.settings = {"message": {"attachments": ["invoices/{{ contact.name }}.txt"]}}
    _, run = offered(small.plan(25))
    assert not any(b"7.txt" in octets for octets in run.files.values()), "names of files may name people"
    with pytest.raises(SettingsError, match="attachments of their own") as raised:
        joined(run, tmp_path / "worker")
    assert "--files DIR" in raised.value.fix
    copy = tmp_path / "copy"
    (copy / "invoices").mkdir(parents=True)
    (copy / "invoices" / "7.txt").write_text("seven")
    with pytest.raises(SettingsError, match="the folder lacks 1 of 2 files"):
        joined(run, tmp_path / "second", files=copy)
    (copy / "invoices" / "8.txt").write_text("eight")
    (copy / "invoices" / "9.txt").write_text("made since")
    there = joined(run, tmp_path / "third", files=copy)
    assert b"7.txt" in _message(there, name="7")


def test_a_library_that_is_not_here_is_named(
    small: SmallCampaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.settings = {"message": {"inline_css": True}}
    _, run = offered(small.plan(25))
    monkeypatch.setitem(sys.modules, "css_inline", None)
    monkeypatch.delitem(sys.modules, "campaign.content.inline_css", raising=False)
    with pytest.raises(SettingsError) as raised:
        joined(run, tmp_path / "worker")
    assert "campaign[css]" in raised.value.fix


def test_a_window_without_an_end_is_the_same_there() -> None:
    window = dataclasses.replace(open_window(), closes=None, opens=NOW - timedelta(days=1))
    assert window_from_json(window_to_json(window)) == window


@pytest.mark.parametrize("name", ["../x.txt", "/etc/x.txt", "a/../../x.txt", "a\0b"])
def test_a_file_of_a_bundle_is_never_written_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(LedgerError, match="a file of a wrong name"):
        write_out({name: b"x"}, tmp_path / "in" / "here")
    assert not list(tmp_path.rglob("*.txt"))


def test_a_folder_that_can_not_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="can't be written here"):
        write_out({"file/x.txt": b"x"}, tmp_path)

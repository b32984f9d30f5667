"""Loading settings: what they become, what they default to, and where their paths lead."""

import os
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from campaign.settings import load_settings
from tests.settings.campaign_files import MINIMAL, Folder, changed, toml

DESIGN = """
name = "autumn-orders"                 # a contact is mailed once per name

[contacts]
file = "contacts.csv"
email_column = "email"
suppress = ["unsubscribed.csv"]        # CSVs with an e-mail column, or one address a line

[message]
template = "../templates/login_link"   # folder: subject.txt, body.html, body.txt
from = "Acme <hello@acme.example>"
reply_to = "support@acme.example"
return_path = "bounces@acme.example"
unsubscribe_url = "https://acme.example/unsubscribe?e={{ contact.email | urlencode }}"   # RFC 8058 one-click
unsubscribe_mailto = "unsubscribe@acme.example"

[window]
opens = 2026-11-23T09:00:00            # local to `timezone`
closes = 2026-11-23T17:00:00           # or: lasts = "8h"
timezone = "America/New_York"

[link]
domain = "acme.myclickfunnels.com"     # the custom domain, once one is connected
redirect_to = "https://acme.myclickfunnels.com/customers/profiles/{{ contact.profile_id }}/orders"
grace = "1h"                           # exp = window's close + grace

[smtp]
host = "smtp.acme.example"
port = 587
security = "starttls"                  # starttls | tls | none
username = "campaigns"
connections = 10
rate = 50                              # messages a second, all connections together; absent: unlimited
messages_per_connection = 500

[retry]
tries = 5
"""


def test_every_section_of_the_designs_example_is_read(folder: Folder) -> None:
    loaded = folder.load(DESIGN)
    assert loaded.name == "autumn-orders"
    assert loaded.path == folder.file
    assert loaded.folder == folder.path
    assert loaded.contacts.file == folder.path / "contacts.csv"
    assert loaded.contacts.suppress == (folder.path / "unsubscribed.csv",)
    assert loaded.message.template == folder.path.parent / "templates" / "login_link"
    assert loaded.message.sender == "Acme <hello@acme.example>"
    assert loaded.message.sender_address == "hello@acme.example"
    assert loaded.message.return_path == "bounces@acme.example"
    assert loaded.window.opens == datetime(2026, 11, 23, 9)
    assert loaded.window.closes == datetime(2026, 11, 23, 17)
    assert loaded.window.timezone == "America/New_York"
    assert loaded.link.grace == timedelta(hours=1)
    assert loaded.smtp.rate == 50.0
    assert loaded.retry.tries == 5
    assert loaded.link.secret is None
    assert loaded.smtp.password is None


def test_what_is_not_set_has_its_default(folder: Folder) -> None:
    loaded = folder.load()
    assert loaded.contacts.email_column == "email"
    assert loaded.contacts.suppress == ()
    assert loaded.message.return_path == "hello@acme.example"
    assert (loaded.window.opens, loaded.window.closes, loaded.window.lasts) == (None, None, None)
    assert loaded.window.timezone == "UTC"
    assert loaded.link.grace == timedelta(hours=1)
    smtp = loaded.smtp
    assert (smtp.port, smtp.security, smtp.username, smtp.connections, smtp.rate) == (587, "starttls", None, 10, None)
    assert (smtp.messages_per_connection, smtp.minutes_per_connection) == (500, 10)
    assert smtp.timeout == timedelta(seconds=60)
    retry = loaded.retry
    assert (retry.tries, retry.stop_after) == (5, 20)
    assert (retry.first_wait, retry.longest_wait) == (timedelta(seconds=30), timedelta(minutes=15))


def test_moments_are_taken_as_toml_as_text_and_as_values(folder: Folder) -> None:
    text = toml(MINIMAL) + "\n[window]\nopens = 2026-11-23\ncloses = 2026-11-23T17:00:00-05:00"
    loaded = folder.load(text).window
    assert loaded.opens == datetime(2026, 11, 23)
    assert loaded.closes == datetime(2026, 11, 23, 17, tzinfo=timezone(timedelta(hours=-5)))
    assert folder.load(MINIMAL, {}, {"window.lasts": timedelta(hours=8)}).window.lasts == timedelta(hours=8)


def test_settings_are_frozen_and_can_be_sent_to_another_process(folder: Folder) -> None:
    loaded = folder.load(DESIGN, {"CAMPAIGN_LINK__SECRET": "s" * 32})
    assert pickle.loads(pickle.dumps(loaded)) == loaded
    with pytest.raises(AttributeError, match="frozen"):
        loaded.smtp.port = 25
    with pytest.raises(AttributeError, match="frozen"):
        loaded.name = "other"


def test_paths_are_relative_to_the_file_not_to_the_working_directory(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.load(changed(contacts={"suppress": ["../out.csv", "/abs.csv"]}))
    monkeypatch.chdir(folder.path.parent)
    loaded = load_settings(Path(folder.path.name, "campaign.toml"), environ={})
    assert loaded.path == folder.file
    assert loaded.contacts.file == folder.path / "contacts.csv"
    assert loaded.contacts.suppress == (folder.path.parent / "out.csv", Path("/abs.csv"))


def test_a_link_to_another_folder_is_followed_before_dots(folder: Folder) -> None:
    (folder.path / "far" / "away").mkdir(parents=True)
    (folder.path / "near").symlink_to(folder.path / "far" / "away")
    loaded = folder.load(changed(contacts={"file": "near/../contacts.csv"}))
    (folder.path / "far" / "contacts.csv").write_text("here")
    assert loaded.contacts.file.read_text() == "here"


def test_the_real_environment_is_the_default(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CAMPAIGN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CAMPAIGN_SMTP__PORT", "2525")
    folder.load()
    assert load_settings(folder.file).smtp.port == 2525


def test_a_tilde_is_the_home_folder(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    home = folder.path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (home / "key").write_text("s3cret")
    loaded = folder.load(
        changed(contacts={"file": "~/people.csv", "suppress": ["~/gone.csv"]}),
        {"CAMPAIGN_LINK__SECRET_FILE": "~/key"},
    )
    assert loaded.link.secret is not None and loaded.link.secret.get_secret_value() == "s3cret"
    assert loaded.contacts.file == home / "people.csv"
    assert loaded.contacts.suppress == (home / "gone.csv",)
    missing = folder.refusal(MINIMAL, {"CAMPAIGN_LINK__SECRET_FILE": "~/.secrets/key"})
    assert str(home / ".secrets" / "key") in missing.what

"""Settings as a document: read back, they are the same, but for what is each machine's own."""

import json
from typing import Any

import pytest

from campaign.settings import Settings, as_document, load_document
from tests.settings.campaign_files import GOOD, Folder, changed, with_setting

NOT_TAKEN_ALONG = ("bounces.mailbox.", "results.", "ledger.", "smtp.token_command")
TAKEN = [(key, value) for key, values in GOOD.items() for value, _ in values if not key.startswith(NOT_TAKEN_ALONG)]
HEADERS = {"Feedback-ID": "{{ campaign.name }}:acme"}


def _again(loaded: Settings) -> Settings:
    return load_document(json.loads(json.dumps(as_document(loaded))), loaded.path, environ={})


@pytest.mark.parametrize(("key", "value"), TAKEN, ids=lambda one: str(one)[:40])
def test_every_setting_comes_back(folder: Folder, key: str, value: Any) -> None:
    loaded = folder.load(with_setting(key, HEADERS if key == "message.headers" else value))
    assert _again(loaded) == loaded


def test_several_servers_and_keys_and_limits_come_back(folder: Folder) -> None:
    text = """
name = "autumn"
contacts.file = "c.csv"
message = { template = "t", from = "a@acme.example" }
link.domain = "acme.example"
limits."gmail.com" = { rate = 20, connections = 4 }
smtp = [{ name = "a", host = "a.acme.example", weight = 2 }, { name = "b", host = "b.acme.example", priority = 0 }]
dkim = [
  { domain = "acme.example", selector = "a", key_file = "a.pem" },
  { domain = "acme.example", selector = "b", key_file = "b.pem" },
]
"""
    loaded = folder.load(text)
    assert _again(loaded) == loaded


def test_secrets_and_commands_that_print_them_are_left_out(folder: Folder) -> None:
    secrets = {f"CAMPAIGN_{name}": "hunter2" for name in ("LINK__SECRET", "LEDGER__PASSWORD", "SMTP__PASSWORD")}
    document = as_document(folder.load(changed(smtp={"username": "me"}), secrets))
    assert "hunter2" not in json.dumps(document)
    document = as_document(folder.load(changed(smtp={"username": "me", "token_command": "echo hunter2"})))
    assert "hunter2" not in json.dumps(document)

"""Mistakes, whichever the command: exit code 2, told in three parts before anything is sent."""

from pathlib import Path

import pytest

from campaign.commands.init import make_campaign
from tests.campaigns import SECRET, SmallCampaign
from tests.command_line import Command, assert_three_parts


def test_wrong_usage_has_exit_code_2(command: Command) -> None:
    assert command("frobnicate").code == 2
    assert command("send", "--nope").code == 2
    assert command("resend", "--include", "sent").code == 2
    assert command("send", "--limit", "0").code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("send", "nowhere.toml"),
        ("send", "."),
        ("send",),
        ("check", "nowhere.toml"),
        ("send", "sample.toml", "--port", "99999"),
        ("send", "sample.toml", "--host", "no host"),
        ("send", "sample.toml", "--lasts", "soon"),
        ("send", "sample.toml", "--opens", "tomorrow"),
        ("send", "sample.toml", "--opens", "2026-11-23T09:00", "--closes", "2026-11-22T09:00", "--sandbox"),
        ("send", "sample.toml", "--closes", "2026-11-23T09:00", "--lasts", "8h"),
        ("send", "sample.toml", "--output", "no/such/folder.csv", "--sandbox"),
        ("send", "sample.toml", "--output", "contacts.csv", "--sandbox"),
        ("send", "sample.toml"),  # no password
        ("resend", "sample.toml", "--sandbox", "--from", "nothing.csv"),
        ("status", "sample.toml"),
        ("results", "sample.toml"),
        ("report", "sample.toml", "--to", "report.html"),
        ("preview", "sample.toml", "--folder", "templates"),
        ("init", "templates"),
        ("send", "no_column.toml", "--sandbox"),
        ("send", "no_contacts.toml", "--sandbox"),
        ("send", "no_template.toml", "--sandbox"),
        ("send", "unknown_key.toml", "--sandbox"),
        ("send", "secret_inside.toml", "--sandbox"),
        ("send", "no_toml.toml", "--sandbox"),
        ("link", "mint", "sample.toml", "nobody"),
        ("link", "mint", "sample.toml", "stranger@people.example"),
        ("link", "mint", "sample.toml", "ada.lovelace@engine.example", "--lasts", "soon"),
        ("link", "inspect", "x", "--campaign", "nowhere.toml"),
    ],
    ids=" ".join,
)
def test_mistakes_are_told_in_three_parts_before_anything_is_sent(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    made = make_campaign(tmp_path / "made")
    for path in made.parent.iterdir():
        path.rename(tmp_path / path.name)
    sample = (tmp_path / "campaign.toml").read_text("utf-8")
    (tmp_path / "campaign.toml").unlink()
    for name, (old, new) in {
        "sample": ("", ""),
        "no_column": ('email_column = "email"', 'email_column = "emial"'),
        "no_contacts": ("contacts.csv", "contact.csv"),
        "no_template": ("templates/login_link", "templates/logon_link"),
        "unknown_key": ("port = 587", "prot = 587"),
        "secret_inside": ("port = 587", f'port = 587\npassword = "{SECRET}"'),
        "no_toml": ("port = 587", "port = "),
    }.items():
        assert old in sample
        (tmp_path / f"{name}.toml").write_text(sample.replace(old, new), "utf-8")
    before = sorted(tmp_path.rglob("*results*"))
    said = command(*words)
    assert said.code == 2
    assert_three_parts(said)
    assert said.out == ""
    assert sorted(tmp_path.rglob("*results.csv")) == before


def test_a_link_secret_that_is_missing_or_too_short_is_told_with_its_variable(
    command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.load(25)
    monkeypatch.delenv("CAMPAIGN_LINK__SECRET")
    said = command("send", small.path)
    assert said.code == 2
    assert "CAMPAIGN_LINK__SECRET_FILE" in said.err
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", "too short")
    said = command("send", small.path)
    assert said.code == 2
    assert "32" in said.err
    assert "too short" not in said.err

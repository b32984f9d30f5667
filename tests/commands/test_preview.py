"""`campaign preview`, which is `send --dry-run`: messages in a folder, no ledger, never thousands unasked."""

import pytest

from tests.campaigns import SmallCampaign
from tests.command_line import Command, assert_three_parts


def test_preview_and_dry_run_are_the_same_and_leave_no_ledger(command: Command, small: SmallCampaign) -> None:
    small.load(25)
    assert command("preview", small.path).code == 0
    folder = small.folder / "small-preview"
    assert len(list(folder.glob("*.eml"))) == 5
    assert command("send", small.path, "--dry-run", "--folder", small.folder / "other", "--limit", "2").code == 0
    assert len(list((small.folder / "other").glob("*.eml"))) == 2
    assert not list(small.folder.rglob("*.ledger"))
    small.contacts([("p1@people.example", "A"), ("nobody", "B")])
    said = command("preview", small.path)
    assert said.code == 1
    assert "row 2: the address has no @-sign" in said.err


MANY = [(f"p{number}@people.example", "A") for number in range(10_001)]


@pytest.mark.parametrize("verb", [("preview",), ("send", "--dry-run")])
def test_more_than_ten_thousand_messages_are_not_written_unasked(
    command: Command, small: SmallCampaign, verb: tuple[str, ...]
) -> None:
    small.contacts(MANY).load(25)
    said = command(*verb, small.path)
    assert said.code == 2
    assert_three_parts(said)
    assert "10,001 messages" in said.err and "--limit 100" in said.err and "--yes" in said.err
    assert not (small.folder / "small-preview").exists()
    assert command(*verb, small.path, "--limit", "3").code == 0
    assert len(list((small.folder / "small-preview").glob("*.eml"))) == 3


def test_ten_thousand_rows_that_are_no_messages_are_no_matter(command: Command, small: SmallCampaign) -> None:
    small.contacts([*MANY[:2], *((f"nobody {number}", "B") for number in range(10_001))]).load(25)
    assert command("preview", small.path).code == 1


def test_with_a_yes_any_number_of_messages_is_written(
    command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.commands.preview._MANY", 4)  # 10,000 take a while
    small.load(25)
    assert command("preview", small.path).code == 2
    assert command("preview", small.path, "--yes").code == 0
    assert len(list((small.folder / "small-preview").glob("*.eml"))) == 5

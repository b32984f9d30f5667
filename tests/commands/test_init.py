"""`campaign init`: what it makes works where it was made, and takes nobody's place."""

from pathlib import Path

import pytest

from campaign.commands.init import make_campaign
from campaign.errors import SettingsError
from campaign.run.dry_run import dry_run_rows
from campaign.settings import load_settings


def test_what_it_makes_is_a_whole_campaign(tmp_path: Path) -> None:
    made = make_campaign(tmp_path / "new" / "autumn")
    settings = load_settings(made, environ={})
    assert made == tmp_path / "new" / "autumn" / "campaign.toml"
    assert settings.folder in settings.message.template.parents
    seen = list(dry_run_rows(settings, reading=lambda _: None))
    assert len(seen) == 30
    assert sum(one.made is not None for one in seen) == 25


def test_every_template_that_its_settings_speak_of_is_there(tmp_path: Path) -> None:
    made = make_campaign(tmp_path / "autumn")
    words = made.read_text("utf-8")
    assert "../" not in words
    assert "sample_data" not in words
    named = {word.strip('",') for word in words.split() if "templates/" in word}
    assert len(named) == 2
    for name in named:
        assert (made.parent / name / "subject.txt").is_file()


def test_comments_stay_in_their_column(tmp_path: Path) -> None:
    lines = make_campaign(tmp_path / "autumn").read_text("utf-8").splitlines()
    inside = lines[lines.index("[message]") : lines.index("[window]")]
    assert len({line.index(" # ") for line in inside if " # " in line}) == 1


@pytest.mark.parametrize("there", ["file", "full folder"])
def test_nothing_that_is_there_is_touched(tmp_path: Path, there: str) -> None:
    taken = tmp_path / "taken"
    if there == "file":
        taken.write_text("mine")
    else:
        taken.mkdir()
        (taken / "mine").write_text("mine")
    with pytest.raises(SettingsError, match="something there"):
        make_campaign(taken)
    assert taken.is_file() or [path.name for path in taken.iterdir()] == ["mine"]


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert make_campaign(tmp_path).is_file()


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError) as caught:
        make_campaign(tmp_path / "file" / "below")
    assert caught.value.where
    assert caught.value.fix

"""The settings file itself: what is no TOML, no text or no file is told with its place."""

import os
from pathlib import Path

import pytest

from campaign.errors import SettingsError
from campaign.settings import load_settings
from tests.settings.campaign_files import MINIMAL, Folder, toml


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('name = "x"\nport = = 5', "line 2, column 8"),
        ("name = x", "line 1, column 8"),
        ('name = "a"\nname = "b"\n', "line 2, column 11"),
        ('name = "a\n', "line 1, column 10"),
        ('name = """a\nb', "line 2, column 2 (the end)"),
        ("[smtp", "line 1, column 6 (the end)"),
    ],
)
def test_a_mistake_of_syntax_is_told_with_its_place(folder: Folder, content: str, place: str) -> None:
    error = folder.refusal(content)
    assert error.what.startswith("the settings file is not TOML: ")
    assert error.where == f"{folder.file}, {place}"


@pytest.mark.parametrize("content", ["a = " + "[" * 50_000, "a = " + "9" * 5000, "a" + ".a" * 2000 + " = 1"])
def test_monstrous_toml_is_refused(folder: Folder, content: str) -> None:
    assert folder.refusal(content)


def test_a_number_of_thousands_of_digits_is_refused_without_writing_it_out(folder: Folder) -> None:
    error = folder.refusal(toml(MINIMAL) + "\nport = 0x" + "f" * 6000)
    assert error.what.startswith("smtp.port is a number too large; it must be")


def test_a_byte_order_mark_and_windows_lines_are_no_mistake(folder: Folder) -> None:
    content = b"\xef\xbb\xbf" + toml(MINIMAL).replace("\n", "\r\n").encode()
    assert folder.load(content) == folder.load()


def test_what_is_not_utf8_is_told_with_its_place(folder: Folder) -> None:
    error = folder.refusal('name = "a"\n[smtp]\nhost = "grü'.encode("latin-1"))
    assert error.where == f"{folder.file}, line 3, byte 11"
    assert "UTF-8" in error.what
    assert folder.refusal(toml(MINIMAL).encode("utf-16"))


def test_a_path_that_leads_to_no_file_is_told_as_what_it_is(folder: Folder, tmp_path: Path) -> None:
    folder.load()
    for path, words in [
        (tmp_path / "no.toml", "no such settings file"),
        (tmp_path, "a folder"),
        (tmp_path / "campaign.toml" / "x", "can't be read"),
        (tmp_path / ("x" * 300), "can't be read"),
        (tmp_path / "a\0b", "can't be read"),
    ]:
        with pytest.raises(SettingsError, match=words) as caught:
            load_settings(path, environ={})
        assert caught.value.fix
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environ={})
    assert str(folder.file) in caught.value.fix


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said_to_be_one(folder: Folder) -> None:
    folder.load()
    folder.file.chmod(0)
    with pytest.raises(SettingsError, match="can't be read: Permission denied"):
        load_settings(folder.file, environ={})


def test_a_file_too_large_to_be_settings_is_refused(folder: Folder) -> None:
    assert "larger than 1 MiB" in folder.refusal(b"# " * 600_000).what

"""A worker's own folder: it goes with it, and with the next one where it was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from campaign.run.work_folder import PREFIX, own_folder

_HELD = """
from campaign.run.work_folder import own_folder
with own_folder() as folder:
    (folder / "subject.txt").write_text("Hello")
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def among(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where such folders are made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def _left(among: Path) -> set[str]:
    return {one.name for one in among.iterdir()}


def test_it_is_for_our_eyes_and_goes_with_what_is_in_it(among: Path) -> None:
    with own_folder() as folder:
        assert folder.parent == among and folder.stat().st_mode & 0o777 == 0o700
        (folder / "a").write_text("Hello")
    assert not _left(among)


def test_what_a_killed_one_has_left_goes_with_the_next_and_what_one_at_work_has_stays(among: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _HELD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as held:
        assert held.stdout is not None
        theirs = Path(os.fsdecode(held.stdout.readline().rstrip(b"\n")))
        with own_folder() as folder:
            assert _left(among) == {theirs.name, folder.name}
        assert (theirs / "subject.txt").exists()
        held.send_signal(signal.SIGKILL)
        held.wait()
        assert _left(among) == {theirs.name}
        with own_folder() as folder:
            assert _left(among) == {folder.name}


def test_what_is_none_of_ours_stays(among: Path) -> None:
    elsewhere = among / "elsewhere"
    elsewhere.mkdir()
    (among / f"{PREFIX}link").symlink_to(elsewhere)
    (among / f"{PREFIX}file").write_text("")
    before = _left(among)
    with own_folder():
        pass
    assert _left(among) == before


def test_one_that_another_worker_has_taken_away_meanwhile_is_made_anew(
    among: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[str] = []
    make = tempfile.mkdtemp

    def make_and_lose(prefix: str) -> str:
        folder = make(prefix=prefix)
        if not swept:
            swept.append(folder)
            Path(folder).rmdir()
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_lose)
    with own_folder() as folder:
        assert _left(among) == {folder.name} != {Path(swept[0]).name}

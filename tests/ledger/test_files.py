"""What stands in a ledger's place, or beside it, and is not the ledger's: nothing is written to it, nobody waits."""

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.errors import CampaignError
from campaign.ledger.opening import note_at_a_glance, open_for_run
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.store import SqliteRunLedger


def plant_fifo(path: Path) -> None:
    os.mkfifo(path)


def plant_strangers_file(path: Path) -> None:
    """Empty, and for everybody to read and write: what is added to it, its owner reads."""
    path.touch()
    path.chmod(0o666)
    try:
        os.chown(path, 65534, 65534)
    except PermissionError:
        pytest.skip("only root can give a file to somebody else")


@pytest.mark.parametrize("plant", [plant_fifo, plant_strangers_file])
@pytest.mark.parametrize("name", ["", "-wal", "-shm", "-journal", "-generation"])
def test_a_run_takes_nothing_that_was_planted_for_its_ledger(
    tmp_path: Path, name: str, plant: Callable[[Path], None]
) -> None:
    planted = tmp_path / f"x.ledger{name}"
    plant(planted)
    with pytest.raises(CampaignError) as caught:
        open_for_run(tmp_path / "x.ledger", "x")
    assert str(planted) in caught.value.where and caught.value.fix
    assert planted.stat().st_size == 0


@pytest.mark.parametrize("name", ["", "-wal", "-shm", "-journal", "-generation"])
def test_a_second_name_for_another_file_is_not_written_through(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    os.link(victim, tmp_path / f"x.ledger{name}")
    with contextlib.suppress(CampaignError):
        open_for_run(tmp_path / "x.ledger", "x").close()
    assert victim.read_text() == "mine\n"


def test_a_backup_of_hard_links_keeps_nobody_from_going_on(tmp_path: Path) -> None:
    """Made while a run went on, or after one was killed: all of its files are there."""
    ledger = SqliteRunLedger.open(tmp_path / "x.ledger", "x")
    (tmp_path / "backup").mkdir()
    made = list(tmp_path.glob("x.ledger*"))
    assert len(made) == 4
    for path in made:
        os.link(path, tmp_path / "backup" / path.name)
    schema.connect(tmp_path / "x.ledger").close()
    ledger.close()
    SqliteRunLedger.open(tmp_path / "x.ledger", "x").close()


@pytest.mark.parametrize("name", ["", "-wal", "-generation"])
def test_who_only_reads_does_not_wait_for_a_fifo(tmp_path: Path, name: str) -> None:
    if name:
        SqliteRunLedger.open(tmp_path / "x.ledger", "x").close()
        (tmp_path / f"x.ledger{name}").unlink(missing_ok=True)
    plant_fifo(tmp_path / f"x.ledger{name}")
    assert note_at_a_glance(tmp_path / "x.ledger", "x") is None


def test_a_rescued_ledger_is_its_owners_alone_under_a_name_that_can_not_be_foretold(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as ledger:
            rescued = [Path(ledger.rescue()) for _ in range(2)]
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in rescued} == {0o600}
    assert len({path.name for path in rescued}) == 2


def test_a_copy_that_is_not_whole_does_not_stay(tmp_path: Path) -> None:
    """Another run would be told to put it back."""
    ledger = SqliteRunLedger.open(tmp_path / "x.ledger", "x")
    ledger.database.close()
    with pytest.raises(CampaignError):
        ledger.rescue()
    os.close(ledger.lock)
    assert list(tmp_path.glob("*-rescued-*")) == []

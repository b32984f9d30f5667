"""The thread that syncs: one sync at a time, told when it ends, well or not."""

import os
import threading
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.sqlite.wal_sync import WalSync


@pytest.fixture
def wal(tmp_path: Path) -> Path:
    path = tmp_path / "x.ledger-wal"
    path.write_bytes(b"frames")
    return path


def test_a_sync_is_of_this_file_and_wakes_when_it_has_ended(wal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, go, woken = list[int](), threading.Event(), threading.Event()

    def fdatasync(descriptor: int) -> None:
        go.wait()
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    sync = WalSync(wal, wake=woken.set)
    sync.begin()
    assert not sync.ended
    assert not woken.is_set()
    go.set()
    assert woken.wait(5)
    assert sync.ended
    assert sync.end() is None
    assert synced == [wal.stat().st_ino]
    sync.close()


def test_a_failure_is_told_once_and_the_next_sync_is_its_own(wal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[OSError | None] = [OSError(5, "Input/output error"), None]

    def fdatasync(_: int) -> None:
        error = errors.pop(0)
        if error is not None:
            raise error

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    sync = WalSync(wal, wake=lambda: None)
    sync.begin()
    failure = sync.end()
    assert failure is not None
    assert failure.errno == 5
    sync.begin()
    assert sync.end() is None
    sync.close()


def test_closing_waits_for_the_sync_under_way(wal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go, done = threading.Event(), list[bool]()

    def fdatasync(_: int) -> None:
        go.wait()
        done.append(True)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    sync = WalSync(wal, wake=lambda: None)
    sync.begin()
    threading.Timer(0.02, go.set).start()
    sync.close()
    assert done == [True]


def test_no_wal_to_sync(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="-wal file can't be opened") as caught:
        WalSync(tmp_path / "none-wal", wake=lambda: None)
    assert caught.value.where == str(tmp_path / "none-wal")

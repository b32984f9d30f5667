"""A database asked for without the library for it: what to install is said, and nothing else is."""

import sys
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.opening import open_for_joining, open_for_run
from campaign.ledger_place import DatabasePlace

PLACE = DatabasePlace(url="postgresql://db/campaign", campaign="autumn")


@pytest.fixture
def _without_psycopg(monkeypatch: pytest.MonkeyPatch) -> None:
    room = "campaign.ledger.postgres"
    for name in [name for name in sys.modules if name == room or name.startswith((f"{room}.", "psycopg"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("campaign.ledger.postgres", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)


@pytest.mark.usefixtures("_without_psycopg")
def test_what_to_install_is_said() -> None:
    with pytest.raises(LedgerError, match="takes the library psycopg") as raised, open_for_joining(PLACE, "autumn"):
        pass
    assert "campaign[postgres]" in raised.value.fix


@pytest.mark.usefixtures("_without_psycopg")
def test_a_file_needs_none(tmp_path: Path) -> None:
    with open_for_run(tmp_path / "autumn.ledger", "autumn"):
        pass
    with pytest.raises(LedgerError, match="takes the library psycopg"):
        open_for_run(PLACE, "autumn")

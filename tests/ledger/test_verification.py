"""The check of a ledger that is too large to be waited for: at once what says who was mailed, the rest meanwhile."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from campaign.commands.results import rewrite_results
from campaign.commands.status import show_status
from campaign.errors import LedgerError
from campaign.ledger.sqlite import verification
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.verification import Verification
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer


@pytest.fixture
def campaign(tmp_path: Path, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> SmallCampaign:
    """Two of ten were mailed; and every ledger is a large one."""
    monkeypatch.setattr(verification, "_LARGE", 0)
    campaign = SmallCampaign(tmp_path / "campaign").people(10)
    campaign.send(smtp_server().port, limit=2)
    return campaign


def change(campaign: SmallCampaign, sql: str) -> None:
    with closing(connect(campaign.ledger)) as database:
        database.execute(sql)


def lose_a_page(campaign: SmallCampaign, table: str) -> None:
    """Overwrite the table's root page, as a bad disk may."""
    with closing(connect(campaign.ledger)) as database:
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with campaign.ledger.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * 64)


DAMAGE: list[Callable[[SmallCampaign], None]] = [
    lambda campaign: change(campaign, "UPDATE entry SET status = 'sent' WHERE row = 9"),
    lambda campaign: lose_a_page(campaign, "entry"),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_the_rows_stops_the_run_that_has_begun(
    campaign: SmallCampaign, smtp_server: StartServer, damage: Callable[[SmallCampaign], None]
) -> None:
    damage(campaign)
    with SqliteRunLedger.open(campaign.ledger, campaign.name) as ledger:
        found = ledger.damage(wait=True)
    assert found is not None and "damaged" in found.what
    with pytest.raises(LedgerError, match="damaged"), reading_ledger(campaign.ledger, campaign.name):
        pass


def test_a_run_says_so_at_its_end_at_the_latest(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    change(campaign, "UPDATE entry SET status = 'sent' WHERE row = 9")
    ended = campaign.send(smtp_server().port)
    assert ended.exit_code == 3 and ended.trouble is not None
    assert "the contact of row 9" in ended.trouble.what and ended.trouble.reason == "ledger"


def test_a_run_that_mails_nobody_is_refused(campaign: SmallCampaign, smtp_server: StartServer) -> None:
    port = smtp_server().port
    campaign.send(port)
    change(campaign, "UPDATE entry SET status = 'sent' WHERE row = 9")
    with pytest.raises(LedgerError, match="the contact of row 9"):
        campaign.send(port)


@pytest.mark.parametrize(
    "damage",
    [
        lambda campaign: change(campaign, "UPDATE delivery SET status = 'sEnt'"),
        lambda campaign: lose_a_page(campaign, "delivery"),
        lambda campaign: lose_a_page(campaign, "contact"),
    ],
)
def test_damage_to_who_was_mailed_is_found_before_anybody_is_mailed(
    campaign: SmallCampaign, smtp_server: StartServer, damage: Callable[[SmallCampaign], None]
) -> None:
    damage(campaign)
    server = smtp_server()
    with pytest.raises(LedgerError, match="damaged"):
        campaign.send(server.port)
    assert not server.accepted


def test_no_results_are_written_of_a_damaged_ledger(campaign: SmallCampaign) -> None:
    results = campaign.folder / "small-results.csv"
    before = results.read_bytes()
    change(campaign, "UPDATE entry SET status = 'sent' WHERE row = 9")
    with pytest.raises(LedgerError, match="the contact of row 9"):
        rewrite_results(campaign.path, output=None, sandbox=False)
    assert results.read_bytes() == before
    assert sorted(path.name for path in campaign.folder.glob(".*")) == []


def test_the_status_is_said_without_it(campaign: SmallCampaign, capsys: pytest.CaptureFixture[str]) -> None:
    """How many there are is kept, and does not hang on the rows."""
    lose_a_page(campaign, "entry")
    show_status(campaign.path, output=None, sandbox=False, json=False)
    assert "2 of 10 sent" in capsys.readouterr().out


def test_it_is_let_go_of_at_any_moment(campaign: SmallCampaign) -> None:
    for wait in (False, True):
        check = Verification(campaign.ledger)
        check.start()
        if wait:
            check.join()
        check.end()
        assert check.damage is None and not check.is_alive()
        with pytest.raises(sqlite3.ProgrammingError):
            check._database.execute("SELECT 1")

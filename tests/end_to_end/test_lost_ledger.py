"""A run whose ledger is taken away while it sends: it notices, stops, and what it has on record is not lost."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from campaign.errors import LedgerError
from campaign.ledger.sqlite.schema import connect
from campaign.model import Status
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer
from tests.smtp_server.misbehaviours import Situation


def deleted(ledger: Path) -> None:
    for file in ledger.parent.glob(f"{ledger.name}*"):
        if not file.name.endswith("-generation"):
            file.unlink()


def moved(ledger: Path) -> None:
    ledger.rename(ledger.with_name("moved"))


def replaced(ledger: Path) -> None:
    moved(ledger)
    ledger.write_bytes(ledger.with_name("moved").read_bytes())


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("takes_away", [deleted, moved, replaced])
def test_a_run_stops_when_its_ledger_is_no_longer_at_its_path(
    tmp_path: Path, smtp_server: StartServer, takes_away: Callable[[Path], None], processes: int
) -> None:
    campaign = SmallCampaign(tmp_path / "c", {"smtp": {"connections": 2, "timeout": "1m", "rate": 100}}).people(400)
    gone = False

    def both_at_work() -> bool:
        return sum(one.accepted > 0 for one in server.connections) == 2

    def now_and_then(now: Situation) -> bool:
        nonlocal gone
        if len(server.accepted) >= 6 and not gone:
            gone = True
            takes_away(campaign.ledger)
        return False

    begins = CATALOGUE["body_slow"](times=1, until=both_at_work)  # the first reply comes when the other is at work, too
    server: FaultServer = smtp_server(begins, CATALOGUE["mail_slow"](match=now_and_then))
    summary = campaign.send(server.port, processes=processes)
    assert summary.exit_code == 3 and summary.trouble is not None
    assert "no longer the file at its path" in summary.trouble.what
    assert 6 <= len(server.accepted) < 400
    (rescued,) = campaign.folder.glob("*-rescued-*")
    assert any(str(rescued) in words for words in campaign.observer.notices)
    with closing(connect(rescued, readonly=True)) as database:
        (sent,) = database.execute("SELECT count(*) FROM delivery WHERE status = 'sent'").fetchone()
    assert sent == len(server.accepted) == summary.counts[Status.SENT]
    with pytest.raises(LedgerError):
        campaign.send(server.port)
    assert len(server.accepted) == sent, "a second run would have mailed them again"

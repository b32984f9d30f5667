"""What no message may carry: all that a campaign reads and writes for itself."""

from pathlib import Path

import pytest

from campaign.settings import own_files
from tests.settings.campaign_files import Folder, changed


def test_files_that_settings_name_and_that_runs_leave_are_the_campaigns_own(folder: Folder) -> None:
    document = changed(contacts={"suppress": ["out.csv"]}, smtp={"client_cert": "a.pem", "client_key": "a.key"})
    document |= {"dkim": {"domain": "acme.example", "selector": "s", "key_file": "dkim.pem"}}
    own = {path.relative_to(folder.path.resolve()).as_posix() for path in own_files(folder.load(document))}
    assert {"campaign.toml", "contacts.csv", "out.csv", "a.pem", "a.key", "dkim.pem"} <= own
    assert {"autumn-orders.ledger", "autumn-orders.ledger-wal", "autumn-orders-sandbox.ledger"} <= own
    assert {"autumn-orders-results.csv", "autumn-orders-preview", "autumn-orders-sandbox"} <= own
    assert "letters" not in own  # a file to attach may lie beside the template


def test_files_of_secrets_are_too(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET_FILE", "secret.txt")
    assert folder.path.resolve() / "secret.txt" in own_files(folder.load())


def test_a_ledger_elsewhere_is_too(folder: Folder, tmp_path: Path) -> None:
    own = own_files(folder.load(changed(ledger={"path": "data/mine.db"})))
    assert {folder.path.resolve() / "data" / name for name in ("mine.db", "mine.db-wal", "mine-sandbox.db")} <= {*own}

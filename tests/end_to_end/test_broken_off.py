"""A run that was killed while it read the contacts file: the next one sends from what is there, and reads the rest."""

from pathlib import Path

import pytest

from campaign.contacts import open_contacts
from campaign.ledger.sql.broken_off import BEGUN
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.run.enrolment import Enrolment, digest, is_broken_off
from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.in_flight import DEPTHS


@pytest.mark.parametrize("in_flight", DEPTHS)
def test_the_next_run_goes_on(tmp_path: Path, smtp_server: StartServer, in_flight: int) -> None:
    smtp: dict[str, object] = {"connections": 2, "in_flight": in_flight}
    campaign = SmallCampaign(tmp_path / "campaign", settings={"smtp": smtp}).people(300)
    contacts = open_contacts(campaign.folder / "contacts.csv", email_column="email")
    with SqliteRunLedger.open(campaign.ledger, campaign.name) as ledger:
        Enrolment(ledger, contacts, (), lambda _: None).read()
        ledger.database.execute("DELETE FROM entry WHERE row > 100")  # as the kill leaves it
        ledger.database.execute("DELETE FROM contact WHERE row > 100")
        ledger.database.execute("UPDATE tally SET rows = 100 WHERE entry = 'due' AND delivery = 'pending'")
        ledger.database.execute("DELETE FROM facts WHERE name = 'digest'")
        ledger.keep_note(BEGUN, digest(contacts, ()))
        assert is_broken_off(ledger, contacts, ())
    server = smtp_server(chunking=in_flight > 1)
    campaign.send(server.port, processes=2)
    assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 300}

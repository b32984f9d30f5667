"""Words moved by proof: how far each goes, that nothing moves back, and what stays on record."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.evidence import Evidence, EvidenceKind, Proof, Weighed
from campaign.ledger import queries
from campaign.ledger.interface import SettlingLedger
from campaign.ledger.opening import open_for_settling, open_for_settling_copy
from campaign.ledger.store import SqliteRunLedger
from campaign.ledger.tally import counted, tally
from campaign.model import Status
from tests.ledgers import attempt, commit, enrolled, journal, people, rows, settle

ACCEPTED, DELIVERED, BOUNCED, COMPLAINT, UNSUBSCRIBED = EvidenceKind


def proof(contact: int, kind: EvidenceKind = ACCEPTED, moment: int | None = 1_800_000_100, **values: object) -> Proof:
    arrived = bool(values.pop("arrived", True))
    given = {"id": "relay/4F2", "source": "Postfix log", "place": "mail.log:7, queue id 4F2"} | values
    return Proof(contact, Evidence(kind, moment, **given), arrived)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.ledger"


def test_a_first_look(path: Path) -> None:
    with SqliteRunLedger.open(path, "x") as ledger:
        one, two, three = people(ledger, 3)
        settle(ledger, {"p1@people.example": Status.IN_DOUBT, "p2@people.example": Status.SENT})
    with open_for_settling(path, "x") as settling:
        assert [one for some in settling.people() for one in some][1] == (2, "p2@people.example", "Ok: queued")
        weighed = settling.weigh([proof(one), proof(two, BOUNCED, code=550, enhanced="5.1.1", detail="no such user")])
        assert [(one.before, one.after, one.news) for one in weighed] == [
            ("in_doubt", "sent", True),
            ("sent", "bounced", True),
        ]
        assert not any(one.news for one in settling.weigh([proof(one), proof(two, BOUNCED)]))
        print(list(settling.reader.result_rows()))
    with SqliteRunLedger.open(path, "x") as ledger:
        assert tally(ledger.database) == counted(ledger.database)

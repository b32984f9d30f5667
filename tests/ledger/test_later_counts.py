"""What came back, counted; and when messages were accepted, for pictures that keep to the time of the send."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.evidence import NOTHING_LATER, Evidence, EvidenceKind, LaterWords, Proof
from campaign.ledger.opening import open_for_settling
from campaign.ledger.sql import queries
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import Place
from campaign.model import Status
from tests.ledgers import as_of_version_4, people, settle
from tests.stores import open_run

ACCEPTED, DELIVERED, BOUNCED, COMPLAINT, UNSUBSCRIBED = EvidenceKind


@pytest.fixture
def ledger(store: Place) -> Iterator[SqlRunLedger]:
    with open_run(store) as opened:
        yield opened


def weigh(ledger: SqlRunLedger, *shown: tuple[int, EvidenceKind, int]) -> None:
    with open_for_settling(ledger.place, "x") as settling:
        for number, (contact, kind, moment) in enumerate(shown):
            settling.weigh([Proof(contact, Evidence(kind, moment, str(number), "a log", "a.log:1"))])


def left_at(ledger: SqlRunLedger) -> list[tuple[str, int | None]]:
    return [(word, moment) for some in queries.final_words(ledger.database) for word, moment, *_ in some]


def sent(ledger: SqlRunLedger, *statuses: Status) -> list[int]:
    """People with these statuses, settled at moments 1,000, 1,001 and so on."""
    numbers = people(ledger, len(statuses))
    settle(ledger, {f"p{number}@people.example": status for number, status in enumerate(statuses, 1)})
    ledger.database.execute("UPDATE delivery SET settled_at = 999 + contact")
    return numbers


def test_nothing_is_counted_where_nothing_was_settled(ledger: SqlRunLedger) -> None:
    sent(ledger, Status.SENT)
    assert ledger.reader.later_words() == NOTHING_LATER
    assert left_at(ledger) == [("sent", 1_000)]


def test_a_ledger_of_before_has_nothing_either(tmp_path: Path) -> None:
    with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as ledger:
        sent(ledger, Status.SENT)
        as_of_version_4(ledger.database)
        assert ledger.reader.later_words() == NOTHING_LATER
        assert left_at(ledger) == [("sent", 1_000)]


def test_who_complained_who_wants_no_more_and_how_soon_messages_came_back(ledger: SqlRunLedger) -> None:
    one, two, three, four, five, six = sent(ledger, *[Status.SENT] * 5, Status.IN_DOUBT)
    weigh(
        ledger, (one, BOUNCED, 1_010), (two, BOUNCED, 5_000_000), (three, UNSUBSCRIBED, 2_000),
        (four, UNSUBSCRIBED, 2_000), (four, COMPLAINT, 3_000), (five, DELIVERED, 2_000), (six, BOUNCED, 2_000),
    )  # fmt: skip
    found = ledger.reader.later_words()
    assert found.recorded_at is not None
    assert found == LaterWords(1, 1, found.recorded_at, {60: 1, None: 1}), (
        "when the doubtful one was accepted, who knows"
    )


def test_what_bounced_is_drawn_where_it_was_accepted_and_what_only_a_later_moment_proves_nowhere(
    ledger: SqlRunLedger,
) -> None:
    one, two, three, four, five = sent(ledger, Status.SENT, *[Status.IN_DOUBT] * 3, Status.SENT)
    weigh(
        ledger, (one, BOUNCED, 9_000), (two, ACCEPTED, 1_005), (three, DELIVERED, 9_000), (four, COMPLAINT, 9_000),
        (five, COMPLAINT, 9_000),
    )  # fmt: skip
    assert left_at(ledger) == [("bounced", 1_000), ("sent", 1_005), ("sent", None), ("sent", None), ("sent", 1_004)]


def test_who_wants_no_more_is_counted_out_of_what_goes_again(ledger: SqlRunLedger) -> None:
    one, two = sent(ledger, Status.SENT, Status.SENT)
    weigh(ledger, (one, BOUNCED, 2_000), (two, BOUNCED, 2_000), (two, COMPLAINT, 3_000))
    again = (Status.FAILED, Status.BOUNCED)
    for chosen_only in (False, True):
        ledger.database.execute("UPDATE entry SET chosen = ?", (chosen_only,))
        assert ledger.count_left_alone(again, chosen_only=chosen_only) == 1
        assert ledger.count_due(again, chosen_only=chosen_only) == 1
        assert ledger.count_left_alone((Status.FAILED,), chosen_only=chosen_only) == 0
    assert ledger.reopen(again, chosen_only=True) == 1

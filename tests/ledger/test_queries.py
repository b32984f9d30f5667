"""Questions to the ledger: one word a row, and only its own delivery's."""

from collections.abc import Iterator

import pytest

from campaign.errors import LedgerError
from campaign.ledger.sql import queries
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger_place import Place
from campaign.model import Status
from tests import ledgers
from tests.ledgers import BUSY, attempt, commit, journal, outcome, row, rows, settle
from tests.stores import looking, open_run


@pytest.fixture
def ledger(store: Place) -> Iterator[SqlRunLedger]:
    with open_run(store) as opened:
        yield opened


@pytest.fixture
def told(ledger: SqlRunLedger) -> SqlRunLedger:
    """One row of every kind, and a duplicate of what was sent."""
    given = {word: f"{word}@x.example" for word in (*Status, "sending")}
    entries = rows(*given.values(), given[Status.SENT], None)
    ledgers.enrolled(ledger, entries, suppressed=[given[Status.SUPPRESSED]])
    outcomes = {
        address: Status(word) for word, address in given.items() if word not in ("duplicate", "suppressed", "sending")
    }
    settle(ledger, outcomes)
    pen = journal(ledger.place)
    (number,) = ledger.database.execute("SELECT id FROM contact WHERE address = 'sending@x.example'").fetchone()
    pen.claim(attempt(number))
    commit(pen)
    pen.close()
    return ledger


def test_every_row_has_one_word(told: SqlRunLedger) -> None:
    found = [(one.email, one.status, one.attempts) for one in queries.result_rows(told.database)]
    assert found == [
        ("pending@x.example", "pending", 1),
        ("sent@x.example", "sent", 1),
        ("bounced@x.example", "bounced", 1),
        ("rejected@x.example", "rejected", 1),
        ("failed@x.example", "failed", 1),
        ("in_doubt@x.example", "in_doubt", 1),
        ("invalid@x.example", "invalid", 1),
        ("suppressed@x.example", "suppressed", 0),
        ("duplicate@x.example", "pending", 0),
        ("sending@x.example", "in_doubt", 0),
        (None, "duplicate", 0),
        (None, "invalid", 0),
    ]


def test_a_duplicate_shows_nothing_of_the_delivery_that_is_another_rows(told: SqlRunLedger) -> None:
    duplicate = list(queries.result_rows(told.database))[10]
    assert duplicate[3:] == (0, None, None, "the address of row 2", None, None, None, None, None, None)


def test_counts_have_all_words_and_all_rows(told: SqlRunLedger) -> None:
    counts = queries.counts(told.database)
    assert list(counts) == list(Status)
    assert sum(counts.values()) == 12
    assert (counts[Status.PENDING], counts[Status.IN_DOUBT], counts[Status.INVALID]) == (2, 2, 2)


def test_while_a_run_goes_on_what_is_claimed_is_being_sent_and_not_in_doubt(told: SqlRunLedger) -> None:
    assert queries.being_sent(told.database) == 1
    counts = queries.counts(told.database)
    assert (counts[Status.PENDING], counts[Status.IN_DOUBT]) == (3, 1)
    (one,) = [one for one in queries.result_rows(told.database) if one.email == "sending@x.example"]
    assert one.status == "pending"
    assert "sending@x.example" not in [one.email for one in queries.people(told.database)]


@pytest.mark.parametrize("status", [Status.SENT, Status.BOUNCED, Status.IN_DOUBT, Status.REJECTED])
def test_what_went_out_before_it_was_suppressed_is_told(ledger: SqlRunLedger, status: Status) -> None:
    ledgers.enrolled(ledger, rows("a@x.example"))
    settle(ledger, {"a@x.example": status})
    ledgers.enrolled(ledger, rows("a@x.example"), suppressed=["a@x.example"])
    (one,) = queries.result_rows(ledger.database)
    assert (one.status, one.attempts, one.email) == (status, 1, "a@x.example")


def test_every_row_that_was_not_sent_has_its_reason(ledger: SqlRunLedger) -> None:
    ledgers.enrolled(ledger, rows(*(f"p{number}@x.example" for number in range(6)), None, None, None))
    pen = journal(ledger.place)
    for number, (status, detail) in enumerate(
        [
            (Status.SENT, "a"),
            (Status.REJECTED, "no"),
            (Status.REJECTED, "no"),
            (Status.FAILED, "no"),
            (Status.PENDING, ""),
        ],
        1,
    ):
        pen.claim(attempt(number))
        pen.settle(outcome(number, status, BUSY, detail=detail))
    commit(pen)
    pen.close()
    assert list(queries.reasons(ledger.database)) == [
        (Status.REJECTED, 450, "4.2.1", "no", "p1@x.example"),
        (Status.REJECTED, 450, "4.2.1", "no", "p2@x.example"),
        (Status.FAILED, 450, "4.2.1", "no", "p3@x.example"),
        (Status.PENDING, 450, "4.2.1", "Mailbox busy", "p4@x.example"),
        *[(Status.INVALID, None, None, "no address", "")] * 3,
    ]


def test_people_to_look_at(told: SqlRunLedger) -> None:
    assert [(one.row, one.email, one.status) for one in queries.people(told.database)] == [
        (3, "bounced@x.example", Status.BOUNCED),
        (4, "rejected@x.example", Status.REJECTED),
        (5, "failed@x.example", Status.FAILED),
        (6, "in_doubt@x.example", Status.IN_DOUBT),
        (7, "invalid@x.example", Status.INVALID),
        (10, "sending@x.example", Status.IN_DOUBT),
        (12, "nobody", Status.INVALID),
    ]
    assert len(queries.people(told.database, most=2)) == 2


def test_the_last_word_of_every_row_with_its_time_tries_and_domain(ledger: SqlRunLedger) -> None:
    ledgers.enrolled(ledger, [row(1, "a@X.Example"), row(2, "b@y.example"), row(3, None), row(4, "c@z.example")])
    settle(ledger, {"a@X.Example".lower(): Status.SENT, "b@y.example": Status.REJECTED})
    found = [word for words in queries.final_words(ledger.database) for word in words]
    assert sorted(found, key=str) == [
        ("invalid", None, 0, ""),
        ("pending", None, 0, "z.example"),
        ("rejected", 1_800_000_000, 1, "y.example"),
        ("sent", 1_800_000_000, 1, "x.example"),
    ]


def test_what_counts_is_the_contacts_file_as_it_is_now(ledger: SqlRunLedger) -> None:
    """Who was mailed and stands no more in the file is in none of the numbers: they add up."""
    ledgers.enrolled(ledger, rows("a@x.example", "b@x.example"))
    settle(ledger, {"a@x.example": Status.SENT, "b@x.example": Status.SENT})
    ledgers.enrolled(ledger, rows("b@x.example"))
    assert queries.counts(ledger.database)[Status.SENT] == 1
    assert [len(words) for words in queries.final_words(ledger.database)] == [1]


def test_questions_asked_in_one_snapshot_agree(ledger: SqlRunLedger) -> None:
    ledgers.enrolled(ledger, rows("a@x.example"))
    with looking(ledger.place) as other, other.snapshot():
        assert queries.counts(other)[Status.PENDING] == 1
        settle(ledger, {"a@x.example": Status.REJECTED})
        assert queries.counts(other)[Status.PENDING] == 1
        assert not list(queries.reasons(other))
    with looking(ledger.place) as other:
        assert queries.counts(other)[Status.REJECTED] == 1


def test_no_error_of_the_databases_leaves(ledger: SqlRunLedger) -> None:
    ledger.database.execute("ALTER TABLE entry RENAME TO gone")
    ledger.database.execute("DROP TABLE tally")
    for ask in (
        queries.counts,
        lambda one: list(queries.reasons(one)),
        queries.people,
        lambda one: list(queries.result_rows(one)),
    ):
        with pytest.raises(LedgerError):
            ask(ledger.database)


def test_pending_rows_say_what_they_wait_for_behind_what_the_server_said_last(ledger: SqlRunLedger) -> None:
    """And no other rows do; nor does anything where nobody has said what they wait for."""
    ledgers.enrolled(ledger, rows("a@x.example", "b@x.example", "c@x.example", None))
    settle(ledger, {"a@x.example": Status.SENT, "b@x.example": Status.PENDING})
    reader = ledger.reader
    before = [row.detail for row in reader.result_rows()]
    reader.explain_pending(lambda cells, email: f"waits: {email} {cells}")
    assert [row.detail for row in reader.result_rows()] == [
        before[0],
        f'{before[1]}; waits: b@x.example ["b@x.example"]',
        'waits: c@x.example ["c@x.example"]',
        before[3],
    ]
    assert sum(reason.detail.count("waits: ") for reason in reader.reasons()) == 2
    reader.explain_pending(None)
    assert [row.detail for row in reader.result_rows()] == before

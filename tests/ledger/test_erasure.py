"""An erasure takes a person out of every byte of the ledger, and leaves that nobody is mailed twice."""

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from campaign.contacts import contact_key
from campaign.errors import LedgerBusyError
from campaign.ledger.opening import open_for_erasure, open_for_settling
from campaign.ledger.sql import queries
from campaign.ledger.sql.erased import Erased, is_mark
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger.sqlite.erasure import SqliteErasure, open_erasure
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.values import ErasedPeople
from campaign.ledger_place import Place
from campaign.model import Reply, Row, Status
from tests.ledgers import attempt, commit, enrolled, journal, outcome, row, settle, words
from tests.proofs import COMPLAINT, bounce, proof
from tests.stores import looking, octets_of, open_run, taken

ADA, BOB, CY, DEE = (f"{name}@people.example" for name in ("ada", "bob", "cy", "dee"))
COLUMNS = ("email", "name", "jacket")
DAY = "2026-11-26"
QUOTED = Reply(code=550, enhanced="5.1.1", text=f"<{BOB}>: no such user, Bob Byte")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """What `place` is, in a file."""
    filled(tmp_path / "x.ledger")
    return tmp_path / "x.ledger"


@pytest.fixture
def place(store: Place) -> Place:
    filled(store)
    return store


def filled(made: Place) -> None:
    """Ada was sent, Bob was refused, Cy is pending, Dee suppressed; Ada's second row, and one that can't be mailed."""
    with open_run(made) as ledger:
        enrolled(ledger, roster(), columns=COLUMNS, suppressed=[DEE, "@never.example"])
        settle(ledger, {ADA: Status.SENT})
        pen = journal(made)
        found = dict(ledger.database.execute("SELECT address, id FROM contact"))
        pen.claim(attempt(found[BOB]))
        commit(pen)
        pen.settle(outcome(found[BOB], Status.REJECTED, QUOTED))
        commit(pen)
        pen.close()


def roster() -> list[Row]:
    return [
        row(1, ADA, ADA, "Ada Lovelace", "blaue Größe 38"),
        row(2, BOB, BOB, "Bob Byte", "red"),
        row(3, CY, CY, "Cy", "green"),
        row(4, DEE, DEE, "Dee", "black"),
        row(5, ADA, "Ada@People.example", "A. Lovelace", "grey"),
        row(6, None, "ada@people.example", "Augusta", "plum", fault="two cells too many"),
    ]


def erase(place: Place, *identities: str, before: int | None = None) -> ErasedPeople:
    with open_for_erasure(place, "x") as ledger:
        with ledger.erase(identities, before=before, day=DAY) as found:
            pass
        if ledger.unfinished:
            ledger.scrub()
            ledger.finished()
    return found


def standing(place: Place) -> list[tuple[str, str, str | None, str]]:
    """Cells, address, status and detail of every row."""
    with looking(place) as database:
        return [(one.cells, one.email or "", one.status, one.detail) for one in queries.result_rows(database)]


def test_who_was_sent_stays_sent_and_has_no_name_any_more(place: Place) -> None:
    before = words_in(place)
    assert erase(place, ADA) == ErasedPeople(people=1, rows=3, waiting=0)
    found = standing(place)
    assert found[0] == ('["erased","",""]', "", "sent", f"erased {DAY}")
    assert found[4] == ('["erased","",""]', "", "duplicate", "the address of row 1")
    assert found[5] == ('["erased","",""]', "", "invalid", f"erased {DAY}")
    assert words_in(place) == before


def words_in(place: Place) -> list[str]:
    with open_run(place) as ledger:
        assert Counter(words(ledger)) == +Counter({one.value: n for one, n in queries.counts(ledger.database).items()})
        return words(ledger)


@pytest.mark.parametrize(
    ("identity", "person"),
    [(ADA, ["Lovelace", "blaue Gr", "Augusta", "plum", "grey"]), (BOB, ["Bob Byte", "no such user", "red"])],
)
def test_nothing_of_them_is_in_any_byte_of_the_ledgers_files(place: Place, identity: str, person: list[str]) -> None:
    before = octets_of(place)
    wanted = [word for word in (identity, *person) if len(word) > 5]  # short ones are in a database by chance
    assert [one for one in wanted if one.encode() not in before] == []
    erase(place, identity)
    after = octets_of(place).lower()
    assert [one for one in wanted if one.lower().encode() in after] == []
    assert b"Cy" in octets_of(place), "the others stay"


def test_what_was_deleted_long_before_is_gone_as_well(path: Path) -> None:
    with closing(connect(path)) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE gap (word TEXT)")
        database.executemany("INSERT INTO gap VALUES (?)", [(f"{ADA} once was here",)] * 500)
        database.execute("DELETE FROM gap")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"once was here" in octets_of(path)
    erase(path, ADA)
    assert b"once was here" not in octets_of(path)


def test_who_waited_is_not_mailed_any_more(place: Place) -> None:
    assert erase(place, CY) == ErasedPeople(people=1, rows=1, waiting=1)
    assert standing(place)[2] == ('["erased","",""]', "", "suppressed", f"erased {DAY}")
    with open_run(place) as ledger:
        assert list(taken(ledger)) == []


def test_whoever_comes_again_is_known_and_nothing_of_them_is_written_down(place: Place) -> None:
    erase(place, ADA, CY)
    again = [row(1, CY, CY, "Cy", "green"), *(one._replace(number=one.number + 1) for one in roster())]
    with open_run(place) as ledger:
        enrolled(ledger, [*again, row(8, "eve@people.example", "eve@people.example", "Eve", "pink")], columns=COLUMNS)
        assert words(ledger) == [
            *("suppressed", "sent", "rejected", "duplicate"),
            *("pending", "duplicate", "invalid", "pending"),
        ]
        assert list(taken(ledger)) == [DEE, "eve@people.example"]
    found = octets_of(place)
    for word in ("Lovelace", "Augusta", '"Cy"', "ada@", "cy@"):
        assert word.encode() not in found
    assert b"Eve" in found


def test_a_new_contact_never_gets_the_number_of_one_who_was_erased(place: Place) -> None:
    erase(place, ADA, BOB, CY, DEE)
    with open_run(place) as ledger:
        enrolled(ledger, [row(1, "new@people.example")])
        assert words(ledger) == ["pending"]


def test_a_suppression_list_does_not_bring_their_address_back(place: Place) -> None:
    erase(place, DEE)
    assert DEE.encode() not in octets_of(place)
    with open_run(place) as ledger:
        enrolled(ledger, roster(), columns=COLUMNS, suppressed=[DEE, CY, "@never.example"])
        listed = [address for (address,) in ledger.database.execute("SELECT address FROM suppressed")]
        assert sorted(listed) == ["@never.example", CY]
        assert words(ledger)[3] == "suppressed"
        assert standing_now(ledger)[3][3] == f"erased {DAY}"


def standing_now(ledger: SqlRunLedger) -> list[tuple[str, str, str | None, str]]:
    return [(one.cells, one.email or "", one.status, one.detail) for one in queries.result_rows(ledger.database)]


def correct(ledger: SqlRunLedger, *rows: Row, columns: tuple[str, ...] = (*COLUMNS, "status")) -> None:
    ledger.correct(
        columns, rows, email_column="email", ignored=("status",), key=contact_key, owners={}, renamed={}, where="x.csv"
    )


def test_corrected_results_bring_nobody_back(place: Place) -> None:
    erase(place, ADA, BOB, CY)
    with open_run(place) as ledger:
        before = standing_now(ledger)
        correct(
            ledger,
            row(1, None, "erased", "", "", "sent"),  # as we have written them
            row(2, ADA, ADA, "Ada Lovelace", "blaue", "sent"),  # a copy from the day before
            row(3, CY, CY, "Cy", "green", "pending"),
        )
        assert standing_now(ledger) == before
        assert list(taken(ledger, chosen_only=True)) == []


def test_a_row_that_is_given_such_an_address_is_not_sent_and_is_emptied(path: Path) -> None:
    erase(path, BOB, CY)
    with SqliteRunLedger.open(path, "x") as ledger:
        ledger.database.execute("UPDATE delivery SET status = 'rejected' WHERE status = 'sent'")
        correct(ledger, row(1, CY, CY, "Ada Lovelace", "blaue Größe 38", "rejected"), columns=(*COLUMNS, "status"))
        assert "cy@" not in str(list(ledger.database.iterdump()))
        assert list(taken(ledger, chosen_only=True)) == []


def test_by_age_goes_who_has_an_outcome_that_is_older_and_nobody_who_waits(place: Place) -> None:
    settled = 1_800_000_000  # as the tests' journal has it
    assert erase(place, before=settled) == ErasedPeople(people=0, rows=0, waiting=0)
    assert erase(place, before=settled + 1) == ErasedPeople(people=3, rows=5, waiting=0)
    assert [cells for cells, *_ in standing(place)] == ['["erased","",""]'] * 2 + [
        '["cy@people.example","Cy","green"]'
    ] + ['["erased","",""]'] * 3
    assert erase(place, before=settled + 1) == ErasedPeople(people=0, rows=0, waiting=0)
    with open_run(place) as ledger:
        assert list(taken(ledger)) == [CY]


def test_by_age_who_was_never_mailed_stays_while_the_campaign_is_younger(place: Place) -> None:
    with open_run(place) as ledger:
        settle(ledger, {CY: Status.SENT})
        ledger.database.execute("UPDATE delivery SET settled_at = settled_at + 100 WHERE contact = 3")
    assert erase(place, before=1_800_000_001).people == 2
    assert [email for _, email, *_ in standing(place)] == ["", "", CY, DEE, "", ""]


def test_who_has_left_the_contacts_file_goes_by_age_as_well(place: Place) -> None:
    with open_run(place) as ledger:
        enrolled(ledger, [row(1, CY)])
    assert b"ada@" in octets_of(place)
    assert erase(place, before=1_900_000_000).people == 3
    assert b"ada@" not in octets_of(place)


def test_twice_is_harmless_and_the_unknown_are_named(place: Place) -> None:
    erase(place, ADA)
    before = standing(place)
    found = erase(place, ADA, "who@people.example")
    assert (found.people, found.rows, found.already, found.unknown) == (0, 0, (ADA,), ("who@people.example",))
    assert standing(place) == before
    with open_run(place) as ledger:
        assert Erased(ledger.database).day("who@people.example") is None


def test_a_no_leaves_everything_as_it_was(path: Path) -> None:
    with open_erasure(path, "x") as ledger:
        before = dump(path)
        with pytest.raises(ZeroDivisionError):
            _broken_off(ledger)
        assert dump(path) == before
        assert not ledger.unfinished


def _broken_off(ledger: SqliteErasure) -> None:
    with ledger.erase([ADA], before=None, day=DAY) as found:
        raise ZeroDivisionError(found.people)


def dump(path: Path) -> list[str]:
    with closing(connect(path, readonly=True)) as database:
        return list(database.iterdump())


def test_none_is_taken_out_while_a_run_goes_on(place: Place) -> None:
    with open_run(place), pytest.raises(LedgerBusyError), open_for_erasure(place, "x"):
        pass


def test_somebody_who_reads_without_an_end_is_named(path: Path) -> None:
    with closing(connect(path)) as reading:
        with open_erasure(path, "x") as ledger:
            with ledger.erase([ADA], before=None, day=DAY):
                pass
            reading.execute("BEGIN")
            reading.execute("SELECT * FROM facts").fetchone()
            ledger._database.execute("PRAGMA busy_timeout = 10")
            with pytest.raises(LedgerBusyError, match="still in its files"):
                ledger.scrub()
        reading.execute("ROLLBACK")
    with open_erasure(path, "x") as ledger:
        assert ledger.unfinished


def test_where_nobody_was_erased_nothing_is_looked_up(path: Path) -> None:
    with SqliteRunLedger.open(path, "x") as ledger:
        seen: list[str] = []
        ledger.database.set_trace_callback(seen.append)
        erased = Erased(ledger.database)
        assert not erased
        assert erased.known(ADA) == ADA
        assert erased.days([ADA, BOB]) == {}
        assert list(erased.without([(ADA, "quiet.csv", 1)])) == [(ADA, "quiet.csv", 1)]
        assert len(seen) == 1


def test_two_campaigns_have_other_marks_for_one_address(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "x.ledger"
    other.parent.mkdir()
    with SqliteRunLedger.open(other, "x") as ledger:
        enrolled(ledger, [row(1, ADA)])
    marks = []
    for place in (path, other):
        erase(place, ADA)
        with closing(connect(place)) as database:
            (mark,) = database.execute("SELECT mark FROM erased").fetchone()
            assert is_mark(mark)
            marks.append(mark)
    assert marks[0] != marks[1]


def test_what_came_back_from_them_and_what_was_said_of_it_goes_with_them(place: Place) -> None:
    """Of others stays what was proved; but not their address, where somebody's server has named it."""
    with open_for_settling(place, "x") as settling:
        named = bounce(2)._replace(evidence=bounce(2).evidence._replace(detail=f"<{ADA}> and <{BOB}> are unknown"))
        settling.weigh([proof(1, COMPLAINT, place="Lovelace.eml"), named])
    erase(place, ADA)
    with looking(place) as database:
        assert database.execute("SELECT contact, detail FROM evidence").fetchall() == [
            (2, f"<(address)> and <{BOB}> are unknown")
        ]
        assert database.execute("SELECT contact, feedback FROM later_word").fetchall() == [(2, None)]
    assert b"Lovelace" not in octets_of(place) and ADA.encode() not in octets_of(place)
    with open_for_settling(place, "x") as settling:
        assert not settling.weigh([bounce(1), proof(1, COMPLAINT)])[0].news, "nothing of them comes back"
        assert [address for some in settling.people() for _, address, _ in some] == [BOB, CY, DEE]


def test_who_is_erased_while_somebody_settles_has_no_proof_any_more(place: Place) -> None:
    with open_for_settling(place, "x") as settling:
        settling.weigh([proof(1)])
        erase(place, ADA)
        weighed = settling.weigh([bounce(1), bounce(2)])
        assert [one.news for one in weighed] == [False, True]
    assert ADA.encode() not in octets_of(place)

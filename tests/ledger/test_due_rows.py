"""Rows handed out by queue: those that are held come later, once each, and nobody waits behind them."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.contacts import contact_key
from campaign.ledger.sqlite import due_rows
from campaign.ledger.sqlite.due_rows import SqliteDueRows, prepare_run
from campaign.ledger.sqlite.enrolment import enrol
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Row, Status
from tests.ledgers import deliveries, enrolled, row, settle

TOKYO, BERLIN, NOME = "Asia/Tokyo", "Europe/Berlin", "America/Nome"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "x.ledger", "x") as opened:
        yield opened


def people_in(zones: Sequence[str]) -> list[Row]:
    """A row for each zone: p1, p2 …"""
    return [row(number, f"p{number}@x.example", "", zone) for number, zone in enumerate(zones, 1)]


def begin(ledger: SqliteRunLedger, zones: Sequence[str], *, limit: int | None = None) -> SqliteDueRows:
    """Rows in these zones, and a run that is about to take them."""
    enrolled(ledger, people_in(zones), columns=("email", "timezone"))
    prepare_run(ledger.database, limit=limit, chosen_only=False, zone_column="timezone")
    return SqliteDueRows(ledger.path)


def numbers(one: SqliteDueRows, most: int, *held: str) -> list[int] | None:
    """The rows that it gives, by number; of none in a held queue."""
    rows = one.take(most, held=held)
    assert not any(due.queue in held for due in rows or [])
    return None if rows is None else [due.contact.number for due in rows]


def aside(ledger: SqliteRunLedger) -> list[tuple[str, int]]:
    return list(ledger.database.execute("SELECT queue, row FROM set_aside ORDER BY row"))


def test_rows_of_a_held_queue_are_passed_and_come_once_it_is_held_no_more(ledger: SqliteRunLedger) -> None:
    with closing(begin(ledger, [TOKYO, BERLIN, TOKYO, "", BERLIN])) as one:
        assert numbers(one, 2, TOKYO) == [2, 4]
        assert aside(ledger) == [(TOKYO, 1), (TOKYO, 3)]
        assert numbers(one, 1) == [1]
        assert numbers(one, 5) == [3, 5]
        assert numbers(one, 5) is None
        assert aside(ledger) == []


def test_where_only_held_rows_are_left_it_says_of_which_queues(ledger: SqliteRunLedger) -> None:
    with closing(begin(ledger, [TOKYO, BERLIN, "", NOME])) as one:
        assert numbers(one, 9, TOKYO, NOME) == [2, 3]
        assert one.held_queues is None  # it has not been asked since
        assert numbers(one, 9, TOKYO, NOME) == []
        assert one.held_queues == frozenset((TOKYO, NOME))
        assert not one.passing
        assert numbers(one, 9, TOKYO) == [4]
        assert one.held_queues is None
        assert numbers(one, 9, TOKYO) == []
        assert one.held_queues == frozenset((TOKYO,))


def test_the_queue_of_no_zone_is_held_like_any_other(ledger: SqliteRunLedger) -> None:
    with closing(begin(ledger, ["", BERLIN])) as one:
        assert numbers(one, 9, "") == [2]
        assert numbers(one, 9, "") == []
        assert one.held_queues == frozenset(("",))
        assert numbers(one, 9) == [1]


def test_domains_with_a_limit_are_queues_of_their_own(ledger: SqliteRunLedger) -> None:
    enrolled(ledger, [row(n, f"p{n}@{domain}") for n, domain in enumerate(["gmail.com", "x.example", "GMAIL.com"], 1)])
    prepare_run(ledger.database, limit=None, chosen_only=False, limited_domains=["gmail.com"])
    with closing(SqliteDueRows(ledger.path)) as one:
        assert numbers(one, 9, "@gmail.com") == [2]
        assert numbers(one, 9) == [1, 3]


def test_a_run_without_queues_sets_nothing_aside_whatever_is_held(ledger: SqliteRunLedger) -> None:
    enrolled(ledger, people_in([TOKYO, BERLIN]), columns=("email", "timezone"))
    prepare_run(ledger.database, limit=None, chosen_only=False)
    with closing(SqliteDueRows(ledger.path)) as one:
        rows = one.take(9, held=(TOKYO,))
        assert rows is not None
        assert [due.queue for due in rows] == ["", ""]
        assert aside(ledger) == []


def test_where_there_is_one_queue_and_it_is_held_the_cursor_stays(ledger: SqliteRunLedger) -> None:
    enrolled(ledger, people_in([TOKYO, BERLIN]), columns=("email", "timezone"))
    prepare_run(ledger.database, limit=None, chosen_only=False)
    with closing(SqliteDueRows(ledger.path)) as one:
        assert numbers(one, 9, "") == []
        assert one.held_queues == frozenset(("",))
        assert aside(ledger) == []
        assert numbers(one, 9) == [1, 2]
        assert numbers(one, 9, "") is None


def test_a_limit_counts_rows_that_are_given_not_those_that_are_passed(ledger: SqliteRunLedger) -> None:
    with closing(begin(ledger, [TOKYO, BERLIN, TOKYO, BERLIN], limit=3)) as one:
        assert numbers(one, 9, TOKYO) == [2, 4]
        assert numbers(one, 9) == [1]
        assert numbers(one, 9) is None
        assert one.held_queues is None


@pytest.mark.parametrize(("limit", "left"), [(None, 3), (3, 1), (100, 3)])
def test_it_tells_how_many_rows_are_left_at_most(ledger: SqliteRunLedger, limit: int | None, left: int) -> None:
    enrolled(ledger, people_in([""] * 5), columns=("email", "timezone"))
    prepare_run(ledger.database, limit=limit, chosen_only=False)
    with closing(SqliteDueRows(ledger.path)) as one:
        assert one.left is None
        one.take(2)
        assert one.left == left


def test_while_rows_are_being_read_nobody_knows_how_many_are_left(ledger: SqliteRunLedger) -> None:
    enrolled(ledger, people_in([""] * 5), columns=("email", "timezone"))
    prepare_run(ledger.database, limit=None, chosen_only=False)
    with closing(SqliteDueRows(ledger.path)) as one:
        one.take(2)
        assert one.left == 3
        ledger.database.execute("UPDATE facts SET value = 1 WHERE name = 'reading'")
        one.take(1)
        assert one.left is None


def test_the_next_run_begins_anew_with_what_was_set_aside(ledger: SqliteRunLedger) -> None:
    """A run that is killed leaves rows aside that are pending: they are found in their place."""
    with closing(begin(ledger, [TOKYO, BERLIN, TOKYO])) as one:
        assert numbers(one, 9, TOKYO) == [2]
    settle(ledger, {"p2@x.example": Status.SENT})
    prepare_run(ledger.database, limit=None, chosen_only=False, zone_column="timezone")
    assert aside(ledger) == []
    with closing(SqliteDueRows(ledger.path)) as one:
        assert numbers(one, 9) == [1, 3]


def test_a_row_that_was_settled_while_it_stood_aside_is_not_given(ledger: SqliteRunLedger) -> None:
    with closing(begin(ledger, [TOKYO, TOKYO])) as one:
        assert numbers(one, 9, TOKYO) == []
        settle(ledger, {"p2@x.example": Status.SENT})
        assert numbers(one, 9) == [1]
        assert numbers(one, 9, TOKYO) is None


def test_only_the_chosen_are_set_aside(ledger: SqliteRunLedger) -> None:
    enrolled(ledger, people_in([TOKYO, TOKYO, BERLIN]), columns=("email", "timezone"))
    ledger.database.execute("UPDATE entry SET chosen = 1 WHERE row = 2")
    prepare_run(ledger.database, limit=None, chosen_only=True, zone_column="timezone")
    with closing(SqliteDueRows(ledger.path)) as one:
        assert numbers(one, 9, TOKYO) == []
        assert numbers(one, 9) == [2]
        assert numbers(one, 9) is None


def test_a_contact_that_comes_twice_is_given_once_in_the_queue_of_its_first_row(ledger: SqliteRunLedger) -> None:
    rows = [row(1, "ann@x.example", "", TOKYO), row(2, "Ann@x.example", "", BERLIN)]
    enrolled(ledger, rows, columns=("email", "timezone"))
    prepare_run(ledger.database, limit=None, chosen_only=False, zone_column="timezone")
    with closing(SqliteDueRows(ledger.path)) as one:
        assert numbers(one, 9, TOKYO) == []
        assert numbers(one, 9) == [1]
        assert numbers(one, 9) is None


def test_another_column_in_the_next_run_makes_other_queues(ledger: SqliteRunLedger) -> None:
    enrolled(ledger, [row(1, "ann@x.example", "", TOKYO, BERLIN)], columns=("email", "home", "office"))
    for column, queue in (("home", TOKYO), ("office", BERLIN)):
        prepare_run(ledger.database, limit=None, chosen_only=False, zone_column=column)
        with closing(SqliteDueRows(ledger.path)) as one:
            [due] = one.take(1) or []
            assert due.queue == queue


def test_many_held_rows_are_passed_a_part_at_a_time(ledger: SqliteRunLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else can write meanwhile."""
    monkeypatch.setattr(due_rows, "_PASSED", 2)
    with closing(begin(ledger, [TOKYO] * 5 + [BERLIN])) as one:
        assert numbers(one, 9, TOKYO) == []
        assert one.passing
        assert one.held_queues is None
        assert len(aside(ledger)) == 2
        assert numbers(one, 9, TOKYO) == []
        assert numbers(one, 9, TOKYO) == [6]
        assert numbers(one, 9, TOKYO) == []
        assert one.held_queues == frozenset((TOKYO,))
        assert not one.passing


def test_while_rows_are_being_read_those_that_are_held_are_not_all(ledger: SqliteRunLedger) -> None:
    prepare_run(ledger.database, limit=None, chosen_only=False, reading=True, zone_column="timezone")
    people = people_in([TOKYO, BERLIN])
    enrol(ledger.database, ("email", "timezone"), [people[:1]], [], contact_key, in_parts=True)
    with closing(SqliteDueRows(ledger.path)) as one:
        assert numbers(one, 9, TOKYO) == []
        assert one.held_queues is None
        enrol(ledger.database, ("email", "timezone"), [people], [], contact_key)
        ledger.enrolled("digest", [])
        assert numbers(one, 9, TOKYO) == [2]
        assert numbers(one, 9, TOKYO) == []
        assert one.held_queues == frozenset((TOKYO,))
        assert numbers(one, 9) == [1]


def test_several_takers_share_what_stands_aside_and_nobody_gets_a_row_twice(ledger: SqliteRunLedger) -> None:
    begin(ledger, [TOKYO, BERLIN, NOME] * 60).close()
    got: list[list[int]] = []

    def take() -> None:
        mine: list[int] = []
        held = {TOKYO, NOME}
        with closing(SqliteDueRows(ledger.path)) as one:
            while (some := one.take(7, held=held)) is not None:
                mine += [due.contact.number for due in some]
                if not some:
                    held.discard(TOKYO if TOKYO in held else NOME)
        got.append(mine)

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for mine in got for number in mine) == list(range(1, 181))


@settings(max_examples=30, deadline=None)
@given(
    zones=st.lists(st.sampled_from([TOKYO, BERLIN, NOME, ""]), max_size=12),
    asks=st.lists(st.tuples(st.integers(1, 4), st.frozensets(st.sampled_from([TOKYO, BERLIN, NOME, ""]))), max_size=12),
)
def test_whatever_is_held_and_when_every_row_comes_once(
    tmp_path_factory: pytest.TempPathFactory, zones: list[str], asks: list[tuple[int, frozenset[str]]]
) -> None:
    with SqliteRunLedger.open(tmp_path_factory.mktemp("x") / "x.ledger", "x") as ledger:
        given: list[int] = []
        with closing(begin(ledger, zones)) as one:
            for most, held in asks:
                due = numbers(one, most, *held) or []
                assert len(due) <= most
                left = {zones[number - 1] for number in set(range(1, len(zones) + 1)) - set(given) - set(due)}
                if not due and left:
                    assert one.held_queues == frozenset(left) <= held
                given += due
            while due := numbers(one, 3) or []:
                given += due
        assert sorted(given) == list(range(1, len(zones) + 1))
        assert deliveries(ledger.path) == {}

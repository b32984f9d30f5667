"""The rate: one for all processes of a run and for the run after it, whoever holds the rows. Time is the test's own."""

import bisect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from math import ceil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.ledger.sqlite.due_rows import SqliteDueRows, prepare_run
from campaign.ledger.sqlite.rate_limit import SqliteRateLimit
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Attempt, Phase
from campaign.smtp.session.session import Session
from campaign.worker.send_rate import SendRate
from tests.dispatchers import Office, reply, session
from tests.ledgers import people

START = 1000.0
Limits = Callable[[float], SqliteRateLimit]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as opened:
        yield opened


@pytest.fixture
def limits(ledger: SqliteRunLedger) -> Iterator[Limits]:
    """Makes the view that one more process has of it."""
    with ExitStack() as stack:
        yield lambda rate: view_of(ledger, rate, stack)


def view_of(ledger: SqliteRunLedger, rate: float, stack: ExitStack, name: str = "") -> SqliteRateLimit:
    """One process's, over a connection of its own."""
    return SqliteRateLimit(stack.enter_context(closing(connect(ledger.path, eager=True))), rate, name=name)


def begin(views: list[SqliteRateLimit], start: float, seconds: float, step: float = 0.001) -> list[float]:
    """When messages begin, where every process always has some."""
    moments = []
    for tick in range(int(seconds / step)):
        now = start + tick * step
        for view in views:
            while view.wait(now) <= 0 and view.take(now):
                moments.append(now)
    return moments


def fullest_second(moments: list[float]) -> int:
    """The most that began within any one second, its end not included."""
    return max(bisect.bisect_left(moments, now + 1.0 - 1e-9) - index for index, now in enumerate(moments))


@pytest.mark.parametrize("processes", [1, 4])
@pytest.mark.parametrize("rate", [0.4, 1.5, 7.3, 30.0, 100.0, 1000.0])
def test_the_rate_is_used_and_no_second_holds_more(limits: Limits, rate: float, processes: int) -> None:
    """Used: within the 15 % that a run may take longer."""
    moments = begin([limits(rate) for _ in range(processes)], START, max(4.0, 20 / rate), 0.003)
    assert fullest_second(moments) <= ceil(rate)
    assert len(moments) >= rate * max(4.0, 20 / rate) / 1.15


@pytest.mark.parametrize("rate", [3.0, 30.0, 500.0])
def test_a_run_right_after_a_kill_begins_with_no_fresh_allowance(limits: Limits, rate: float) -> None:
    """What the killed run began in its last second counts."""
    moments = begin([limits(rate), limits(rate)], START, 1.7)
    moments += begin([limits(rate), limits(rate)], START + 1.75, 2.0)
    assert fullest_second(moments) <= ceil(rate)
    assert len(moments) >= rate * 3.7 / 1.15 - rate * 0.05 - 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.floats(0.2, 300),
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 2), st.integers(1, 40)), min_size=1, max_size=60),
)
def test_however_unevenly_it_is_asked_no_second_holds_more(
    ledger: SqliteRunLedger, rate: float, asked: list[tuple[int, float, int]]
) -> None:
    """A process sleeps, or comes in bursts, and others ask meanwhile."""
    ledger.database.execute("DELETE FROM facts WHERE name = 'next_message'")
    with ExitStack() as stack:
        views = [view_of(ledger, rate, stack) for _ in range(3)]
        now, moments = START, []
        for process, gap, times in asked:
            now += gap
            moments += [now for _ in range(times) if views[process].take(now)]
    assert not moments or fullest_second(moments) <= ceil(rate)


def test_waiting_as_long_as_it_says_is_enough(limits: Limits) -> None:
    view = limits(2.0)
    assert view.take(START) and not view.take(START)
    wait = view.wait(START)
    assert 0.5 <= wait <= 0.6
    assert not view.take(START + 0.9 * wait)
    assert view.take(START + wait + 1e-6)


def test_what_is_given_back_is_there_for_the_others(limits: Limits) -> None:
    ours, others = limits(0.1), limits(0.1)
    assert ours.take(START)
    ours.give_back(START)
    assert others.take(START) and not ours.take(START)


def test_rates_of_other_names_are_rates_of_their_own(ledger: SqliteRunLedger) -> None:
    """The campaign's, without a name, stands where older ledgers have it."""
    with ExitStack() as stack:
        campaigns, gmail, others_gmail = (view_of(ledger, 0.1, stack, name) for name in ("", "gmail", "gmail"))
        assert campaigns.take(START) and gmail.take(START)
        assert not campaigns.take(START) and not others_gmail.take(START)
    names = {name for (name,) in ledger.database.execute("SELECT name FROM facts WHERE name LIKE 'next_message%'")}
    assert names == {"next_message", "next_message gmail"}


def test_a_clock_that_began_anew_with_the_machine_holds_nobody_up(limits: Limits) -> None:
    assert limits(0.5).take(1_000_000.0)
    moments = begin([limits(0.5)], 5.0, 6.0)
    assert len(moments) >= 2 and moments[0] <= 5.0 + 2.2


def test_a_rate_that_was_raised_does_not_wait_for_the_old_one(limits: Limits) -> None:
    assert limits(0.001).take(START)
    assert len(begin([limits(10.0)], START + 0.001, 1.0)) >= 8


class Workers:
    """So many workers of one run, in time of the test's own: real rows, rate and couriers; a server by hand, which
    answers at once what `answers` says: with None, that it takes the message.
    """

    def __init__(self, folder: Path, ledger: SqliteRunLedger, session: Session, count: int, rate: float) -> None:
        self.offices: list[Office] = []
        self._stack = ExitStack()
        for number in range(count):
            shared = view_of(ledger, rate, self._stack)
            due_rows = self._stack.enter_context(closing(SqliteDueRows(ledger.path)))
            send_rate = SendRate(rate, now=START, shared=shared)
            self.offices.append(Office(folder / str(number), session, (), send_rate=send_rate, due_rows=due_rows))
        self.sent: list[float] = []

    def work(
        self, contacts: int, refuses: Callable[[int, Attempt], bool] = lambda *_: False, most: float = 600
    ) -> None:
        """Until so many are sent: at a hundred turns a second, as `worker.Worker` takes them."""
        with self._stack:
            for tick in range(int(most * 100)):
                now = START + tick / 100
                for number, office in enumerate(self.offices):
                    self._turn(office, number, now, refuses)
                if len(self.sent) == contacts and all(office.rows.done for office in self.offices):
                    return
        pytest.fail(f"only {len(self.sent)} of {contacts} in {most:.0f} s")

    def _turn(self, office: Office, number: int, now: float, refuses: Callable[[int, Attempt], bool]) -> None:
        office.now = now
        if office.send_rate.wait(now) > 0:
            office.dispatcher.fetch_rows()
            return
        while (attempt := office.dispatcher.next_attempt(office.session)) is not None:
            if refuses(number, attempt):
                office.dispatcher.reply_received(attempt, Phase.RCPT, reply(450, "4.2.1", "greylisted"), served=True)
            else:
                self.sent.append(now)
                office.dispatcher.reply_received(attempt, Phase.BODY, reply(250, "2.0.0"), served=True)

    @property
    def seconds(self) -> float:
        return self.sent[-1] - START


@pytest.mark.parametrize(
    ("contacts", "processes", "rate"),
    [(20, 4, 1.5), (5, 4, 1.0), (10, 8, 1.5), (12, 8, 3.0), (3, 4, 0.5), (3, 8, 2.0), (400, 4, 30.0)],
)
def test_a_run_takes_as_long_as_its_rate_says_however_many_processes(
    tmp_path: Path, ledger: SqliteRunLedger, contacts: int, processes: int, rate: float
) -> None:
    """Also where one process has taken all the rows, and where there are fewer of them than processes."""
    people(ledger, contacts)
    prepare_run(ledger.database, limit=None, chosen_only=False)
    with session() as server:
        workers = Workers(tmp_path, ledger, server, processes, rate)
        workers.work(contacts)
    assert workers.seconds <= 1.15 * contacts / rate
    assert fullest_second(workers.sent) <= ceil(rate)


def test_a_worker_that_has_nothing_to_send_leaves_its_part_to_the_others(
    tmp_path: Path, ledger: SqliteRunLedger
) -> None:
    """All its rows are put off for ten seconds: meanwhile the others use the whole rate."""
    contacts, rate, tried = 60, 6.0, set[int]()

    def refuses(worker: int, attempt: Attempt) -> bool:
        first = attempt.contact not in tried
        tried.add(attempt.contact)
        return worker == 0 and first

    people(ledger, contacts)
    prepare_run(ledger.database, limit=None, chosen_only=False)
    with session() as server:
        workers = Workers(tmp_path, ledger, server, 3, rate)
        workers.work(contacts, refuses)
    greylisted = len(tried) and contacts - sum(office.dispatcher.settled["sent"] for office in workers.offices[1:])
    assert greylisted > 0, "this test shows nothing"
    assert workers.seconds <= max(1.15 * (contacts + greylisted) / rate, 1.15 * 12 + 10)

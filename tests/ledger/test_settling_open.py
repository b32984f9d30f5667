"""How a ledger is opened to be settled: of which version, beside whom, and as a copy of which nothing stays."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.opening import open_for_reading, open_for_settling, open_for_settling_copy
from campaign.ledger.sql import queries
from campaign.ledger.sql.settling import SqlSettling
from campaign.ledger.sql.tally import counted, tally
from campaign.ledger.sqlite.lock import lock_file
from campaign.ledger.sqlite.reading import SqliteReader
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.tables import VERSION
from campaign.model import Status
from tests.disks import read_only
from tests.ledgers import as_of_version_4, attempt, commit, journal, people, settle
from tests.proofs import bounce, moved, proof, words

ROOT = Path(__file__).parents[2]
KILLED = """
import sys
from pathlib import Path
from campaign.ledger.opening import open_for_settling
from tests.proofs import bounce
with open_for_settling(Path(sys.argv[1]), "x") as settling:
    print("go", flush=True)
    for start in range(1, 600, 20):
        settling.weigh([bounce(number, name=str(number)) for number in range(start, start + 20)])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three people: sent, in doubt, due."""
    path = tmp_path / "x.ledger"
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 3)
        settle(ledger, {"p1@people.example": Status.SENT, "p2@people.example": Status.IN_DOUBT})
    return path


def make_old(path: Path) -> None:
    with closing(connect(path)) as database:
        as_of_version_4(database)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Locked, as by a run."""
    lock = lock_file(path)
    try:
        yield
    finally:
        os.close(lock)


def test_a_ledger_of_the_version_before_is_read_as_it_is_and_settled_once_it_is_up_to_date(path: Path) -> None:
    make_old(path)
    with open_for_reading(path, "x") as reader:
        assert [one.status for one in reader.result_rows()] == ["sent", "in_doubt", "pending"]
        assert reader.counts()[Status.SENT] == 1 and reader.counts()[Status.BOUNCED] == 0
        assert +reader.deliveries() == {Status.SENT: 1, Status.IN_DOUBT: 1}
        assert not reader.has_later_words() and reader.people()
        assert sum(1 for _ in reader.reasons()) == 1 and sum(map(len, reader.final_words())) == 3
    with closing(connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (4,)
    with open_for_settling(path, "x") as settling:
        assert settling.begun is not None and int(settling.begun.timestamp()) == 1_800_000_000
        assert moved(settling.weigh([bounce(1)])) == [("sent", "bounced")]
    with SqliteRunLedger.open(path, "x") as ledger:
        assert ledger.database.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert tally(ledger.database) == counted(ledger.database)
        assert queries.counts(ledger.database)[Status.BOUNCED] == 1


def test_one_that_a_run_of_an_earlier_version_holds_can_be_looked_at_and_no_more(path: Path) -> None:
    make_old(path)
    with held(path):
        with pytest.raises(LedgerBusyError, match="earlier version") as caught, open_for_settling(path, "x"):
            pass
        assert caught.value.where == str(path) and "let that run end" in caught.value.fix
        with open_for_settling_copy(path, "x") as settling:
            assert moved(settling.weigh([bounce(1)])) == [("sent", "bounced")]
    with closing(connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (4,)


def test_what_is_not_there_or_is_anothers_is_refused_and_left_alone(path: Path, tmp_path: Path) -> None:
    for opened in (open_for_settling, open_for_settling_copy):
        with pytest.raises(LedgerError, match="no ledger yet"), opened(tmp_path / "none.ledger", "x"):
            pass
        with pytest.raises(LedgerError, match="another campaign"), opened(path, "y"):
            pass
        (tmp_path / "stump.ledger").write_bytes(b"SQLite")
        with pytest.raises(LedgerError, match="cut down to 6 bytes"), opened(tmp_path / "stump.ledger", "x"):
            pass
    assert not (tmp_path / "none.ledger").exists()


@pytest.mark.parametrize("running", [False, True])
def test_a_copy_says_the_same_over_many_batches_and_changes_nothing(path: Path, running: bool) -> None:
    with closing(journal(path)) as pen:
        pen.claim(attempt(3))
        commit(pen)
    batches = [[proof(2), bounce(1)], [proof(1), bounce(3), bounce(2, name="b")], [bounce(1), proof(2)]]
    before = path.read_bytes()
    lock = lock_file(path) if running else None
    try:
        with open_for_settling_copy(path, "x") as copy:
            tried = [copy.weigh(batch) for batch in batches]
            expected = ["bounced", "bounced", "in_doubt" if running else "bounced"]
            assert words(copy) == expected
            assert copy.reader.counts()[Status.BOUNCED] == expected.count("bounced")
        assert path.read_bytes() == before and not Path(f"{path}-generation.new").exists()
        with open_for_settling(path, "x") as settling:
            assert [settling.weigh(batch) for batch in batches] == tried
    finally:
        if lock is not None:
            os.close(lock)


def test_what_can_t_be_made_durable_is_said_and_from_then_on_nothing_is_called_durable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_for_settling(path, "x") as settling:
        with monkeypatch.context() as patch:
            patch.setattr("campaign.ledger.sqlite.settling_open.make_durable", _fail)
            with pytest.raises(LedgerError, match="can't be made durable"):
                settling.weigh([bounce(1)])
        with pytest.raises(LedgerError, match="can't be made durable"):
            settling.weigh([bounce(2)])
    with open_for_settling(path, "x") as settling:
        assert moved(settling.weigh([bounce(3)])) == [("pending", "bounced")]


def _fail(descriptor: int) -> None:
    raise OSError(5, "Input/output error")


def test_a_failure_in_the_midst_of_a_batch_leaves_nothing_of_it(path: Path) -> None:
    with closing(connect(path)) as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON evidence BEGIN SELECT raise(ABORT, 'full'); END")
        settling = SqlSettling(database, reader=SqliteReader(database), running=lambda: False)
        for _ in range(2):
            with pytest.raises(LedgerError):
                settling.weigh([proof(2), bounce(1)])
        assert words(settling) == ["sent", "in_doubt", "pending"]
        assert tally(database) == counted(database) and not database.in_transaction


@pytest.mark.parametrize("batches", [2, 9])
def test_a_kill_at_any_moment_leaves_all_or_nothing_of_a_batch_and_the_next_time_does_the_rest(
    tmp_path: Path, batches: int
) -> None:
    path = tmp_path / "x.ledger"
    with SqliteRunLedger.open(path, "x") as ledger:
        people(ledger, 600)
        settle(ledger, {f"p{number}@people.example": Status.SENT for number in range(1, 601)})
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    with closing(connect(path, readonly=True)) as looking:
        while queries.counts(looking)[Status.BOUNCED] < 20 * batches:
            pass
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    with open_for_settling(path, "x") as settling:
        done = words(settling).count("bounced")
        assert done >= 20 * batches and done % 20 == 0
        proofs = [bounce(number, name=str(number)) for number in range(1, 601)]
        assert len(moved(settling.weigh(proofs))) == 600 - done
        assert not moved(settling.weigh(proofs))
        assert set(words(settling)) == {"bounced"}
    with SqliteRunLedger.open(path, "x") as ledger:
        assert tally(ledger.database) == counted(ledger.database)
        assert ledger.database.execute("SELECT count(*) FROM evidence").fetchone() == (600,)


def test_the_wal_is_kept_short_and_a_kill_amid_that_is_read_as_one(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.ledger.sqlite.settling_open.LIMIT", 0)
    killed, robbed = tmp_path / "killed", tmp_path / "robbed"
    with open_for_settling(path, "x") as settling:
        for number in (1, 2):
            settling.weigh([bounce(number, name=str(number))])
            with closing(connect(path, immutable=True)) as file:
                assert file.execute("SELECT status FROM delivery WHERE contact = ?", (number,)).fetchone() == (
                    "bounced",
                )
        for folder in (killed, robbed):
            folder.mkdir()
            for file_name in ("x.ledger", "x.ledger-wal", "x.ledger-generation"):
                (folder / file_name).write_bytes((tmp_path / file_name).read_bytes())
    (robbed / "x.ledger-wal").unlink()
    for folder in (tmp_path, killed):
        with SqliteRunLedger.open(folder / "x.ledger", "x") as ledger:
            assert queries.counts(ledger.database)[Status.BOUNCED] == 2
    with pytest.raises(LedgerError, match="-wal file"):
        SqliteRunLedger.open(robbed / "x.ledger", "x")


def test_two_who_settle_at_once_move_each_word_once(path: Path) -> None:
    with open_for_settling(path, "x") as one, open_for_settling(path, "x") as other:
        assert moved(one.weigh([bounce(1), proof(2)])) == [("sent", "bounced"), ("in_doubt", "sent")]
        assert moved(other.weigh([bounce(1), proof(2), bounce(3)])) == [("pending", "bounced")]
        assert words(one) == words(other) == ["bounced", "sent", "bounced"]


def test_a_copy_takes_no_right_to_write(path: Path, guarded_folder: Path) -> None:
    """What would be moved can be asked of a backup on a disk that is mounted read-only."""
    for file in path.parent.glob("x.ledger*"):
        shutil.copy(file, guarded_folder)
    backup = guarded_folder / path.name
    with read_only(guarded_folder):
        with open_for_settling_copy(backup, "x") as settling:
            assert moved(settling.weigh([bounce(1)])) == [("sent", "bounced")]
        with pytest.raises(LedgerError), open_for_settling(backup, "x"):
            pass

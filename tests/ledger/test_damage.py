"""A ledger that was cut short, overwritten, or is none: it opens to a state that was once committed, or says precisely
what is wrong. It never ends in a traceback, and is never taken for a new one.
"""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.errors import LedgerError
from campaign.ledger.sql import queries, timeline
from campaign.ledger.sql.enrolled_rows import enrolled_rows
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.due_rows import SqliteDueRows, prepare_run
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from campaign.results import write_results
from tests.ledgers import settle, words
from tests.stores import taken

ROOT = Path(__file__).parents[2]
PEOPLE = 60
STORY = """
import os, signal, sys
from pathlib import Path
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests.ledgers import people, settle
ledger = SqliteRunLedger.open(Path(sys.argv[1]), "x")
people(ledger, 60)
for number in range(1, 41):
    settle(ledger, {f"p{number}@people.example": Status.SENT})
    if number == 20:
        ledger.checkpoint()
os.kill(os.getpid(), signal.SIGKILL)
"""


class Files(dict[str, bytes]):
    """What stands in the file itself (""), and beside it ("-wal")."""

    def __repr__(self) -> str:
        return f"Files({ {end: len(data) for end, data in self.items()} })"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files of a run that was killed: 40 of 60 sent, 20 of them in the file and all in the WAL."""
    path = tmp_path_factory.mktemp("story") / "x.ledger"
    subprocess.run([sys.executable, "-c", STORY, str(path)], cwd=ROOT, check=False)
    return Files({end: path.with_name(path.name + end).read_bytes() for end in ("", "-wal")})


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory, story: Files) -> Files:
    """The file of a run that ended well."""
    path = restored(tmp_path_factory.mktemp("folded"), story)
    SqliteRunLedger.open(path, "x").close()
    return Files({"": path.read_bytes()})


def restored(folder: Path, files: dict[str, bytes]) -> Path:
    for end, data in files.items():
        (folder / f"x.ledger{end}").write_bytes(data)
    return folder / "x.ledger"


def opened(path: Path) -> int | LedgerError:
    """How many are sent, by a ledger that opens; everything that a run asks of it is asked."""
    try:
        return _asked(path)
    except LedgerError as error:
        return error


def _asked(path: Path) -> int:
    with reading_ledger(path, "x") as database:
        queries.counts(database)
        queries.reasons(database)
        queries.people(database)
        list(queries.final_words(database))
        timeline.read(database)
    with SqliteRunLedger.open(path, "x") as ledger:
        ledger.recover()
        columns = ledger.reader.columns()
        write_results(path.with_suffix(".csv"), columns, queries.result_rows(ledger.database), str)
        sent = words(ledger).count("sent")
        if columns:
            list(enrolled_rows(ledger.database))
            list(taken(ledger))
    return sent


def test_the_story_itself(tmp_path: Path, story: Files, folded: Files) -> None:
    assert opened(restored(tmp_path, story)) == 40
    assert opened(restored(tmp_path, folded)) == 40


def check_cut(folder: Path, files: Files, end: str, size: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = restored(folder, files | {end: files[end][:size]})
    found = opened(path)
    if isinstance(found, LedgerError):
        return
    if end == "-wal":
        assert 20 <= found <= 40  # what had been moved into the file is never forgotten
    else:
        assert found == 40  # the WAL has all of it, or it is not whole
    if size == 0 and end == "":
        pytest.fail("an empty file beside a full WAL was taken for a new ledger")


@settings(max_examples=60)
@given(data=st.data(), end=st.sampled_from(["", "-wal"]))
def test_cut_short_at_any_byte(
    tmp_path_factory: pytest.TempPathFactory, story: Files, data: st.DataObject, end: str
) -> None:
    size = data.draw(st.integers(0, len(story[end])))
    check_cut(tmp_path_factory.mktemp("cut") / "x", story, end, size)


def test_cut_short_at_every_edge(tmp_path: Path, story: Files) -> None:
    """Around the ends of pages and frames, and in the headers, where one byte more or less says something else."""
    edges = {"": 4096, "-wal": 4096 + 24}
    for end, step in edges.items():
        first = 32 if end else 0
        sizes = {0, 1, 2, 15, 16, 17, 31, 32, 33, 99, 100, 101, 511, 512, 513, 1023, 1024}
        sizes |= {first + step * count + extra for count in range(0, 40, 3) for extra in (-1, 0, 1, 24, 25)}
        for size in sorted(size for size in sizes if 0 <= size <= len(story[end])):
            check_cut(tmp_path / "cut", story, end, size)


@settings(max_examples=40)
@given(size=st.integers(0, 1 << 20))
@example(0)
@example(1)
@example(100)
@example(24551)  # the end of a text in the last page
def test_a_file_without_a_wal_cut_short(tmp_path_factory: pytest.TempPathFactory, folded: Files, size: int) -> None:
    """After a good end the file is all there is. Cut down to nothing it can't be told from a new one: whoever has
    results beside it is refused by the run.
    """
    size %= len(folded[""])
    path = restored(tmp_path_factory.mktemp("cut"), {"": folded[""][:size]})
    found = opened(path)
    assert isinstance(found, LedgerError)
    if size:
        with pytest.raises(LedgerError):
            SqliteRunLedger.open(path, "x")


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1 << 32), end=st.sampled_from(["", "-wal", "folded"]), length=st.sampled_from([1, 4, 64, 5000])
)
def test_overwritten_with_anything_anywhere(
    tmp_path_factory: pytest.TempPathFactory, story: Files, folded: Files, seed: int, end: str, length: int
) -> None:
    """It may well open (a text that was changed is a text), but it never ends in anything but a LedgerError."""
    chance = random.Random(seed)
    files = folded if end == "folded" else story
    end = "" if end == "folded" else end
    data = bytearray(files[end])
    for _ in range(chance.choice([1, 1, 5, 50])):
        start = chance.randrange(len(data))
        data[start : start + length] = chance.randbytes(len(data[start : start + length]))
    found = opened(restored(tmp_path_factory.mktemp("noise"), files | {end: bytes(data)}))
    if isinstance(found, LedgerError):
        assert found.what
        assert found.fix
        assert found.__cause__ is None


def test_what_changes_under_a_runs_hands_is_a_ledger_error(tmp_path: Path, folded: Files) -> None:
    """Damage that comes after the ledger was checked."""
    path = restored(tmp_path, folded)

    def take() -> None:
        with closing(SqliteDueRows(path)) as due_rows:
            due_rows.take(100)

    def look(at: Callable[[SqliteConnection], object]) -> None:
        with closing(connect(path)) as database:
            at(database)

    with SqliteRunLedger.open(path, "x") as ledger:
        prepare_run(ledger.database, limit=None, chosen_only=False)
        ledger.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
        for act in (
            partial(settle, ledger, {"p50@people.example": Status.SENT}),
            take,
            partial(look, lambda database: list(queries.result_rows(database))),
            partial(look, queries.counts),
        ):
            with pytest.raises(LedgerError, match="damaged"):
                act()


@pytest.mark.parametrize(
    ("data", "words_"),
    [
        (b"email,name\na@b.example,Ann\n" * 50, "not a ledger, or its beginning is destroyed"),
        (b"\0" * 5000, "no ledger|not a ledger"),
        (random.Random(1).randbytes(50_000), "not a ledger, or its beginning is destroyed"),
        (b"short", "cut down to 5 bytes"),
        (b"SQLite format 3\0" + b"\xff" * 9000, "damaged|not a ledger"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path: Path, data: bytes, words_: str) -> None:
    path = tmp_path / "x.ledger"
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(LedgerError, match=words_) as caught:
            SqliteRunLedger.open(path, "x")
        assert caught.value.where == str(path)
        with pytest.raises(LedgerError), reading_ledger(path, "x"):
            pass
    assert path.read_bytes() == data


def test_bytes_that_are_no_text_are_damage(tmp_path: Path, folded: Files) -> None:
    path = restored(tmp_path, folded)
    with closing(connect(path)) as database:
        database.execute("UPDATE entry SET cells = CAST(x'5b22ff225d' AS TEXT) WHERE row = 3")
    assert isinstance(opened(path), LedgerError)
    with SqliteRunLedger.open(path, "x") as ledger, pytest.raises(LedgerError, match="bytes that are not text"):
        words(ledger)

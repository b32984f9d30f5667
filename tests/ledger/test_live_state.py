"""What a run's owner says of it in the ledger: live while it is said, and by nobody who is gone."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from campaign.ledger.opening import open_for_reading, open_for_run
from campaign.ledger.sqlite.schema import connect
from campaign.ledger_place import Place
from campaign.run_now import RunNow, as_json
from tests.run_nows import run_now
from tests.stores import NAME, looking


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.ledger"


def say(place: Place, text: str) -> None:
    with looking(place) as database:
        database.execute("DELETE FROM live_state")
        database.execute("INSERT INTO live_state VALUES (1, ?)", (text,))


def seen(path: Place) -> RunNow | None:
    with open_for_reading(path, NAME, quick=True) as ledger:
        return ledger.run_now()


def test_it_is_seen_as_it_was_said_last_and_gone_with_the_run(store: Place) -> None:
    with open_for_run(store, NAME) as ledger:
        assert seen(store) is None
        for deferred in (1, 2):
            now = run_now(at=time.time(), pid=os.getpid(), deferred=deferred)
            ledger.publish(now)
            assert seen(store) == now
            assert ledger.reader.run_now() == now
    assert seen(store) is None


def test_nothing_of_it_stays_in_the_file_of_a_run_that_has_ended(path: Path) -> None:
    with open_for_run(path, NAME) as ledger:
        ledger.publish(run_now(at=time.time(), pid=os.getpid()))
    with closing(connect(path, readonly=True)) as database:
        assert database.execute("SELECT count(*) FROM live_state").fetchone() == (0,)


def test_it_moves_none_of_the_facts_that_are_read_after_a_power_cut(path: Path) -> None:
    with open_for_run(path, NAME) as ledger, closing(connect(path)) as database:
        facts = database.execute("SELECT * FROM facts").fetchall()
        ledger.publish(run_now(at=time.time(), pid=os.getpid()))
        assert database.execute("SELECT * FROM facts").fetchall() == facts


def test_what_is_old_is_not_live(store: Place) -> None:
    with open_for_run(store, NAME) as ledger:
        ledger.publish(run_now(at=time.time() - 60, pid=os.getpid()))
        assert seen(store) is None
        ledger.publish(run_now(at=time.time() + 3600, pid=os.getpid()))
        assert seen(store) is None, "a clock was set back since"


def test_what_a_killed_run_has_left_is_not_live_not_even_beside_another_run(path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with open_for_run(path, NAME) as ledger:
        ledger.publish(run_now(at=time.time(), pid=ended.pid))
        assert seen(path) is None, "another process holds the ledger"
        ledger.keep_note("holder", json.dumps({"pid": ended.pid, "host": socket.gethostname(), "since": 0}))
        assert seen(path) is None, "its process is gone"


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"at": "x"}', '{"rates": [null], "servers": 1}'])
def test_what_can_t_be_read_is_none(store: Place, text: str) -> None:
    with open_for_run(store, NAME):
        say(store, text)
        assert seen(store) is None


def test_fields_of_a_later_version_are_left_out(store: Place) -> None:
    with open_for_run(store, NAME) as ledger:
        now = run_now(at=time.time(), pid=os.getpid())
        ledger.publish(now)
        say(store, json.dumps(json.loads(as_json(now)) | {"mood": "good"}))
        assert seen(store) == now


def test_it_waits_for_nobody_and_raises_nothing(path: Path) -> None:
    with open_for_run(path, NAME) as ledger:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            ledger.publish(run_now(at=time.time(), pid=os.getpid()))
            assert time.monotonic() - begun < 30, "as long as a writer is waited for elsewhere: a minute"
            other.execute("ROLLBACK")
        assert seen(path) is None
        ledger.publish(run_now(at=time.time(), pid=os.getpid()))
        assert seen(path) is not None

"""`campaign status`: a run that goes on is told from one that was cut off."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

from campaign.ledger.sql.tally import recount
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.campaigns import SmallCampaign
from tests.command_line import Command


def test_status_knows_a_run_that_goes_on_from_one_that_was_cut_off(command: Command, small: SmallCampaign) -> None:
    small.load(25)
    command("send", small.path, "--opens", "2099-01-01T00:00", "--no-wait")
    assert json.loads(command("status", small.path, "--json").out)["running"] is None
    with SqliteRunLedger.open(small.ledger, small.name):
        said = command("status", small.path)
        assert f"a run is going on, process {os.getpid()}" in said.out
        assert "campaign send" not in said.out
        assert json.loads(command("status", small.path, "--json").out)["running"] == os.getpid()
        with closing(sqlite3.connect(small.ledger, factory=SqliteConnection)) as database, database:
            database.execute("INSERT INTO delivery (contact, status) VALUES (1, 'sending')")
            recount(database)
        said = command("status", small.path)
        assert f"process {os.getpid()}; 1 being sent" in said.out and "in_doubt" not in said.out
        found = json.loads(command("status", small.path, "--json").out)
        assert (found["being_sent"], found["counts"]["in_doubt"]) == (1, 0)
        assert found["counts"]["pending"] == found["total"] - found["counts"]["invalid"]
        command("results", small.path)
        assert "in_doubt" not in small.statuses().values()
        busy = command("send", small.path)
        assert busy.code == 2
        assert f"process {os.getpid()}" in busy.err
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with SqliteRunLedger.open(small.ledger, small.name) as ledger:
        holder = {"pid": ended.pid, "host": socket.gethostname(), "since": 0}
        ledger.keep_note("holder", json.dumps(holder))
        assert "a run is going on" not in command("status", small.path).out

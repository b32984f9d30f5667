"""Several journals on one ledger: of those that claim a row, exactly one wins it."""

import subprocess
import sys
import threading
from pathlib import Path

from campaign.ledger.sqlite.journal import SqliteJournal
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Status
from tests.ledgers import attempt, commit, deliveries, journal, outcome


def test_what_the_loser_of_a_claim_says_of_it_is_not_written(pen: SqliteJournal, ledger: SqliteRunLedger) -> None:
    other = journal(ledger.path)
    other.claim(attempt(2))
    commit(other)
    for contact in (1, 2, 3):
        pen.claim(attempt(contact))
        pen.settle(outcome(contact, Status.REJECTED))
    assert commit(pen) == ([1, 3], [2])
    assert [word for word, *_ in deliveries(ledger.path).values()] == ["rejected", "sending", "rejected"]
    other.settle(outcome(2))
    commit(other)
    assert deliveries(ledger.path)[2][0] == "sent"
    other.close()


def test_of_many_that_claim_the_same_rows_each_row_has_one_winner(ledger: SqliteRunLedger) -> None:
    won: list[list[int]] = []
    go = threading.Barrier(4)

    def work(step: int) -> None:
        pen = journal(ledger.path)
        mine: list[int] = []
        go.wait()
        for start in range(0, 50, 5):
            for contact in sorted(range(start + 1, start + 6), key=lambda one: one * step % 7):
                pen.claim(attempt(contact))
            durable, lost = commit(pen)
            assert len(durable) + len(lost) == 5
            mine += durable
        pen.close()
        won.append(mine)

    threads = [threading.Thread(target=work, args=(step,)) for step in (1, 2, 3, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(contact for mine in won for contact in mine) == list(range(1, 51))


def test_of_processes_that_claim_the_same_rows_each_row_has_one_winner(ledger: SqliteRunLedger) -> None:
    code = """
import sys
from pathlib import Path
from tests.ledgers import commit, journal, attempt
pen = journal(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
won = []
for start in range(1, 51, 2):
    for contact in (start, start + 1):
        pen.claim(attempt(contact))
    won += commit(pen)[0]
pen.close()
print(*won)
"""
    command = [sys.executable, "-c", code, str(ledger.path)]
    root = Path(__file__).parents[2]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [process.communicate()[0].split() for process in processes]
    assert sorted(int(contact) for mine in won for contact in mine) == list(range(1, 51))

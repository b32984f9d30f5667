"""What the ledger gives, in words."""

import pytest

from campaign.ledger.values import RunningProcess


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (RunningProcess(pid=41), "process 41"),
        (RunningProcess(pid=41, host="mail-3"), "process 41 on mail-3"),
        (RunningProcess(pid=41, workers=1), "process 41, with 1 worker"),
        (RunningProcess(pid=41, host="mail-3", workers=1200), "process 41 on mail-3, with 1,200 workers"),
        (
            RunningProcess(pid=41, host="mail-3", workers=2, gone=True),
            "2 workers without its owner, process 41 on mail-3, which is gone; `campaign send` takes it over",
        ),
    ],
)
def test_a_run_that_goes_on_is_named_by_its_process_its_host_and_its_workers(
    process: RunningProcess, words: str
) -> None:
    assert str(process) == words

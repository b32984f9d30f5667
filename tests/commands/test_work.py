"""`campaign work`: whose run it joins, what it says, and its exit codes."""

import pytest

from campaign.commands import work as module
from campaign.ledger_place import DatabasePlace
from campaign.run.work import WorkEnd, WorkOrder
from campaign.terminal.work_lines import WorkLines, last_words
from campaign.worker.worker_report import Notice, StopReason, WorkerReport
from tests.campaigns import SmallCampaign
from tests.command_line import Command, assert_three_parts

URL = "postgresql://campaign@db.acme.example/campaign"
PLACE = DatabasePlace(url=URL, campaign="small")


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[DatabasePlace, WorkOrder]]:
    """What was worked for: nothing is."""
    found: list[tuple[DatabasePlace, WorkOrder]] = []

    def work(place: DatabasePlace, order: WorkOrder, observer: object) -> WorkEnd:
        found.append((place, order))
        return WorkEnd(joined=True, settled={"sent": 1234, "failed": 1}, trouble=None, stopped=False, seconds=61)

    monkeypatch.setattr(module, "work", work)
    return found


Worked = list[tuple[DatabasePlace, WorkOrder]]


def test_options_say_whose_run_it_is(command: Command, worked: Worked) -> None:
    said = command("work", "--ledger", URL, "--campaign", "small", "--name", "web-1", "--wait", "1m")
    assert said.code == 0 and "this worker's share: 1,234 sent, 1 failed, in 1 min 1 s" in said.err
    ((place, order),) = worked
    assert (place, order.name, order.wait) == (PLACE, "web-1", 60.0)


def test_so_does_the_environment(command: Command, worked: Worked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_LEDGER__URL", URL)
    monkeypatch.setenv("CAMPAIGN_NAME", "small")
    monkeypatch.setenv("CAMPAIGN_LEDGER__PASSWORD", "hunter2")
    assert command("work").code == 0
    assert worked[0][0] == DatabasePlace(url=URL, campaign="small", password="hunter2")


@pytest.mark.parametrize("named", [True, False])
def test_so_does_a_campaign_toml(
    command: Command, worked: Worked, small: SmallCampaign, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.settings = {"ledger": {"url": URL}}
    small.load(25)
    if not named:
        monkeypatch.chdir(small.folder)
    assert command("work", *([small.path] if named else [])).code == 0
    assert worked[0][0] == PLACE


def test_a_ledger_that_is_a_file_is_nobody_elses(command: Command, small: SmallCampaign) -> None:
    small.load(25)
    said = command("work", small.path)
    assert said.code == 2 and "set ledger.url" in said.err
    assert_three_parts(said)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "it is not said whose run"),
        (["campaign.toml", "--ledger", URL], "the run is named twice"),
        (["--ledger", URL], "the campaign's name is missing"),
        (["--ledger", URL, "--campaign", "small", "--wait", "soon"], "is not a length of time"),
        (["--ledger", URL, "--campaign", "small", "--name", "a\nb"], "a short word on one line"),
        (["--ledger", URL, "--campaign", "small", "--files", "nowhere"], "there is no such folder"),
        (["--ledger", "postgresql://u@127.0.0.1:1/d", "--campaign", "small"], "can't be reached"),
    ],
)
def test_what_is_wrong_is_told_in_three_parts(command: Command, words: list[str], told: str) -> None:
    said = command("work", *words)
    assert said.code == 2 and told in said.err
    assert_three_parts(said)


def test_lines_are_few_and_notices_are_told() -> None:
    said: list[str] = []
    now = [0.0]
    lines = WorkLines(PLACE, said.append, clock=lambda: now[0])
    lines.waiting(PLACE, 599.99)
    lines.waiting(PLACE, 599)
    for seconds in range(100):
        now[0] = float(seconds)
        lines.heard(WorkerReport(settled={"sent": seconds}, connections=1))
    lines.heard(WorkerReport(settled={}, notices=(Notice("a word"), Notice("limited to", ends_with="rate")), last=True))
    assert said == [
        "no run of small goes on yet; waiting for one to begin, up to 10 min",
        "nobody mailed; 1 connection", "30 sent; 1 connection", "60 sent; 1 connection", "90 sent; 1 connection",
        "a word",
    ]  # fmt: skip


def test_how_it_ended_is_told_with_what_to_do() -> None:
    trouble = StopReason(what="the server refuses us", where="smtp.host", fix="ask it why")
    words = [*last_words(_end(trouble=trouble), PLACE)]
    assert words == [
        "error: the server refuses us", "  where: smtp.host", "  to do: ask it why",
        "this worker's share: nobody mailed, in 1 s",
    ]  # fmt: skip
    no_run = [*last_words(_end(joined=False), PLACE)]
    assert "no run began" in no_run[0] and "whose `name` in campaign.toml is small" in no_run[1]
    assert "asked to end" in next(last_words(_end(joined=False, stopped=True), PLACE))


def _end(*, trouble: StopReason | None = None, joined: bool = True, stopped: bool = False) -> WorkEnd:
    return WorkEnd(joined=joined, settled={}, trouble=trouble, stopped=stopped, seconds=0.5)

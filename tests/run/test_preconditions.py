"""What is decided before a run opens its ledger."""

import csv
import os
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import ResultsError, TemplateError
from campaign.run.plan import Resend
from campaign.run.preconditions import guard_what_an_earlier_run_left, processes_for
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer


@pytest.mark.parametrize(
    ("contacts", "smtp", "options", "expected"),
    [
        (1_999, {}, {}, 1),
        (2_000, {}, {}, "all"),
        (10_000_000, {}, {"limit": 500}, 1),
        (10_000_000, {"rate": 200}, {}, 1),
        (10_000_000, {"rate": 201}, {}, "all"),
        (10_000_000, {"connections": 1}, {}, 1),
        (10, {}, {"processes": 3}, 3),
        (10_000_000, {"connections": 2}, {"processes": 3}, 2),
    ],
)
def test_how_many_processes_are_worth_starting(
    tmp_path: Path, contacts: int, smtp: dict[str, object], options: dict[str, Any], expected: int | str
) -> None:
    campaign = SmallCampaign(tmp_path / "campaign", settings={"smtp": {"connections": 50} | smtp})
    plan = campaign.plan(25, **{"processes": None} | options)
    assert processes_for(plan, contacts) == (min(os.cpu_count() or 1, 50) if expected == "all" else expected)


def test_a_folder_where_the_results_should_be_is_seen_before_anybody_is_mailed(tmp_path: Path) -> None:
    plan = SmallCampaign(tmp_path / "campaign").plan(25)
    guard_what_an_earlier_run_left(plan)
    plan.results.mkdir()
    with pytest.raises(ResultsError) as caught:
        guard_what_an_earlier_run_left(plan)
    assert caught.value.where == str(plan.results)


def test_columns_that_corrected_results_brought_stay_known(tmp_path: Path, smtp_server: StartServer) -> None:
    """A template may name them in the re-send that brings them and in every later run; others, still, in none."""
    campaign = SmallCampaign(tmp_path / "campaign").contacts([("a@x.example", "A"), ("b.example", "B")])
    server = smtp_server()
    campaign.send(server.port)
    (campaign.folder / "template" / "subject.txt").write_text("{{ contact.name }} of {{ contact.city }}")
    with pytest.raises(TemplateError, match="there is no column 'city'"):
        campaign.resend(server.port)
    rows = [row | {"city": "Galway"} for row in campaign.results()]
    rows[1]["email"] = "b@x.example"
    corrected = campaign.folder / "corrected.csv"
    with corrected.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert campaign.resend(server.port, resend=Resend(source=corrected)).sent_now == 1
    assert campaign.resend(server.port).sent_now == 0
    (campaign.folder / "template" / "subject.txt").write_text("{{ contact.status }} {{ contact.city }}")
    with pytest.raises(TemplateError, match="there is no column 'status'"):
        campaign.resend(server.port)


@pytest.mark.parametrize(
    ("window", "grace", "warned"),
    [("7d", "1h", True), ("6d", "23h", False), (None, "8d", True), (None, "7d", False)],
)
@pytest.mark.parametrize("sandbox", [False, True])
def test_a_run_says_before_it_asks_that_its_links_live_longer_than_a_week(
    tmp_path: Path, smtp_server: StartServer, window: str | None, grace: str, warned: bool, sandbox: bool
) -> None:
    """In the sandbox, no link signs anybody in."""
    settings: dict[str, dict[str, object]] = {"link": {"grace": grace}, "window": {"lasts": window} if window else {}}
    campaign = SmallCampaign(tmp_path / "campaign", settings=settings).people(1)
    asked: list[int] = []
    campaign.observer.confirm = lambda *_: not asked.append(len(campaign.observer.notices))  # type: ignore[method-assign,func-returns-value]
    campaign.send(smtp_server().port, sandbox=sandbox)
    told = [words.startswith("links live ") for words in campaign.observer.notices[: asked[0]]]
    assert told == [True] * (warned and not sandbox)

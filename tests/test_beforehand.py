"""What is decided before a run opens its ledger."""

import os
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import ResultsError
from campaign.pipeline.beforehand import guard_what_an_earlier_run_left, processes_for
from tests.campaigns import SmallCampaign


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

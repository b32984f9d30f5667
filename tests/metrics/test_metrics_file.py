"""The metrics of a run: what Prometheus reads of them, whole at any moment, and in no other file's place."""

import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from campaign.errors import UsageError
from campaign.metrics import MetricsFile
from tests.run_nows import AT, THROTTLED, run_now

Sample = tuple[str, frozenset[tuple[str, str]]]


def read(path: Path) -> dict[Sample, float]:
    """Every sample, as Prometheus' own parser reads it; the campaign's label is checked, and left out."""
    found = {}
    for family in text_string_to_metric_families(path.read_text("utf-8")):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("campaign") == 'the "autumn"\n'
            found[sample.name, frozenset(labels.items())] = sample.value
    return found


def value(found: Mapping[Sample, float], name: str, **labels: str) -> float | None:
    return found.get((f"campaign_{name}", frozenset(labels.items())))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaign.prom"


@pytest.fixture
def metrics(path: Path) -> MetricsFile:
    return MetricsFile('the "autumn"\n', path)


def test_a_run_is_there_with_all_its_numbers(metrics: MetricsFile, path: Path) -> None:
    metrics.now(run_now())
    found = read(path)
    assert value(found, "run_contacts") == 3000
    assert value(found, "run_settled_total", status="sent") == 1200
    assert value(found, "run_settled_total", status="failed") == 0, "so that its first increase is seen"
    assert value(found, "run_deferred") == 12
    assert value(found, "run_next_try_timestamp_seconds") == AT + 40
    assert value(found, "run_rate") == 20
    assert value(found, "run_throttled", server="mx.example") == 1
    assert value(found, "run_throttled_rate", server="mx.example") == 12.5
    assert value(found, "run_server_out", server="mx.example") == 0
    assert value(found, "run_connections", server="mx.example") == 3
    assert value(found, "run_window_closes_timestamp_seconds") == AT + 3600
    assert value(found, "run_started_timestamp_seconds") == AT - 60
    assert value(found, "run_exit_code") is None, "it goes on"


def test_what_does_not_apply_is_not_there(metrics: MetricsFile, path: Path) -> None:
    free = replace(THROTTLED, slowed_to=None)
    metrics.now(run_now(servers=(free,), next_try_at=None, window_closes_at=None, started_at=None, phase="waiting"))
    found = read(path)
    assert value(found, "run_throttled", server="mx.example") == 0
    assert value(found, "run_waiting") == 1
    assert value(found, "run_throttled_rate", server="mx.example") is None
    for name in ("next_try_timestamp_seconds", "window_closes_timestamp_seconds"):
        assert value(found, f"run_{name}") is None


def test_the_end_is_there_with_exit_code_and_all_rows(metrics: MetricsFile, path: Path) -> None:
    metrics.now(run_now())
    metrics.ended(at=AT + 5, exit_code=3, counts={"sent": 7, "pending": 2})
    found = read(path)
    assert value(found, "run_exit_code") == 3
    assert value(found, "run_finished_timestamp_seconds") == AT + 5
    assert value(found, "rows", status="pending") == 2
    assert value(found, "rows", status="duplicate") == 0
    assert value(found, "run_contacts") == 3000


def test_a_run_that_ends_before_it_began_has_an_exit_code(metrics: MetricsFile, path: Path) -> None:
    metrics.ended(at=AT, exit_code=2, counts={})
    assert value(read(path), "run_exit_code") == 2
    assert value(read(path), "rows", status="sent") is None


def test_it_is_written_every_few_seconds_and_not_each_time(metrics: MetricsFile, path: Path) -> None:
    metrics.now(run_now())
    metrics.now(run_now(at=AT + 1, deferred=99))
    assert value(read(path), "run_deferred") == 12
    metrics.now(run_now(at=AT + 5, deferred=99))
    assert value(read(path), "run_deferred") == 99


def test_others_may_read_it_and_nothing_else_is_left_beside_it(metrics: MetricsFile, path: Path) -> None:
    metrics.now(run_now())
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_an_earlier_one_is_replaced_and_whoever_reads_it_keeps_it_whole(metrics: MetricsFile, path: Path) -> None:
    with path.open("rb") as earlier:
        before = path.read_bytes()
        MetricsFile('the "autumn"\n', path).now(run_now())
        assert earlier.read() == before
    assert path.read_bytes() != before


@pytest.mark.parametrize("content", [b"[smtp]\nhost = 'x'\n", b"# HELP node_load1 1m load average.\n"])
def test_a_file_of_somebody_else_stays_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageError, match="holds no metrics of a campaign"):
        MetricsFile("autumn", path)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_told_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file") as raised:
        MetricsFile("autumn", tmp_path / "nowhere" / "campaign.prom")
    assert "nowhere" in raised.value.where
    with pytest.raises(UsageError):
        MetricsFile("autumn", tmp_path)


def test_a_file_that_can_t_be_written_any_more_is_told_once_and_stops_nothing(metrics: MetricsFile, path: Path) -> None:
    told: list[str] = []
    metrics.failed = told.append
    path.unlink()
    path.parent.rename(path.parent.with_name("elsewhere"))
    for second in range(0, 60, 10):
        metrics.now(run_now(at=AT + second))
    metrics.ended(at=AT, exit_code=0, counts={})
    assert len(told) == 1
    assert str(path) in told[0]


def test_without_the_library_the_command_for_it_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "prometheus_client", None)
    with pytest.raises(UsageError) as raised:
        MetricsFile("autumn", path)
    assert raised.value.fix.endswith("pip install 'campaign[metrics]'")
    assert not path.exists()

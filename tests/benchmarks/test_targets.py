"""What the benchmark says of its runs is what they say: pairs within a repetition, medians, and nothing for nothing."""

from dataclasses import replace

from tests.benchmarks.runs import Run
from tests.benchmarks.table import loopback_table, tls_table
from tests.benchmarks.targets import in_flight_targets, target_table, tls_targets


def _run(repetition: int, wall: float, *, encrypted: bool = False, fault: str | None = None) -> Run:
    return Run(
        sender="campaign",
        repetition=repetition,
        messages=1_000,
        connections=10,
        round_trip=0.0,
        receiver="own sink",
        encrypted=encrypted,
        wall=wall,
        sending=None,
        cpu=0.1,
        peaks=(50_000_000,),
        receiver_cpu=0.01,
        relay_cpu=0.0,
        foreign=0.0,
        fault=fault,
    )


_RUNS = [
    *(_run(1, 1.0), _run(1, 1.0 / 0.9, encrypted=True)),
    *(_run(2, 4.0), _run(2, 4.0 / 0.8, encrypted=True)),
    *(_run(3, 0.5), _run(3, 0.1, encrypted=True, fault="the sink counted 999 messages")),
]


def test_tls_is_set_against_the_clear_of_the_same_repetition_where_both_count() -> None:
    """A machine that was slower for a while is slower for both."""
    (target,) = tls_targets(_RUNS, "campaign")
    assert [round(value, 6) for value in target.values] == [0.9, 0.8]
    assert target.met  # 0.85
    assert "| 0.85 (0.80–0.90) | yes |" in target_table([target])
    row = tls_table(_RUNS, "campaign").splitlines()[-1]
    assert row.startswith("| campaign | 10 | 1,000 | 1,000 (250–2,000) | 550 (200–900) | 0.85 (0.80–0.90) |")


def test_what_was_not_measured_is_not_met() -> None:
    """No run that counts: no figure, and no word of praise."""
    (target,) = in_flight_targets(_RUNS, "our own sink", {8: 1500.0})
    assert not target.met
    assert target_table([target]).endswith("| ≥ 1,500 | — | **no** |")


def test_ours_is_set_against_others_and_not_against_itself() -> None:
    """However many messages it has in flight."""
    runs = [
        _run(1, 1.0),
        replace(_run(1, 0.5), sender="campaign, 8 in flight"),
        replace(_run(1, 4.0), sender="another"),
    ]
    found = {row.split(" | ")[0][2:]: row.split(" | ")[4] for row in loopback_table(runs, "campaign").splitlines()[2:]}
    assert found == {"campaign, 8 in flight": "", "campaign": "", "another": "4.00"}

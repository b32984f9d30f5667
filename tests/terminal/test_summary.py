"""What is said when a run is over: every line true, and every command one that does what is said of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.model import Status
from campaign.run.summary import RunSummary
from campaign.settings import WindowSettings
from campaign.terminal.invocation import Invocation
from campaign.terminal.next_commands import is_stale, next_commands
from campaign.terminal.summary import show_summary
from campaign.window import SendWindow
from campaign.worker.worker_report import StopReason

NOW = datetime.now(UTC)
INVOCATION = Invocation(program="campaign", campaign=Path("c.toml"))
RESULTS = Path("/data/c-results.csv")


def counts(**known: int) -> dict[Status, int]:
    return {status: known.get(status.value, 0) for status in Status}


def window(opens: timedelta, closes: timedelta | None) -> SendWindow:
    return SendWindow.resolve(
        opens=NOW + opens, closes=None if closes is None else NOW + closes, lasts=None, timezone="UTC", now=NOW
    )


OPEN = window(-timedelta(hours=1), timedelta(hours=1))
OVER = window(-timedelta(hours=2), -timedelta(hours=1))
AHEAD = window(timedelta(hours=1), timedelta(hours=2))


def lines(found: Mapping[Status, int], *, over: bool = False, stale: bool = False) -> list[str]:
    return [line for _, line in next_commands(found, INVOCATION, RESULTS, opened=True, over=over, stale=stale)]


@pytest.mark.parametrize(
    ("found", "over", "stale", "expected"),
    [
        (counts(sent=3, suppressed=1, duplicate=1), False, False, []),
        (counts(pending=1, sent=3), False, False, ["campaign send c.toml"]),
        (counts(pending=1, failed=1), False, False, ["campaign send c.toml", "campaign resend c.toml"]),
        (counts(pending=1, invalid=1), False, False, ["campaign send c.toml"]),
        (counts(pending=1), True, False, ["campaign resend c.toml"]),
        (counts(pending=1, failed=1, invalid=1), True, True, ["campaign resend c.toml --lasts 8h"]),
        (counts(failed=1), False, False, ["campaign resend c.toml"]),
        (counts(invalid=1), False, True, ["campaign resend c.toml --lasts 8h"]),
        (counts(rejected=1), False, False, ["campaign resend c.toml --from /data/c-results-corrected.csv"]),
        (
            counts(in_doubt=1),
            False,
            False,
            [
                "campaign settle c.toml MAIL.LOG",
                "campaign resend c.toml --from /data/c-results-doubtful.csv --include in_doubt",
            ],
        ),
    ],
)
def test_what_can_be_done_next(found: dict[Status, int], over: bool, stale: bool, expected: list[str]) -> None:
    assert lines(found, over=over, stale=stale) == expected


@pytest.mark.parametrize(
    ("opened", "stale", "expected"),
    [
        (False, False, "campaign resend c.toml --opens 2099-01-01T00:00 --lasts 1h"),  # not before it opens
        (True, False, "campaign resend c.toml --lasts 1h"),
        (True, True, "campaign resend c.toml --lasts 8h"),
    ],
)
def test_a_resend_has_a_window_of_its_own(opened: bool, stale: bool, expected: str) -> None:
    given = Invocation(
        program="campaign", campaign=Path("c.toml"), settings={"--opens": "2099-01-01T00:00", "--lasts": "1h"}
    )
    found = next_commands(counts(failed=1), given, RESULTS, opened=opened, over=stale, stale=stale)
    assert [line for _, line in found] == [expected]


def test_nothing_that_was_sent_is_ever_offered_again() -> None:
    settled = (Status.SENT, Status.SUPPRESSED, Status.DUPLICATE)
    for status in Status:
        offered = [line for line in lines(counts(**{status.value: 1})) if " settle " not in line]
        assert bool(offered) is (status not in settled), status


@pytest.mark.parametrize(
    ("given", "stale"),
    [
        (WindowSettings(), False),
        (WindowSettings(lasts="8h"), False),  # type: ignore[arg-type]  # as the file says it
        (WindowSettings(closes=NOW + timedelta(hours=1)), False),
        (WindowSettings(closes=NOW - timedelta(hours=1)), True),
        (WindowSettings(opens=NOW - timedelta(hours=2), closes=NOW - timedelta(hours=1)), True),
    ],
)
def test_a_closing_time_that_has_passed_is_stale(given: WindowSettings, stale: bool) -> None:
    assert is_stale(given, NOW) is stale


def said(**known: object) -> str:
    heard: list[str] = []
    values: dict[str, object] = {
        "counts": counts(sent=2),
        "sent_now": 2,
        "seconds": 2.0,
        "results": RESULTS,
        "window": OPEN,
    }
    summary = RunSummary(**(values | known))  # type: ignore[arg-type]  # the test's own table
    show_summary(summary, INVOCATION, WindowSettings(), heard.append)
    return "\n".join(heard)


def test_a_good_run_is_told_in_three_lines_and_what_comes_next_bounces_too() -> None:
    assert said() == (
        "sent 2 in 2.0 s, 1 a second\n  sent               2  accepted by the SMTP server\n"
        "results: /data/c-results.csv\n"
        "tomorrow, to find out what came back, by the mail server's log, your provider's events, or bounces:\n"
        "    campaign settle c.toml MAIL.LOG\n"
        "to show what became of everybody:\n    campaign report c.toml"
    )


def test_settling_is_spoken_of_once() -> None:
    assert said(counts=counts(sent=1, in_doubt=1)).count("MAIL.LOG") == 1


@pytest.mark.parametrize(
    ("seconds", "rate"), [(1.0, "2 a second"), (24.0, "5 a minute"), (3600.0, "2 an hour"), (1e-9, "2,000,000,000 a")]
)
def test_a_slow_run_is_not_said_to_have_stood_still(seconds: float, rate: str) -> None:
    assert f", {rate}" in said(seconds=seconds)


def test_why_rows_are_pending() -> None:
    assert "the window is over: it closed" in said(counts=counts(pending=1, sent=2), window=OVER)
    assert "the window is not open yet: it opens" in said(counts=counts(pending=3), sent_now=0, window=AHEAD)
    assert "stopped before the end" in said(counts=counts(pending=1, sent=2), stopped=True)
    assert "there is more to send" in said(counts=counts(pending=1, sent=2))


def test_trouble_is_told_first_in_three_parts_and_alone() -> None:
    trouble = StopReason(what="sign-in refused", where="smtp.host x", fix="check the password")
    words = said(counts=counts(pending=3), sent_now=0, trouble=trouble)
    assert words.startswith("error: sign-in refused\n  where: smtp.host x\n  to do: check the password\n")
    assert "there is more to send" not in words


def test_what_may_have_left_is_counted_and_never_called_nothing() -> None:
    words = said(
        counts=counts(pending=555, in_doubt=42), sent_now=0, in_doubt_now=42, trouble=StopReason(what="it broke")
    )
    assert "nothing was sent" not in words
    assert "\nsent 0; 42 may have been delivered (in doubt)\n" in words
    assert "sent 2 in 2.0 s, 1 a second; 3 may have been delivered (in doubt)" in said(in_doubt_now=3)
    assert "nothing was sent" in said(counts=counts(pending=1, in_doubt=3), sent_now=0), "those of earlier runs"


def test_no_command_that_is_offered_mails_all_that_may_have_arrived() -> None:
    """What is in doubt goes again only from a copy that the operator makes, with the rows that did not arrive."""
    for over in (False, True):
        found = [line for line in lines(counts(pending=5, failed=1, in_doubt=42), over=over) if "in_doubt" in line]
        assert found and all("--from /data/c-results-doubtful.csv" in line for line in found)


def test_nothing_to_send_is_said_in_so_many_words() -> None:
    assert "nothing was sent: nobody was left to send to" in said(sent_now=0)
    finished = "nothing was sent: the run's workers had finished it already"
    assert finished in said(sent_now=0, taken_over=True)
    assert finished in said(counts=counts(pending=5), sent_now=0, taken_over=True, limited=True)
    assert finished not in said(counts=counts(pending=5), sent_now=0, taken_over=True, stopped=True)
    assert "nothing was sent: the contacts file has no rows" in said(counts=counts(), sent_now=0)


def test_who_was_tried_in_vain_was_left_to_send_to() -> None:
    for found in (counts(rejected=1), counts(sent=2, rejected=1), counts(failed=1), counts(pending=3, rejected=1)):
        words = said(counts=found, sent_now=0, tried_now=1)
        assert "nothing was sent: of 1 tried, 0 were accepted\n" in words and "nobody" not in words
    assert "nothing was sent: no row can be mailed as it stands\n" in said(counts=counts(invalid=2), sent_now=0)
    assert "nobody was left to send to" in said(counts=counts(invalid=1, sent=1), sent_now=0)


def test_what_is_in_doubt_is_settled_by_proof_before_anybody_risks_a_second_copy() -> None:
    settles, resends = lines(counts(in_doubt=1))
    assert settles.startswith("campaign settle c.toml ") and resends.startswith("campaign resend c.toml ")


def test_bounced_rows_are_offered_to_be_corrected_or_suppressed_and_never_to_be_sent_to_as_they_are() -> None:
    assert lines(counts(bounced=1)) == [
        "campaign resend c.toml --from /data/c-results-corrected.csv",
        "campaign settle c.toml --suppress stop.csv",
    ]
    found = next_commands(counts(bounced=1, rejected=2), INVOCATION, RESULTS, opened=True, over=False, stale=False)
    assert found[0][0].startswith("to send to rejected and bounced addresses: copy")


def test_after_a_settling_nothing_is_offered_that_was_just_done() -> None:
    found = counts(in_doubt=1, bounced=1)
    after = next_commands(
        found, INVOCATION, RESULTS, opened=True, over=False, stale=False, settled=True, suppressed=True
    )
    assert [what.partition(":")[0] for what, _ in after][1] == "still in doubt"
    assert not any("--suppress" in line for _, line in after)


def test_who_complained_is_offered_to_be_suppressed_where_nobody_bounced() -> None:
    ((words, line),) = next_commands(
        counts(sent=1), INVOCATION, RESULTS, opened=True, over=False, stale=False, feedback=True
    )
    assert (
        "write to whoever complained or wants no more, add" in words
        and line == "campaign settle c.toml --suppress stop.csv"
    )


def test_the_sandbox_has_no_log_to_settle_by() -> None:
    given = Invocation(program="campaign", campaign=Path("c.toml"), sandbox=True)
    found = next_commands(counts(in_doubt=1, bounced=1), given, RESULTS, opened=True, over=False, stale=False)
    assert [line.split()[1] for _, line in found] == ["resend", "resend"]


@pytest.mark.parametrize(
    ("found", "over", "words"),
    [
        (counts(failed=1), False, "to resend: failed rows"),
        (counts(invalid=1), False, "to resend: invalid rows that you have corrected"),
        (counts(failed=2, invalid=1), False, "to resend: failed rows, and invalid rows that you have corrected"),
        (
            counts(pending=1, failed=1, invalid=1),
            True,
            "to resend: pending rows, failed rows, and invalid rows that you have corrected",
        ),
        (counts(pending=1, failed=1), True, "to resend: pending rows, and failed rows"),
        (counts(pending=1), False, "to go on"),
        (counts(pending=1, invalid=1), False, "to go on (invalid rows that you have corrected go, too)"),
    ],
)
def test_what_a_command_is_for_is_said_in_plain_words(found: dict[Status, int], over: bool, words: str) -> None:
    commands = next_commands(found, INVOCATION, RESULTS, opened=True, over=over, stale=False)
    assert [what for what, _ in commands] == [words]

"""What is asked of SpamAssassin, and what is made of its answer. (What the real one says: tests/real_servers.)"""

import json
import os
import select
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from campaign.deliverability import Severity
from campaign.deliverability.spamassassin import (
    SpamError,
    SpamRule,
    SpamScore,
    as_received,
    spam_finding,
    spam_score,
    spamassassin,
)
from campaign.errors import SettingsError
from campaign.model import Envelope, Message
from tests.deliverability.stand_in import stand_in

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
MESSAGE = Message(
    envelope=Envelope(return_path="bounces@acme.example", recipient="ann@people.example"),
    message_id="<1@acme.example>",
    data=b"From: Acme <hello@acme.example>\r\nSubject: x\r\n\r\n 9.9 NOT_A_RULE  of the body\r\n",
)


def score(points: float, *rules: SpamRule, required: float = 5.0) -> SpamScore:
    return SpamScore(points=points, required=required, rules=rules, version="4.0.1")


def rule(name: str, points: float) -> SpamRule:
    return SpamRule(name=name, points=points, description="words")


def test_points_and_rules_are_read_the_dearest_first(tmp_path: Path) -> None:
    program = stand_in(
        tmp_path,
        " 0.2 NORMAL_HTTP_TO_IP      URI: URI host has a public dotted-decimal IPv4\n"
        "                            address\n"
        "-0.0 NO_RELAYS              Informational: message was not relayed via SMTP\n"
        "1000 GTUBE                  BODY: Generic Test for Unsolicited Bulk Email\n"
        " 0.0 HTML_MESSAGE           BODY: HTML included in message\n",
        points="1000.2",
    )
    found = spam_score(program, MESSAGE, NOW)
    assert (found.points, found.required, found.version) == (1000.2, 5.0, "4.0.1")
    assert [str(one) for one in found.telling] == [
        "1000.0 GTUBE  BODY: Generic Test for Unsolicited Bulk Email",
        " 0.2 NORMAL_HTTP_TO_IP  URI: URI host has a public dotted-decimal IPv4 address",
    ]
    assert {one.name for one in found.rules} == {"GTUBE", "NORMAL_HTTP_TO_IP", "NO_RELAYS", "HTML_MESSAGE"}


def test_a_message_without_rules_has_none(tmp_path: Path) -> None:
    assert spam_score(stand_in(tmp_path, "", points="-1.0"), MESSAGE, NOW) == score(-1.0)


def test_it_is_asked_locally_without_preferences_and_without_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", "0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("CAMPAIGN_SMTP__PASSWORD", "right")
    spam_score(stand_in(tmp_path), MESSAGE, NOW)
    asked: dict[str, Any] = json.loads((tmp_path / "asked.json").read_text())
    assert {"--local", "--nocreate-prefs", "--prefspath=/dev/null", "--cf=use_bayes 0"} <= set(asked["arguments"])
    assert asked["arguments"][-1] == "/dev/stdin", "otherwise it writes the message to a file"
    assert not [name for name in asked["environment"] if name.startswith("CAMPAIGN")]
    assert asked["message"].encode() == as_received(MESSAGE, NOW)


def test_a_message_is_shown_as_a_receiving_server_has_it() -> None:
    arrived = as_received(MESSAGE, NOW)
    assert arrived.endswith(MESSAGE.data)
    assert b"\n" not in arrived.replace(b"\r\n", b"")
    parsed = message_from_bytes(arrived, policy=policy.default)
    assert list(parsed)[:2] == ["Return-Path", "Received"]
    assert parsed["Return-Path"] == "<bounces@acme.example>"
    assert "for <ann@people.example>; Thu, 26 Nov 2026 09:30:00 +0000" in parsed["Received"]


def test_one_that_does_not_end_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """Its child holds the pipe open: nothing may wait for that."""
    program = tmp_path / "spamassassin"
    program.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > {tmp_path}/child\nsleep 600\n")
    program.chmod(0o700)
    with pytest.raises(SpamError, match=r"within 0\.5 s") as caught:
        spam_score(program, MESSAGE, NOW, timeout=0.5)
    assert caught.value.where == str(program) and caught.value.fix
    child = int((tmp_path / "child").read_text())
    try:
        ending = os.pidfd_open(child)
    except ProcessLookupError:
        return
    # It has been killed; on a busy machine, its end may come a moment later.
    with os.fdopen(ending) as file:
        assert select.select([file], [], [], 60)[0], "it goes on"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 3", "exit code 3"),
        ("kill -9 $$", "signal 9"),
        ("cat > /dev/null", "without a score"),
        ("cat; echo campaign-0000 0.1 5.0 4.0", "without a score"),
    ],
)
def test_one_that_gives_no_score_is_told(tmp_path: Path, script: str, words: str) -> None:
    program = tmp_path / "spamassassin"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    with pytest.raises(SpamError, match=words) as caught:
        spam_score(program, MESSAGE, NOW)
    assert "people.example" not in str(caught.value)


def test_one_that_can_not_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpamError, match="can't be run: No such file"):
        spam_score(tmp_path / "nothing", MESSAGE, NOW)


def test_where_it_is_not_installed_what_to_install_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        spamassassin()
    assert "apt install spamassassin" in caught.value.fix


@pytest.mark.parametrize(
    ("points", "required", "severity"),
    [
        (-2.0, 5.0, Severity.OK),
        (0.9, 5.0, Severity.OK),
        (1.0, 5.0, Severity.NOTE),
        (4.9, 5.0, Severity.NOTE),
        (5.0, 5.0, Severity.WRONG),
        (3.0, 3.0, Severity.WRONG),
    ],
)
def test_how_bad_it_is_follows_the_points(points: float, required: float, severity: Severity) -> None:
    found = spam_finding({1: score(points, required=required)})
    assert (found.severity, found.rule) == (severity, "spam")
    assert f"{points:.1f} points" in found.what


def test_the_worst_message_is_told_with_what_costs_most() -> None:
    dear = score(3.1, rule("A", 2.0), rule("B", 1.0), rule("C", 0.3), rule("D", 0.2), rule("E", 0.1), rule("F", -0.5))
    found = spam_finding({1: score(0.0), 9: dear, 4: score(1.2)})
    assert found.what.endswith("most of them for A (2.0), B (1.0), C (0.3), D (0.2)")
    assert found.where == "row 9, message.template" and found.fix


def test_good_ones_are_named_by_their_rows() -> None:
    assert "(rows 1, 9; local tests)" in spam_finding({1: score(0.0), 9: score(0.1)}).what
    assert "0.1 points at most" in spam_finding({1: score(0.0), 9: score(0.1)}).what
    assert "(row 1; local tests)" in spam_finding({1: score(0.0)}).what

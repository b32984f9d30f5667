"""What SpamAssassin has against a message, as it would arrive: its points, and the rules that they come from.

In: a composed message, and a moment. Out: a `SpamScore`, and the `Finding` that it amounts to. The message goes through
a pipe, none of ours is written to a file. Raises `SettingsError` where SpamAssassin is not installed, and
`SpamError` where it gives no score in time.

Decided: the program `spamassassin`, and not `spamc`, since a `spamd` that happens to run has whatever preferences and
network tests its owner gave it. Local tests only (`--local`: no DNS, no network), nobody's preferences, and no Bayes
database, which knows the mail of one mailbox. The site's own rules (/etc/spamassassin) count.

Limits: blocklists, SPF, DKIM and DMARC results, and what recipients have reported before, decide more of the points in
real life, and none of them is seen here. Each message costs the start of a Perl program, a second or two. It makes the
folder ~/.spamassassin, as it always does.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

from campaign.deliverability.finding import Finding, Severity
from campaign.errors import CampaignError, SettingsError
from campaign.model import Message

GOOD = 1.0
"""Points under which nothing has to be done: far from the 5.0 that most receivers call spam."""
TIMEOUT = 60.0
"""Seconds for one message; a busy machine takes ten."""

_SHOWN = 4
"""Rules that a finding names; all of them are in the score."""
_GRACE = 5.0
"""Seconds between asking it to end and ending it."""
_REPORTED = re.compile(r" {0,3}(-?\d+(?:\.\d+)?) (\w+) +(.*)")
"""A rule of _SUMMARY_: points in four columns, name, description. What goes on in a next line is indented further."""
_PEER = "relay.example [198.18.0.1]"
"""Who handed the message to the receiver. No mail comes from these addresses (RFC 2544 section C.2.2), and SpamAssassin
has nothing against them: those for documentation (RFC 5737) cost points of their own (RCVD_ILLEGAL_IP), and private
ones would earn some (ALL_TRUSTED).
"""


class SpamError(CampaignError):
    """SpamAssassin is there, and gives no score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamRule:
    """A rule that a message meets."""

    name: str
    points: float
    description: str

    def __str__(self) -> str:
        """One line, as SpamAssassin itself writes it."""
        return f"{self.points:4.1f} {self.name}  {self.description}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamScore:
    """What SpamAssassin makes of a message."""

    points: float
    required: float
    """Points that make it spam, by the site's settings; 5.0 unless changed."""
    rules: tuple[SpamRule, ...]
    """The dearest first."""
    version: str

    @property
    def telling(self) -> list[SpamRule]:
        """The rules that move the score at all."""
        return [rule for rule in self.rules if abs(rule.points) >= 0.05]


def spamassassin() -> Path:
    """Give the program. Raises SettingsError where there is none."""
    found = shutil.which("spamassassin")
    if found is None:
        raise SettingsError(
            "SpamAssassin is not installed",
            where="campaign check --spam",
            fix="install it: apt install spamassassin; or leave out --spam",
        )
    return Path(found)


def spam_score(program: Path, message: Message, received: datetime, *, timeout: float = TIMEOUT) -> SpamScore:
    """Have a message looked at, as if it had arrived at `received` (aware). `timeout`: seconds. Raises SpamError.

    The message is given to another program: its link must be one that signs nobody in.
    """
    mark = f"campaign-{secrets.token_hex(8)}"  # no message can hold it, so what follows it is the report
    settings = (
        "use_bayes 0",
        "report_safe 0",
        "clear_report_template",
        f"report {mark} _SCORE_ _REQD_ _VERSION_",
        "report _SUMMARY_",
    )
    command = [str(program), "--local", "--nocreate-prefs", "--prefspath=/dev/null", "--test-mode"]
    # By its name, standard input is read as it is; without one, the message is first written to a file in /tmp.
    command += [*(f"--cf={line}" for line in settings), "/dev/stdin"]
    output = _output(command, as_received(message, received), timeout).decode("utf-8", "replace")
    found = re.search(rf"^{mark} (-?[\d.]+) (-?[\d.]+) (\S+)\s*$", output, re.MULTILINE)
    if found is None:
        raise _failed("SpamAssassin has ended without a score", program)
    rules: list[SpamRule] = []
    for line in output[found.end() :].splitlines():
        if told := _REPORTED.match(line):
            rules.append(SpamRule(name=told[2], points=float(told[1]), description=told[3].strip()))
        elif rules and line.strip():
            last = rules[-1]
            longer = f"{last.description} {line.strip()}"
            rules[-1] = SpamRule(name=last.name, points=last.points, description=longer)
    rules.sort(key=lambda rule: -rule.points)
    return SpamScore(points=float(found[1]), required=float(found[2]), rules=tuple(rules), version=found[3])


def as_received(message: Message, received: datetime) -> bytes:
    """Give the message with the trace fields that the receiving server puts in front (RFC 5321 section 4.4). Without
    them, filters take it for mail that came from nowhere.
    """
    envelope = message.envelope
    trace = (
        f"Return-Path: <{envelope.return_path}>\r\n"
        f"Received: from {_PEER.partition(' ')[0]} ({_PEER})\r\n"
        f"\tby mx.example (Postfix) with ESMTPS id 0123456789\r\n"
        f"\tfor <{envelope.recipient}>; {format_datetime(received)}\r\n"
    )
    return trace.encode("utf-8") + message.data


def spam_finding(scores: Mapping[int, SpamScore]) -> Finding:
    """Say what sample messages have come to, by their rows; there is at least one."""
    row, worst = max(scores.items(), key=lambda one: one[1].points)
    if worst.points < GOOD:
        rows = f"row{'' if len(scores) == 1 else 's'} {', '.join(map(str, scores))}"
        what = (
            f"SpamAssassin {worst.version} gives {worst.points:.1f} points at most, and {worst.required:.1f} make spam "
            f"({rows}; local tests)"
        )
        return Finding(severity=Severity.OK, rule="spam", what=what)
    dearest = [f"{rule.name} ({rule.points:.1f})" for rule in worst.telling if rule.points > 0]
    is_spam = worst.points >= worst.required
    of = "which makes it spam" if is_spam else f"{worst.required:.1f} make it spam"
    return Finding(
        severity=Severity.WRONG if is_spam else Severity.NOTE,
        rule="spam",
        what=f"SpamAssassin {worst.version} gives the message {worst.points:.1f} points, {of}: most of them for "
        + ", ".join(dearest[:_SHOWN]),
        where=f"row {row}, message.template",
        fix="look up what these rules look for, and change the templates until it is under "
        f"{GOOD:.1f}; real filters add what they know of your domain and address",
    )


def _output(command: list[str], octets: bytes, timeout: float) -> bytes:
    """Run it, with an environment that holds no secret of ours; give what it printed. Raises SpamError."""
    program = Path(command[0])
    kept = {name: value for name in ("PATH", "HOME", "LANGUAGE", "TMPDIR") if (value := os.environ.get(name))}
    try:
        process = subprocess.Popen(  # noqa: S603 - a program that was found by its name, and no shell
            command,
            env=kept | {"LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # warnings of its settings, and pieces of the message
            start_new_session=True,  # Ctrl-C is for us; and what it starts ends with it
        )
    except OSError as error:
        raise _failed(f"SpamAssassin can't be run: {error.strerror}", program) from None
    output = None
    with process:
        try:
            output, _ = process.communicate(octets, timeout)
        except subprocess.TimeoutExpired:
            raise _failed(f"SpamAssassin has not come to an end within {timeout:g} s", program) from None
        finally:
            if output is None:
                _end(process)
    if process.returncode:
        status = process.returncode
        ended = f"exit code {status}" if status > 0 else f"signal {-status}"
        raise _failed(f"SpamAssassin has failed: {ended}", program)
    return output


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and what it has started: first so that it can clear away after itself."""
    for one in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, one)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)


def _failed(what: str, program: Path) -> SpamError:
    return SpamError(
        what,
        where=str(program),
        fix="see what `spamassassin --lint` says; or leave out --spam",
    )

"""Small files of evidence, made by ourselves: what a Postfix would log of a message, and a bounce as a mail."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path


def postfix_lines(
    message_id: str,
    email: str,
    *,
    queue_id: str,
    status: str = "sent",
    dsn: str = "2.0.0",
    words: str = "250 2.0.0 Ok: queued",
    taken: bool = True,
    at: datetime | None = None,
) -> list[str]:
    """The lines of one message; of one that was not `taken`, those that Postfix writes all the same."""
    moment = datetime.now(UTC) - timedelta(seconds=10) if at is None else at

    def line(program: str, rest: str) -> str:
        nonlocal moment
        moment += timedelta(seconds=1)
        return f"{moment.isoformat(timespec='microseconds')} mx postfix/{program}[77]: {queue_id}: {rest}"

    lines = [line("smtpd", "client=localhost[127.0.0.1]"), line("cleanup", f"message-id={message_id}")]
    if not taken:
        return lines
    relay = "relay=mail.people.example[192.0.2.1]:25, delay=0.1, delays=0/0/0/0.1"
    return [
        *lines,
        line("qmgr", "from=<hello@acme.example>, size=1234, nrcpt=1 (queue active)"),
        line("smtp", f"to=<{email}>, {relay}, dsn={dsn}, status={status} ({words})"),
        line("qmgr", "removed"),
    ]


def write_log(path: Path, *messages: list[str]) -> Path:
    """Write a log of these messages."""
    path.write_text("".join(f"{line}\n" for lines in messages for line in lines))
    return path


def bounce_mail(message_id: str, email: str, *, status: str = "5.1.1") -> bytes:
    """A delivery report (RFC 3464) of a message that was given up, with its header returned."""
    now = format_datetime(datetime.now(UTC))
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.people.example
To: hello@acme.example
Date: {now}
Message-ID: <report.{message_id.strip("<>")}>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.people.example
Arrival-Date: {now}

Final-Recipient: rfc822; {email}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--b
Content-Type: text/rfc822-headers

From: Acme <hello@acme.example>
To: {email}
Message-ID: {message_id}
Subject: Hello

--b--
""".replace("\n", "\r\n").encode()

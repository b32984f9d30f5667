"""Mails as servers and people write them, made by ourselves from their formats, and whose campaign it was."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

ANNA, BEN, STRANGER = 1, 2, 3
KEYS = {ANNA: "abcdefgh22334455", BEN: "bbbbccccdddd2222"}
IDS = {ANNA: "<0123456789abcdef0123456789abcdef@acme.example>", BEN: "<ffff456789abcdef0123456789abcdef@acme.example>"}
ADDRESSES = {ANNA: "anna@mail.example", BEN: "ben@mail.example"}
ARRIVED = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
REPORTED = datetime(2026, 11, 27, 9, 5, tzinfo=UTC)


class Campaign:
    """The `Ours` of two people."""

    def by_message_id(self, message_id: str) -> int | None:
        bare = f"<{message_id.strip('<>').lower()}>"
        return next((contact for contact, known in IDS.items() if known == bare), None)

    def by_key(self, key: str) -> int | None:
        return next((contact for contact, known in KEYS.items() if known == key.lower()), None)

    def by_relay_id(self, relay_id: str) -> int | None:
        return None

    def by_address(self, address: str) -> int | None:
        return next((contact for contact, known in ADDRESSES.items() if known == address.lower()), None)

    def has_address(self, contact: int, address: str) -> bool:
        return ADDRESSES[contact] == address.lower()


def mail(*fields: str, body: str = "") -> bytes:
    return ("\r\n".join([*fields, "", body.replace("\n", "\r\n")])).encode()


def returned(message_id: str = IDS[ANNA], *more: str) -> str:
    """Header fields of our message, as a report gives them back."""
    lines = ["From: Acme <news@acme.example>", f"To: {ADDRESSES[ANNA]}", "Subject: Your link"]
    return "\n".join([*lines, *([f"Message-ID: {message_id}"] if message_id else []), *more]) + "\n"


def block(
    action: str = "failed",
    status: str = "5.1.1",
    *,
    final: str = f"rfc822; {ADDRESSES[ANNA]}",
    diagnostic: str = "smtp; 550 5.1.1 no such user",
    more: Sequence[str] = (),
) -> str:
    lines = [f"Final-Recipient: {final}", f"Action: {action}", f"Status: {status}"]
    return "\n".join([*lines, *([f"Diagnostic-Code: {diagnostic}"] if diagnostic else []), *more]) + "\n"


def dsn(
    *blocks: str,
    to: str = "bounces@acme.example",
    envelope_id: str = "",
    message: str | None = returned(),
    message_type: str = "text/rfc822-headers",
    report_id: str = "<dsn.1@mx.mail.example>",
    fields: Sequence[str] = (),
    status_type: str = "message/delivery-status",
) -> bytes:
    """A report as Postfix lays it out."""
    per_message = ["Reporting-MTA: dns; mx.mail.example", f"Arrival-Date: {format_datetime(ARRIVED)}"]
    if envelope_id:
        per_message.append(f"Original-Envelope-Id: {envelope_id}")
    parts = [
        "Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\nIt could not be delivered.\n",
        f"Content-Type: {status_type}\n\n" + "\n".join(per_message) + "\n\n" + "\n".join(blocks or (block(),)),
    ]
    if message is not None:
        parts.append(f"Content-Type: {message_type}\n\n{message}")
    return mail(
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.mail.example (Mail Delivery System)",
        f"To: {to}",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        f"Date: {format_datetime(REPORTED)}",
        *([f"Message-ID: {report_id}"] if report_id else []),
        *fields,
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="B/1"',
        body="This is a MIME-encapsulated message.\n\n" + "".join(f"--B/1\n{part}\n" for part in parts) + "--B/1--\n",
    )


def complaint(
    *fields: str, kind: str = "abuse", message: str = returned(), message_type: str = "message/rfc822"
) -> bytes:
    """A feedback report, with what else the machine-readable part says."""
    feedback = "\n".join([f"Feedback-Type: {kind}", "User-Agent: Loop/1.0", "Version: 1", *fields]) + "\n"
    return mail(
        "From: feedback@loop.example",
        "To: complaints@acme.example",
        "Subject: FW: Your link",
        f"Date: {format_datetime(REPORTED)}",
        "Message-ID: <arf.1@loop.example>",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=feedback-report; boundary=xyz",
        body=f"--xyz\nContent-Type: text/plain\n\nAn abuse report.\n--xyz\nContent-Type: message/feedback-report\n\n"
        f"{feedback}\n--xyz\nContent-Type: {message_type}\n\n{message}\n--xyz--\n",
    )


def letter(
    subject: str,
    *fields: str,
    to: str = "unsubscribe@acme.example",
    sender: str = f"Anna <{ADDRESSES[ANNA]}>",
    body: str = "Thank you.\n",
) -> bytes:
    """What a person writes."""
    return mail(
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Date: {format_datetime(REPORTED)}",
        "Message-ID: <letter.1@mail.example>",
        *fields,
        body=body,
    )

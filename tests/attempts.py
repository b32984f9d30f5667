"""Parcels for tests of the SMTP adapter."""

from campaign.model import Attempt, Envelope, Message

BODY = b"From: hello@acme.example\r\nSubject: Hello\r\n\r\nHello\r\n"


def attempt(
    number: int = 1, data: bytes = BODY, *, recipient: str | None = None, sender: str = "b@acme.example",
    smtputf8: bool = False, envelope_id: str = "",
) -> Attempt:  # fmt: skip
    """One message to one contact; the number tells them apart."""
    recipient = recipient or f"p{number}@people.example"
    envelope = Envelope(return_path=sender, recipient=recipient, smtputf8=smtputf8, envelope_id=envelope_id)
    message = Message(envelope=envelope, message_id=f"<{number}@acme.example>", data=data)
    return Attempt(contact=number, message=message, link_expires_at=2_000_000_000, link_fingerprint="f")


def unstuffed(wire: bytes) -> bytes:
    """What a server makes of a body, its end taken off: RFC 5321 section 4.5.2, by its lines."""
    assert wire.endswith(b"\r\n.\r\n") or wire == b".\r\n"
    lines = wire[: -len(b".\r\n")].split(b"\r\n")
    assert b"." not in lines, "the message ends before its end"
    return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)

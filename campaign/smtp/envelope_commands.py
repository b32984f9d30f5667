"""The commands of an envelope: MAIL with its parameters, RCPT, DATA, each ended by CRLF; and what follows DATA.

In: an attempt, and what the server offers. Out: bytes. Raises AssertionError for an address that would end its command
and begin another: a fault of ours.
"""

from campaign.model import Attempt

DATA = b"DATA\r\n"
TERMINATOR = b".\r\n"
"""What ends a message behind DATA."""


def envelope_commands(attempt: Attempt, *, size_offered: bool, more: str = "") -> tuple[bytes, bytes, bytes]:
    """Give MAIL, RCPT and DATA. `more`: further parameters of MAIL, a space before each."""
    envelope = attempt.message.envelope
    for address in (envelope.return_path, envelope.recipient):
        if "\n" in address or "\r" in address or "\0" in address:
            raise AssertionError("an address that would end its command and begin another")
    mail = f"MAIL FROM:<{envelope.return_path}>"
    if size_offered:
        mail += f" SIZE={len(attempt.message.data)}"  # RFC 1870
    if envelope.smtputf8:
        mail += " SMTPUTF8"  # RFC 6531 section 3.4
    return f"{mail}{more}\r\n".encode(), f"RCPT TO:<{envelope.recipient}>\r\n".encode(), DATA


def stuffed(data: bytes) -> bytes:
    """Give a message with another dot before each that begins a line (RFC 5321 section 4.5.2)."""
    more = data.replace(b"\r\n.", b"\r\n..")
    return b"." + more if data.startswith(b".") else more

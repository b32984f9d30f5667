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
    message = attempt.message
    envelope = message.envelope
    addresses = f"{envelope.return_path}{envelope.recipient}"
    if "\n" in addresses or "\r" in addresses or "\0" in addresses:
        raise AssertionError("an address that would end its command and begin another")
    size = f" SIZE={len(message.data)}" if size_offered else ""  # RFC 1870
    utf8 = " SMTPUTF8" if envelope.smtputf8 else ""  # RFC 6531 section 3.4
    mail = f"MAIL FROM:<{envelope.return_path}>{size}{utf8}{more}\r\n"
    return mail.encode(), f"RCPT TO:<{envelope.recipient}>\r\n".encode(), DATA


def stuffed(data: bytes) -> bytes:
    """Give a message with another dot before each that begins a line (RFC 5321 section 4.5.2)."""
    more = data.replace(b"\r\n.", b"\r\n..")
    return b"." + more if data.startswith(b".") else more

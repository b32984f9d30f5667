"""`Session`: a connection that is set up, with what the server has said of itself on the way.

Made by `campaign.smtp.session.connect`; values only.
"""

import contextlib
import socket
from dataclasses import dataclass, field

from campaign.smtp.reply.censor import Censor


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in connection, handed over: its socket no longer blocks."""

    sock: socket.socket
    features: dict[str, str]
    """EHLO keywords in lower case, and their parameters."""
    leftover: bytes
    """What the server has said beyond its last awaited reply."""
    greeting: str = ""
    """The text of the server's first reply, its enhanced code taken off; empty where it is not known."""
    ehlo_name: str = ""
    """What we called ourselves."""
    auth: str | None = None
    """The mechanism that we signed in by; None: we did not."""
    censor: Censor = field(default_factory=Censor, repr=False)
    """Of what we signed in with: a server may still repeat it."""
    size_limit: int | None = field(init=False)
    """Octets the server takes at most in a message (RFC 1870); None where it names no limit."""

    def __post_init__(self) -> None:
        limit = self.features.get("size", "").strip()
        known = int(limit) or None if limit.isascii() and limit.isdecimal() and len(limit) < 20 else None
        object.__setattr__(self, "size_limit", known)  # asked for every message

    @property
    def pipelining(self) -> bool:
        """RFC 2920."""
        return "pipelining" in self.features

    @property
    def smtputf8(self) -> bool:
        """RFC 6531."""
        return "smtputf8" in self.features

    def hang_up(self) -> None:
        """Say QUIT, and close it: a session that was not used after all."""
        with contextlib.suppress(OSError):
            self.sock.send(b"QUIT\r\n")
        self.sock.close()


def features_of(lines: tuple[bytes, ...]) -> dict[str, str]:
    """EHLO keywords in lower case, and their parameters (RFC 5321 section 4.1.1.1)."""
    found: dict[str, str] = {}
    for line in lines:
        keyword, _, parameters = line.decode("ascii", "replace").strip().partition(" ")
        keyword = keyword.lower()
        if keyword.startswith("auth="):  # how it was written before RFC 2554, and still is by some
            parameters = f"{found.get('auth', '')} {keyword.removeprefix('auth=')} {parameters}".strip()
            keyword = "auth"
        elif keyword == "auth":
            parameters = f"{found.get('auth', '')} {parameters}".strip()
        found[keyword] = parameters.strip()
    return found

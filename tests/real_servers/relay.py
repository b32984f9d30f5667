"""What every real server gives the tests: where it listens, how one signs in, what it has delivered."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

DOMAIN = "mail.acme.example"
"""What the servers call themselves."""
USERNAME, PASSWORD = "campaigns", 'pa55 w0rd"\\{}$%'
"""For those that want one signed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A server that is running."""

    name: str
    """The server's own name and version: "Postfix 3.7.11"."""
    host: str = "127.0.0.1"
    port: int
    """With STARTTLS where `ca_file` is set, and in the clear."""
    tls_port: int | None = None
    """TLS from the first byte, where the server has such a port."""
    ca_file: Path | None = None
    """PEM: what to trust; None where the server has no TLS. The certificate is for `localhost` and 127.0.0.1."""
    username: str | None = None
    password: str | None = None
    """Both None: anybody may send. Set: nobody may who has not signed in."""
    protocol: str = "smtp"
    """Or "lmtp"."""
    keeps_signatures: bool = True
    """Whether what it writes anew of a message is nothing that a DKIM signature covers."""
    delivered: Callable[[], Sequence[bytes]]
    """Every message delivered so far, once the queue is empty: waits for that."""
    log: Path
    """What the server says of itself."""
    connection_line: str | None = None
    """A regular expression for what the log says once for each connection; None: it does not say."""

    def connections(self) -> int | None:
        """How many connections the server has had so far, by its log; None where that does not tell."""
        if self.connection_line is None:
            return None
        return len(re.findall(self.connection_line, self.log.read_text("utf-8", "replace")))

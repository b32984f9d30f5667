"""What every real server gives the tests: where it listens, how one signs in, what it has delivered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


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
    protocol: str = "smtp"
    """Or "lmtp"."""
    delivered: Callable[[], Sequence[bytes]]
    """Every message delivered so far, once the queue is empty: waits for that."""
    log: Path
    """What the server says of itself."""

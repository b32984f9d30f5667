"""Where and how mail is handed over: `Server`, made of the settings once, copied to every worker.

Values only; nothing is looked up and nothing raised. What is secret in it is not in its `repr`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from campaign.smtp.session.access_token import TokenCommand

Security = Literal["starttls", "tls", "none"]
Auth = Literal["auto", "plain", "login", "cram-md5", "scram-sha-256", "xoauth2", "oauthbearer", "external"]
Protocol = Literal["smtp", "lmtp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server, how to reach it, and who we are to it. Paths are absolute."""

    host: str
    port: int
    security: Security
    protocol: Protocol = "smtp"
    """lmtp: RFC 2033."""
    ehlo_name: str | None = None
    """What to call ourselves; None: what the machine is called."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    auth: Auth = "auto"
    """The SASL mechanism to sign in by; auto: the best that both know."""
    token_command: TokenCommand | None = None
    """What prints an access token, where one is signed in with."""
    ca_file: Path | None = None
    """Authorities to trust besides the system's."""
    client_cert: Path | None = None
    """Our certificate."""
    client_key: Path | None = None
    """Its key; None: in the same file."""
    timeout: float = 60.0
    """Seconds to wait for a connection, and for each reply while the session is set up."""
    name: str = ""
    """What it is called, where there are several."""

    @property
    def place(self) -> str:
        """Where it stands in the settings."""
        return f"smtp.host {self.host}{f' of {self.name}' if self.name else ''}"


def in_words(servers: Sequence[Server]) -> str:
    """Name them, one at least: several by their names, the only one by its host."""
    *first, last = [server.name or server.host for server in servers]
    return f"{', '.join(first)} and {last}" if first else last

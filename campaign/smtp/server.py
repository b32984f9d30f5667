"""Where and how mail is handed over: `Server`, made of the settings once, copied to every worker.

Values only; nothing is looked up and nothing raised. What is secret in it is not in its `repr`.
"""

from dataclasses import dataclass, field
from typing import Literal

Security = Literal["starttls", "tls", "none"]
Auth = Literal["auto", "plain", "login", "cram-md5", "scram-sha-256", "xoauth2", "oauthbearer", "external"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An SMTP server, and who we are to it."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    auth: Auth = "auto"
    """The SASL mechanism to sign in by; auto: the best that both know."""
    token_command: None = None
    client_cert: None = None
    timeout: float = 60.0
    """Seconds to wait for a connection, and for each reply while the session is set up."""

"""Where a ledger is: a file of SQLite's, or a campaign's own schema in a PostgreSQL database."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

_LONGEST = 40
"""Characters of a campaign's name in that of its schema: PostgreSQL cuts names at 63 octets."""
_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePlace:
    """A campaign's ledger in a database. What is shown of it has no password."""

    url: str
    """`postgresql://USER@HOST:PORT/DATABASE?OPTIONS` (libpq, "Connection URIs"), without a password."""
    campaign: str
    password: str | None = field(default=None, repr=False)
    """None: what libpq finds by itself: its password file, a certificate, the socket's own user."""

    @property
    def schema(self) -> str:
        """The name of the schema that the campaign has to itself."""
        name = re.sub(r"[^a-z0-9]+", "_", self.campaign.lower()).strip("_")[:_LONGEST]
        if name == self.campaign:
            return f"campaign_{name}"
        digest = hashlib.sha256(self.campaign.encode()).hexdigest()[:_DIGITS]
        return f"campaign_{name}_{digest}"

    def __str__(self) -> str:
        return f"{self.url} (schema {self.schema})"


Place = Path | DatabasePlace

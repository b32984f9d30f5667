"""For how long a connection is used: so many messages, so many seconds, so many commands that carry none."""

from dataclasses import dataclass

from campaign.smtp.chunking.stream import MOST_RESETS
from campaign.smtp.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLifetime:
    """When a connection is to be renewed."""

    messages: int
    seconds: float

    def is_over(self, connection: Connection, now: float) -> bool:
        """Whether no message may begin on it any more."""
        return (
            connection.closing
            or connection.messages >= self.messages
            or now - connection.opened >= self.seconds
            or connection.resets >= MOST_RESETS
        )

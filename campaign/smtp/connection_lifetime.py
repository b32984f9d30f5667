"""For how long a connection is used: so many messages, so many seconds, so many commands that carry none."""

from dataclasses import dataclass

from campaign.smtp.connection import Connection

_RESETS = 8
"""Servers count commands that carry no mail, RSET among them, and hang up on a client with too many: Exim after ten
(`smtp_accept_max_nonmail`), Postfix after a hundred (`smtpd_junk_command_limit`).
"""


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
            or connection.dialogue.resets >= _RESETS
        )

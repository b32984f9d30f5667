"""What the sandbox answers: aiosmtpd's hooks, which it calls by name for each session.

In: recipients and messages. Out: SMTP replies, and each accepted message in the mailbox and to `on_message` before its
reply. A failure of ours is answered with 451, and kept for whoever runs the sandbox.
"""

import asyncio
from collections.abc import Callable

from aiosmtpd.smtp import SMTP, Envelope, Session

from campaign.model import Phase
from campaign.sandbox.behaviours import Behaviour, Tries, behaviour_for
from campaign.sandbox.mailbox import Mailbox

OnMessage = Callable[[str, bytes], None]
"""Takes a recipient and the message; called in the sandbox's thread, before the reply."""


class Handler:
    """One for all sessions; used from the server's thread."""

    def __init__(self, mailbox: Mailbox | None, tries: Tries, on_message: OnMessage | None) -> None:
        self.accepted = 0
        """Messages, counted by recipient."""
        self.failure: Exception | None = None
        """The first thing that went wrong on our side."""
        self._mailbox = mailbox
        self._tries = tries
        self._on_message = on_message

    async def handle_EHLO(  # noqa: N802  (the name by which aiosmtpd calls it)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offers PIPELINING too: aiosmtpd reads commands one by one from a buffered stream, so RFC 2920 holds."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802  (the name by which aiosmtpd calls it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accepts the recipient, or not."""
        behaviour = self._strikes(address, Phase.RCPT)
        if behaviour is not None and behaviour.reply is not None:
            return behaviour.reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(  # noqa: N802  (the name by which aiosmtpd calls it)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Takes the message, or refuses it, or cuts the connection."""
        for recipient in envelope.rcpt_tos:
            behaviour = self._strikes(recipient, Phase.BODY)
            if behaviour is not None and behaviour.reply is not None:
                return behaviour.reply
            if behaviour is not None and server.transport is not None:
                server.transport.close()
                await asyncio.Event().wait()  # never set: the end of the connection cancels this
        message = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            if self._mailbox is not None:
                self._mailbox.keep(recipient, message)
            if self._on_message is not None:
                self._on_message(recipient, message)
            self.accepted += 1
        return "250 2.0.0 Accepted by the sandbox"

    async def handle_exception(self, error: Exception) -> str:
        """Answers for what went wrong in a hook."""
        self.failure = self.failure or error
        return "451 4.3.0 The sandbox could not keep the message"

    def _strikes(self, address: str, phase: Phase) -> Behaviour | None:
        behaviour = behaviour_for(address)
        if behaviour is None or behaviour.phase is not phase or not self._tries.strikes(behaviour, address):
            return None
        return behaviour

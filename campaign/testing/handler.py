"""What the recording server answers: aiosmtpd's hooks, which it calls by name, in the server's thread."""

import asyncio
from collections.abc import Callable, Sequence

from aiosmtpd.smtp import SMTP, Envelope, Session

from campaign.model import Phase
from campaign.testing.misbehaviour import Misbehaviour, Silence

Strikes = Callable[[Phase, Sequence[str]], Misbehaviour | None]
"""Takes where the dialogue is, and the recipients so far; gives what goes wrong now."""
Keep = Callable[[str, Sequence[str], bytes], None]
"""Takes the return path, the recipients and the octets of a message that is delivered."""


class RecordingHandler:
    """One for all sessions."""

    def __init__(self, strikes: Strikes, keep: Keep) -> None:
        self._strikes = strikes
        self._keep = keep

    async def handle_EHLO(  # noqa: N802  (the name by which aiosmtpd calls it)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offers PIPELINING too: aiosmtpd reads commands one by one from a buffered stream, so RFC 2920 holds."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_AUTH(  # noqa: N802  (the name by which aiosmtpd calls it)
        self, server: SMTP, session: Session, envelope: Envelope, words: list[str]
    ) -> str:
        """Lets anybody in who says PLAIN with its credentials (RFC 4954 section 4), which is all that is offered."""
        struck = self._strikes(Phase.AUTH, ())
        if struck is not None:
            return str(struck.answer)
        session.authenticated = True
        return "235 2.7.0 Authentication successful"

    async def handle_MAIL(  # noqa: N802  (the name by which aiosmtpd calls it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accepts the sender, or not."""
        struck = self._strikes(Phase.MAIL, ())
        if struck is not None:
            return str(struck.answer)
        envelope.mail_from, envelope.mail_options = address, options
        return "250 2.1.0 Sender ok"

    async def handle_RCPT(  # noqa: N802  (the name by which aiosmtpd calls it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accepts the recipient, or not."""
        struck = self._strikes(Phase.RCPT, (address,))
        if struck is not None:
            return str(struck.answer)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(  # noqa: N802  (the name by which aiosmtpd calls it)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Takes the message, or refuses it, or says nothing."""
        struck = self._strikes(Phase.BODY, envelope.rcpt_tos)
        if struck is None or struck.keeps:
            self._keep(envelope.mail_from or "", envelope.rcpt_tos, envelope.original_content or b"")
        if struck is None:
            return "250 2.0.0 Accepted"
        if struck.answer is Silence.CUT and server.transport is not None:
            server.transport.close()
        if isinstance(struck.answer, Silence):
            await asyncio.Event().wait()  # never set: the end of the connection cancels this
        return str(struck.answer)

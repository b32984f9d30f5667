"""What can't be a reply that is due: both dialogues end a session at it.

In: what arrived. Out: the replies in it, and the `ProtocolViolation` where it holds what is none. `OutOfStepError` is
for a reply that can't be the one that is due.
"""

from campaign.model import Reply
from campaign.smtp.dialogue_events import ProtocolViolation
from campaign.smtp.reply.parser import ReplyError, ReplyParser


class OutOfStepError(Exception):
    """A reply that can't be the one that is due."""

    extra_reply = True
    """Whether there may be a reply too many, or too few."""

    @property
    def violation(self) -> ProtocolViolation:
        """What there is to tell of it."""
        return ProtocolViolation(str(self), extra_reply=self.extra_reply)


def parsed(parser: ReplyParser, data: bytes) -> tuple[list[Reply], ProtocolViolation | None]:
    """Give the replies that `data` completes, and what is wrong with what follows them. Never raises."""
    try:
        return parser.feed(data), None
    except ReplyError as error:
        return error.before, ProtocolViolation(str(error), extra_reply=False)

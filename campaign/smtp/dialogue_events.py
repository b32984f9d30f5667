"""What a dialogue tells: one event for each thing that the server's replies say.

`FinalReply` is the last word on a message; `ReadyForBody`, `PipeliningRefused` and `ParametersRefused` are about its
envelope, `SessionClosing` and `ProtocolViolation` about the session. Tuples, since each message makes two of them.
"""

from enum import Enum
from typing import NamedTuple

from campaign.model import Attempt, Phase, Reply

MAIL, RCPT, DATA, BODY = Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY
"""Python 3.11 looks up an enumeration's member by calling a function, each time: these are for every reply."""
TOO_EARLY = "the server answered before the message had left"
"""Why such an answer is none to the message."""


class Aside(Enum):
    """What a reply can answer beside the steps of a message."""

    RESET = "RSET"
    EMPTY = "an empty message"


class ReadyForBody(NamedTuple):
    """354: the body may go."""

    attempt: Attempt
    behind_body: bool = False
    """Whether the envelope stood behind a body."""


class FinalReply(NamedTuple):
    """The last word on a message: refused at `phase`, or, at BODY, whatever the server made of it."""

    attempt: Attempt
    phase: Phase
    reply: Reply
    behind_body: bool = False
    """Whether the envelope that is refused stood behind a body."""
    envelope_behind: bool = False
    """Whether the message that is refused had an envelope behind it."""
    cut_short: bool = False
    """Whether that envelope was not answered in full."""


class PipeliningRefused(NamedTuple):
    """The server would not have an envelope behind a body. That says nothing of the message, which is not_sent."""

    attempt: Attempt


class ParametersRefused(NamedTuple):
    """The server refused MAIL with the parameters of DSN, or may have. That says nothing of the message."""

    attempt: Attempt
    begun_anew: bool = True
    """Whether its envelope has been begun anew, without them; otherwise the message is not_sent."""


class ProtocolViolation(NamedTuple):
    """The session can't go on: what was said is no reply, or not the one that is due."""

    why: str
    extra_reply: bool
    """There was a reply too many, nobody knows where: what was heard just before may have been meant for another."""


class SessionClosing(NamedTuple):
    """421 that answers nothing of ours: the server is about to hang up (RFC 5321 section 3.8)."""

    reply: Reply


Event = ReadyForBody | FinalReply | PipeliningRefused | ParametersRefused | SessionClosing | ProtocolViolation

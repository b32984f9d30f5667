"""The words of the policy: what can become of a row, and what can follow for the connection, the rate and the run."""

from dataclasses import dataclass, field, replace
from enum import Enum


class Action(Enum):
    """What becomes of the row."""

    SENT = "sent"
    REJECTED = "rejected"
    RETRY = "tried again later, one try spent"
    AGAIN = "goes again, no try spent"
    IN_DOUBT = "in doubt"


class About(Enum):
    """What of ours the server refuses, where that stops the run: the advice depends on it."""

    SENDER = "our sender"
    CLIENT = "the address that we connect from"
    GREETING = "the name that we greet it with"
    RELAYING = "to relay for us"
    SIGN_IN = "us without sign-in"
    ENCRYPTION = "us without TLS"
    ACCOUNT = "our account"
    QUOTA = "more mail from us for now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from a reply."""

    action: Action
    slow: bool = False
    """The server asks for less: the rate falls."""
    renew: bool = False
    """The connection is of no more use: it is closed, and the row goes over another one."""
    fewer: bool = False
    """We have too many connections at once: there will be fewer."""
    suspect: bool = False
    """It may be our own fault or the server's: too many of these in a row stop the run."""
    stop: bool = False
    """It is our own fault: the run stops, and nobody is marked for it."""
    about: About | None = field(default=None, compare=False)


SENT = Verdict(action=Action.SENT)
REJECTED = Verdict(action=Action.REJECTED)
REFUSED_US = Verdict(action=Action.REJECTED, suspect=True)
RETRY = Verdict(action=Action.RETRY)
RETRY_ALL = Verdict(action=Action.RETRY, suspect=True)
RENEW = Verdict(action=Action.AGAIN, renew=True)
RECONNECT = Verdict(action=Action.AGAIN, renew=True, suspect=True)
FEWER = Verdict(action=Action.AGAIN, fewer=True)
SLOW_DOWN = Verdict(action=Action.AGAIN, slow=True)
OVERLOADED = Verdict(action=Action.AGAIN, slow=True, suspect=True)
DROPPED = Verdict(action=Action.AGAIN, suspect=True)
IN_DOUBT = Verdict(action=Action.IN_DOUBT, suspect=True)
IN_DOUBT_TOO = Verdict(action=Action.IN_DOUBT)
"""Behind another message that is, on the connection that died: that one counts."""
STOP = Verdict(action=Action.AGAIN, stop=True)
OUR_SENDER = replace(STOP, about=About.SENDER)
OUR_CLIENT = replace(STOP, about=About.CLIENT)
OUR_NAME = replace(STOP, about=About.GREETING)
NO_RELAY = replace(STOP, about=About.RELAYING)
NO_SIGN_IN = replace(STOP, about=About.SIGN_IN)
NO_TLS = replace(STOP, about=About.ENCRYPTION)
ACCOUNT = replace(STOP, about=About.ACCOUNT)
QUOTA = replace(STOP, about=About.QUOTA)

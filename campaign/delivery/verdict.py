"""The words of the policy: what can become of a row, and what can follow for the connection, the rate and the run."""

from dataclasses import dataclass, field, replace
from enum import Enum


class Fate(Enum):
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

    fate: Fate
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


SENT = Verdict(fate=Fate.SENT)
REJECTED = Verdict(fate=Fate.REJECTED)
REFUSED_US = Verdict(fate=Fate.REJECTED, suspect=True)
RETRY = Verdict(fate=Fate.RETRY)
RETRY_ALL = Verdict(fate=Fate.RETRY, suspect=True)
RENEW = Verdict(fate=Fate.AGAIN, renew=True)
RECONNECT = Verdict(fate=Fate.AGAIN, renew=True, suspect=True)
FEWER = Verdict(fate=Fate.AGAIN, fewer=True)
SLOW_DOWN = Verdict(fate=Fate.AGAIN, slow=True)
OVERLOADED = Verdict(fate=Fate.AGAIN, slow=True, suspect=True)
DROPPED = Verdict(fate=Fate.AGAIN, suspect=True)
IN_DOUBT = Verdict(fate=Fate.IN_DOUBT, suspect=True)
STOP = Verdict(fate=Fate.AGAIN, stop=True)
OUR_SENDER = replace(STOP, about=About.SENDER)
OUR_CLIENT = replace(STOP, about=About.CLIENT)
OUR_NAME = replace(STOP, about=About.GREETING)
NO_RELAY = replace(STOP, about=About.RELAYING)
NO_SIGN_IN = replace(STOP, about=About.SIGN_IN)
NO_TLS = replace(STOP, about=About.ENCRYPTION)
ACCOUNT = replace(STOP, about=About.ACCOUNT)
QUOTA = replace(STOP, about=About.QUOTA)

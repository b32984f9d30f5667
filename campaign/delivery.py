"""The policy: what a reply, or its absence, means for the row, the rate and the run.

Takes a phase and a `Reply` (None: the connection died there); gives a `Verdict`. The table below is the whole policy,
read from the top; the first line that fits decides. It judges by scope, as RFC 5321 section 3.3 and RFC 3463 draw it:
the session and the sender are our own affair and never a recipient's fault; a recipient's refusal is the row's;
"slow down" is nobody's. Tries and waits between them are tenacity's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import tenacity

from campaign.model import Phase, Reply

_ANY = frozenset(Phase)
_SESSION = frozenset({Phase.CONNECT, Phase.EHLO, Phase.STARTTLS, Phase.AUTH})
_MESSAGE = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY})


class Fate(Enum):
    """What becomes of the row."""

    SENT = "sent"
    REJECTED = "rejected"
    RETRY = "tried again later, one try spent"
    AGAIN = "goes again, no try spent"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from a reply."""

    fate: Fate
    slow: bool = False
    """The server asks for less: the rate falls, connections give way."""
    suspect: bool = False
    """It may be our own fault or the server's: too many of these in a row stop the run."""
    stop: bool = False
    """It is our own fault: the run stops, and nobody is marked for it."""


SENT = Verdict(fate=Fate.SENT)
REJECTED = Verdict(fate=Fate.REJECTED)
REFUSED_US = Verdict(fate=Fate.REJECTED, suspect=True)
RETRY = Verdict(fate=Fate.RETRY)
SLOW_DOWN = Verdict(fate=Fate.AGAIN, slow=True)
OVERLOADED = Verdict(fate=Fate.AGAIN, slow=True, suspect=True)
DROPPED = Verdict(fate=Fate.AGAIN, suspect=True)
IN_DOUBT = Verdict(fate=Fate.IN_DOUBT, suspect=True)
STOP = Verdict(fate=Fate.AGAIN, stop=True)

_THROTTLED = (
    r"throttl|rate.?limit|rate.*exceed|too (?:many|much|fast)|slow.?down|try.*slower|exceed.*(?:rate|limit|quota)"
)
_RELAY = r"relay|authenticat|not (?:permitted|allowed|authori[sz]ed)|spam|blocked|black.?list|block.?list|reputation"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. `code` and `enhanced` are regular expressions over the whole code, `says` within the text;
    None fits anything.
    """

    phases: frozenset[Phase]
    code: str
    enhanced: str | None
    says: str | None
    verdict: Verdict
    because: str

    def fits(self, phase: Phase, reply: Reply) -> bool:
        """Say whether this line decides."""
        return (
            phase in self.phases
            and re.fullmatch(self.code, str(reply.code)) is not None
            and (self.enhanced is None or re.fullmatch(self.enhanced, reply.enhanced or "") is not None)
            and (self.says is None or re.search(self.says, reply.text, re.IGNORECASE) is not None)
        )


def _at(*phases: Phase) -> frozenset[Phase]:
    return frozenset(phases)


# fmt: off
TABLE = (
    # where             code         enhanced            says         verdict      because
    Rule(_at(Phase.BODY), "2..",     None,               None,        SENT,        "the server accepted responsibility"),
    # our own affair: the session
    Rule(_at(Phase.AUTH), "5..",     None,               None,        STOP,        "sign-in is refused"),
    Rule(_at(Phase.STARTTLS), "5..", None,               None,        STOP,        "there is no TLS that can be trusted"),
    Rule(_SESSION,      "5..",       None,               None,        STOP,        "the server takes no mail from us"),
    Rule(_SESSION,      "...",       None,               None,        OVERLOADED,  "the server takes no session now"),
    Rule(_ANY,          "530|538",   None,               None,        STOP,        "the server wants sign-in or TLS first"),
    # anywhere: slow down
    Rule(_ANY,          "421",       None,               None,        SLOW_DOWN,   "the server closes the session for now"),
    Rule(_MESSAGE,      "4..",       r"4\.[12]\..*",     None,        RETRY,       "the recipient's mailbox, for now"),
    Rule(_MESSAGE,      "4..",       None,               _THROTTLED,  SLOW_DOWN,   "the server names a rate or a limit"),
    Rule(_MESSAGE,      "4..",       r"4\.3\.[12]|4\.4\.5|4\.5\.3|4\.7\.28", None, OVERLOADED, "the server is full or busy"),
    Rule(_MESSAGE,      "454",       None,               None,        SLOW_DOWN,   "how some say: throttled"),
    # our own affair: the sender
    Rule(_at(Phase.MAIL), "552",     None,               None,        REJECTED,    "the message is too large"),
    Rule(_at(Phase.MAIL), "5..",     r"5\.3\.4",         None,        REJECTED,    "the message is too large"),
    Rule(_at(Phase.MAIL), "5..",     r"5\.6\.7",         None,        REJECTED,    "the address needs SMTPUTF8"),
    Rule(_at(Phase.MAIL), "4..",     None,               None,        OVERLOADED,  "the sender is not taken now"),
    Rule(_at(Phase.MAIL), "5..",     None,               None,        STOP,        "the sender is refused"),
    Rule(_at(Phase.RCPT), "5..",     r"5\.1\.[78]",      None,        STOP,        "the sender's address is refused"),
    # the recipient
    Rule(_at(Phase.RCPT), "5..",     r"5\.[12]\..*",     None,        REJECTED,    "the recipient is refused"),
    Rule(_at(Phase.RCPT), "5..",     r"5\.[57]\..*",     None,        REFUSED_US,  "policy or protocol: may well be us"),
    Rule(_at(Phase.RCPT), "50.",     None,               None,        REFUSED_US,  "the command is refused"),
    Rule(_at(Phase.RCPT), "5..",     None,               _RELAY,      REFUSED_US,  "the server refuses to act for us"),
    Rule(_at(Phase.RCPT), "5..",     None,               None,        REJECTED,    "the recipient is refused"),
    Rule(_at(Phase.RCPT), "4..",     None,               None,        RETRY,       "greylisting and the like"),
    # the message
    Rule(_MESSAGE,      "5..",       r"5\.[12]\..*|5\.3\.4", None,    REJECTED,    "the recipient, or the size"),
    Rule(_at(Phase.DATA, Phase.BODY), "552", None,       None,        REJECTED,    "the message is too large, or the mailbox full"),
    Rule(_MESSAGE,      "5..",       None,               None,        REFUSED_US,  "the message is refused: perhaps all are"),
    Rule(_MESSAGE,      "4..",       None,               None,        RETRY,       "not now"),
)
# fmt: on


def judge(phase: Phase, reply: Reply | None) -> Verdict:
    """Give what a reply at `phase` means. None: the connection died while `phase` was due; at BODY, after the body
    may have left (RFC 5321 section 4.5.3.2.6 names the doubt; we give it a name of its own).
    """
    if reply is None:
        return IN_DOUBT if phase is Phase.BODY else DROPPED
    if phase is Phase.BODY and reply.code == 250:  # nearly every reply of a good run
        return SENT
    return next(
        (rule.verdict for rule in TABLE if rule.fits(phase, reply)), IN_DOUBT if phase is Phase.BODY else DROPPED
    )


class Schedule:
    """When a row that was put off is tried again: exponential backoff with jitter, until tries or window run out."""

    def __init__(self, *, tries: int, first_wait: float, longest_wait: float) -> None:
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(tries),
            wait=tenacity.wait_exponential_jitter(initial=first_wait, max=longest_wait, jitter=first_wait / 4),
        )

    def wait_after(self, tries: int, seconds_left: float | None) -> float | None:
        """Give the seconds to wait after the given number of tries spent; None when it was the last, or when the
        window (`seconds_left`, None: it never closes) ends before the next.
        """
        state = tenacity.RetryCallState(self._retrying, None, (), {})
        state.attempt_number = tries
        stop, wait = self._retrying.stop, self._retrying.wait
        if callable(stop) and stop(state):
            return None
        seconds = wait(state) if callable(wait) else 0.0
        return None if seconds_left is not None and seconds >= seconds_left else seconds


def reconnect_waits() -> Iterator[float]:
    """Seconds to wait before each next attempt to get a session: 1, 2, 4 … 30, with jitter; endless."""
    backoff = tenacity.wait_exponential_jitter(initial=1, max=30, jitter=1)
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    while True:
        yield backoff(state)
        state.attempt_number += 1

"""The policy: what a reply, or its absence, means for the row, the rate and the run.

Takes a phase and a `Reply` (None: the connection died there); gives a `Verdict`. The table below is the whole policy,
read from the top; the first line that fits decides. It judges by scope, as RFC 5321 section 3.3 and RFC 3463 draw it:
the session and the sender are our own affair and never a recipient's fault; a recipient's refusal is the row's;
"slow down" is nobody's. An enhanced status code counts only where its class agrees with the code's (`smtp.reply` drops
the others), and words count only where codes leave it open. When things are tried again is `campaign.backoff`'s.
"""

import re
from dataclasses import dataclass
from enum import Enum

from campaign.model import Phase, Reply


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
    renew: bool = False
    """This session is of no more use; another one may well be."""
    stop: bool = False
    """It is our own fault: the run stops, and nobody is marked for it."""


SENT = Verdict(fate=Fate.SENT)
REJECTED = Verdict(fate=Fate.REJECTED)
REFUSED_US = Verdict(fate=Fate.REJECTED, suspect=True)
RETRY = Verdict(fate=Fate.RETRY)
RETRY_ALL = Verdict(fate=Fate.RETRY, suspect=True)
RENEW = Verdict(fate=Fate.AGAIN, renew=True)
SLOW_DOWN = Verdict(fate=Fate.AGAIN, slow=True)
OVERLOADED = Verdict(fate=Fate.AGAIN, slow=True, suspect=True)
DROPPED = Verdict(fate=Fate.AGAIN, suspect=True)
IN_DOUBT = Verdict(fate=Fate.IN_DOUBT, suspect=True)
STOP = Verdict(fate=Fate.AGAIN, stop=True)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. `code` and `enhanced` are regular expressions over the whole code, `says` within the text;
    None fits anything. `served`: only on a connection that has taken messages.
    """

    phases: frozenset[Phase]
    code: str
    enhanced: str | None
    says: str | None
    verdict: Verdict
    because: str
    served: bool = False

    def fits(self, phase: Phase, reply: Reply, served: bool) -> bool:
        """Say whether this line decides."""
        return (
            phase in self.phases
            and re.fullmatch(self.code, str(reply.code)) is not None
            and (self.enhanced is None or re.fullmatch(self.enhanced, reply.enhanced or "") is not None)
            and (self.says is None or re.search(self.says, reply.text, re.IGNORECASE) is not None)
            and (served or not self.served)
        )


ALL = frozenset(Phase)
SESSION = frozenset({Phase.CONNECT, Phase.EHLO, Phase.STARTTLS, Phase.AUTH})
HELLO = frozenset({Phase.CONNECT, Phase.EHLO})
MESSAGE = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY})
MAIL, RCPT, BODY = frozenset({Phase.MAIL}), frozenset({Phase.RCPT}), frozenset({Phase.BODY})
CONTENT = frozenset({Phase.DATA, Phase.BODY})
LATER = RCPT | CONTENT

MAILBOX = r"mail ?box|inbox|(?<!system )storage|over.?quota|(?:user|recipient)\b.*(?:receiving|quota|full)"
GREYLIST = r"gr[ea]y.?list"
A_LIMIT = (
    r"throttl|rate.?limit|(?:rate|limits?|quota) (?:\w+ ){0,3}exceed|exceed\w* (?:\S+ ){0,6}(?:rate|limit|quota)"
    r"|too (?:many|much|fast|quick|frequent|busy)|slow(?:er|ly|.?down)|server (?:is )?busy|over.?load|load .*too high"
)
OUR_LIMIT = (
    r"(?:relay|sending|sender|send|submission) (?:\w+ )?(?:rate|limit|quota)|daily .*(?:limit|quota)"
    r"|exceeded the max\w* \S+"
)
ONE_SESSION = (
    r"messages? (?:\S+ ){0,3}(?:per|on|in|over|for|during) (?:this|one|a|the|an? smtp)? ?(?:connection|session)"
)
SENDER = (
    r"sender (?:\S+ ){0,3}(?:reject|refus|denied|block|not )|not owned by user|send.?as|unauthenticated sender"
    r"|sender identity|address is not verified|unconfigured sending domain|bad outbound sender"
)
NOT_FOR_US = r"relay|authenticat|not (?:permitted|allowed|authori[sz]ed)|spam|block|black.?list|reputation"

# fmt: off
TABLE = (
    # where       code       enhanced                     says         verdict     because
    Rule(BODY,    "2..",     None,                        None,        SENT,       "the server takes responsibility"),

    # Our own affair: the session.
    Rule(HELLO,   "5..",     None,                        A_LIMIT,     OVERLOADED, "no session now, despite the code"),
    Rule(SESSION, "5..",     None,                        None,        STOP,       "no mail from us, TLS, or sign-in"),
    Rule(SESSION, "...",     None,                        None,        OVERLOADED, "no session now"),
    Rule(ALL,     "530|538", None,                        None,        STOP,       "sign-in or TLS is wanted first"),
    Rule(MESSAGE, "5..",     r"5\.7\.57",                 None,        STOP,       "Exchange: we are not signed in"),

    # Our own affair: the sender. A server that checks late tells of it at RCPT, or after the message.
    Rule(MESSAGE, "5..",     r"5\.1\.[78]",               None,        STOP,       "the sender's address is refused"),
    Rule(MESSAGE, "5..",     r"5\.7\.(?:60|705|708|750)", None,        STOP,       "Exchange: our sender, our tenant"),
    Rule(MESSAGE, "4..",     r"4\.1\.[78]",               None,        DROPPED,    "the sender can't be verified now"),
    Rule(MESSAGE, "5..",     r"5\.1\.90|5\.4\.5",         None,        OVERLOADED, "Exchange, Gmail: today's limit"),
    Rule(MESSAGE, "5..",     None,                        OUR_LIMIT,   OVERLOADED, "our limit, despite the code"),

    # Nobody's fault: slow down. A session that ends between two messages is none of it (RFC 5321 section 3.8).
    Rule(MESSAGE, "421",     None,                        ONE_SESSION, RENEW,      "the session is full", served=True),
    Rule(MESSAGE, "421",     None,                        A_LIMIT,     SLOW_DOWN,  "a rate or a limit is named"),
    Rule(MAIL,    "421",     None,                        None,        RENEW,      "the session ends", served=True),
    Rule(MESSAGE, "421",     None,                        None,        SLOW_DOWN,  "no service for now"),
    Rule(MESSAGE, "4..",     None,                        OUR_LIMIT,   SLOW_DOWN,  "Gmail says 4.2.1 of a relay, too"),
    Rule(LATER,   "4..",     r"4\.[12]\..*",              None,        RETRY,      "the mailbox, for now"),
    Rule(LATER,   "4..",     None,                        MAILBOX,     RETRY,      "the mailbox, for now"),
    Rule(MESSAGE, "4..",     None,                        GREYLIST,    RETRY,      "greylisting"),
    Rule(MESSAGE, "4..",     None,                        A_LIMIT,     SLOW_DOWN,  "a rate or a limit is named"),
    Rule(MESSAGE, "4..",     r"4\.7\.(?:28|[5-9]\d\d)",   None,        SLOW_DOWN,  "Gmail, Exchange: our rate"),
    Rule(MESSAGE, "4..",     r"4\.(?:3\.[12]|4\.5|5\.3)", None,        OVERLOADED, "the server is full or busy"),
    Rule(MESSAGE, "454",     None,                        None,        SLOW_DOWN,  "Amazon's word for throttling"),

    # The sender again, where no more is said; and what of MAIL is the message's.
    Rule(MAIL,    "552",     None,                        None,        REJECTED,   "the message is too large"),
    Rule(MAIL,    "5..",     r"5\.3\.4|5\.6\.7",          None,        REJECTED,   "its size, or an address's letters"),
    Rule(MAIL,    "503",     None,                        None,        DROPPED,    "the session is out of step"),
    Rule(MAIL,    "4..",     None,                        None,        OVERLOADED, "the sender is not taken now"),
    Rule(MAIL,    "5..",     None,                        None,        STOP,       "the sender is refused"),

    # The recipient.
    Rule(RCPT,    "5..",     None,                        SENDER,      REFUSED_US, "the sender, in words only"),
    Rule(RCPT,    "5..",     r"5\.[124]\..*",             None,        REJECTED,   "no such mailbox, or no way there"),
    Rule(RCPT,    "5..",     r"5\.[57]\..*",              None,        REFUSED_US, "policy, protocol: may well be us"),
    Rule(RCPT,    "50.",     None,                        None,        REFUSED_US, "the command is not understood"),
    Rule(RCPT,    "5..",     None,                        NOT_FOR_US,  REFUSED_US, "the server will not act for us"),
    Rule(RCPT,    "5..",     None,                        None,        REJECTED,   "the recipient is refused"),

    # The message.
    Rule(CONTENT, "5..",     None,                        SENDER,      REFUSED_US, "the sender, in words only"),
    Rule(CONTENT, "5..",     r"5\.[124]\..*|5\.3\.4",     None,        REJECTED,   "the recipient, or the size"),
    Rule(CONTENT, "552",     None,                        None,        REJECTED,   "too large, or the mailbox is full"),
    Rule(CONTENT, "5..",     None,                        None,        REFUSED_US, "the message: perhaps they all are"),
    Rule(LATER,   "4..",     r"4\.3\..*",                 None,        RETRY_ALL,  "the server itself is not well"),
    Rule(LATER,   "4..",     None,                        None,        RETRY,      "not now: greylisting and the like"),
)
# fmt: on


def judge(phase: Phase, reply: Reply | None, *, served: bool = False) -> Verdict:
    """Give what a reply at `phase` means. None: the connection died while `phase` was due; at BODY, after the body
    may have left (RFC 5321 section 4.5.3.2.6 names the doubt; we give it a name of its own). `served`: the connection
    had taken messages before this one.
    """
    if reply is None:
        return IN_DOUBT if phase is Phase.BODY else DROPPED
    if phase is Phase.BODY and reply.code == 250:  # nearly every reply of a good run
        return SENT
    for rule in TABLE:
        if rule.fits(phase, reply, served):
            return rule.verdict
    return IN_DOUBT if phase is Phase.BODY else DROPPED

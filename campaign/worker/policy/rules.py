"""The policy: what a reply, or its absence, means for the row, the rate and the run.

Takes a phase and a `Reply` (None: the connection died there); gives a `Verdict`. The table below is the whole policy,
read from the top; the first line that fits decides. It judges by scope, as RFC 5321 section 3.3 and RFC 3463 draw it:
the session and the sender are our own affair and never a recipient's fault; a recipient's refusal is the row's;
"slow down" is nobody's. An enhanced status code counts only where its class agrees with the code's (`smtp.reply` drops
the others). Words count before codes where they are plain, since servers tell of the sender at RCPT (Postfix's
default), of rates with 5xx and of lasting faults with 4xx. When things are tried again is `campaign.worker.backoff`'s.

Limits: words are English, as servers' are. What names nobody ("Access denied") stays a suspicion.
"""

import re
from dataclasses import dataclass

from campaign.model import Phase, Reply
from campaign.worker.policy.phrases import (
    A_LIMIT,
    A_QUOTA,
    A_SENDER,
    BAD_NAME,
    BAD_SENDER,
    BLOCKED,
    CLIENT,
    CONNECTIONS,
    DAY,
    GREETING,
    GREYLIST,
    HELD_BACK,
    HOUR,
    LISTED,
    MAILBOX,
    NO_LOGIN,
    NOT_FOR_US,
    ONE_SESSION,
    OUR_LIMIT,
    RATE,
    RELAYING,
    SENDER,
    SENT_ITEMS,
    SIGN_IN,
    THEIR_RATE,
    TLS_FIRST,
    TLS_NAMED,
)
from campaign.worker.policy.verdict import (
    ACCOUNT,
    DROPPED,
    FEWER,
    IN_DOUBT,
    NO_RELAY,
    NO_SIGN_IN,
    NO_TLS,
    OUR_CLIENT,
    OUR_NAME,
    OUR_SENDER,
    OVERLOADED,
    QUOTA,
    RECONNECT,
    REFUSED_US,
    REJECTED,
    RENEW,
    RETRY,
    RETRY_ALL,
    SENT,
    SLOW_DOWN,
    STOP,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. `code` and `enhanced` are regular expressions over the whole code, `says` within the text;
    None fits anything. `served`: only on a connection that has taken messages (False: that has taken none). `proven`:
    False fits only while the server has taken no message of this campaign at all.
    """

    phases: frozenset[Phase]
    code: str
    enhanced: str | None
    says: str | None
    verdict: Verdict
    because: str
    served: bool | None = None
    proven: bool | None = None

    def fits(self, phase: Phase, reply: Reply, served: bool, proven: bool = False) -> bool:
        """Say whether this line decides."""
        return (
            phase in self.phases
            and re.fullmatch(self.code, str(reply.code)) is not None
            and (self.enhanced is None or re.fullmatch(self.enhanced, reply.enhanced or "") is not None)
            and (self.says is None or re.search(self.says, reply.text, re.IGNORECASE) is not None)
            and (self.served is None or self.served is served)
            and (self.proven is None or self.proven is (proven or served))
        )


ALL = frozenset(Phase)
SESSION = frozenset({Phase.CONNECT, Phase.EHLO, Phase.STARTTLS, Phase.AUTH})
HELLO = frozenset({Phase.CONNECT, Phase.EHLO})
MESSAGE = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY})
MAIL, RCPT, BODY = frozenset({Phase.MAIL}), frozenset({Phase.RCPT}), frozenset({Phase.BODY})
CONTENT = frozenset({Phase.DATA, Phase.BODY})
LATER = RCPT | CONTENT
FULL = r"4\.(?:3\.[12]|4\.5|5\.3)"

# fmt: off
TABLE = (
    # where       code       enhanced                   says         verdict     because
    Rule(BODY,    "2..",     None,                      None,        SENT,       "the server takes responsibility"),

    # The session.
    Rule(SESSION, "[45]..",  None,                      CONNECTIONS, FEWER,      "too many connections at once"),
    Rule(SESSION, "[45]..",  None,                      DAY,         QUOTA,      "our quota of messages"),
    Rule(HELLO,   "5..",     None,                      A_LIMIT,     OVERLOADED, "no session now, despite the code"),
    Rule(SESSION, "5..",     None,                      None,        STOP,       "no mail from us, TLS, or sign-in"),
    Rule(SESSION, "...",     None,                      None,        OVERLOADED, "no session now"),
    Rule(ALL,     "530",     None,                      SENDER,      OUR_SENDER, "Postal says 530 of the sender"),
    Rule(ALL,     "530",     None,                      TLS_NAMED,   NO_TLS,     "TLS is wanted first"),
    Rule(ALL,     "538",     None,                      None,        NO_TLS,     "RFC 4954: encryption is required"),
    Rule(ALL,     "530",     None,                          None,        NO_SIGN_IN, "sign-in is wanted first"),

    # How much and how fast, whatever the code: the connection, its number, the recipient, the day, the rate.
    Rule(MESSAGE, "[45]..",  None,                      ONE_SESSION, RENEW,      "the session is full", served=True),
    Rule(MESSAGE, "[45]..",  None,                      ONE_SESSION, RECONNECT,  "full before its first message"),
    Rule(RCPT,    "450",     r"4\.3\.2",                None,        RECONNECT,  "postscreen: return", served=False),
    Rule(MESSAGE, "[45]..",  None,                      CONNECTIONS, FEWER,      "too many connections at once"),
    Rule(LATER,   "4..",     None,                      THEIR_RATE,  RETRY,      "the mailbox gets too much now"),
    Rule(LATER,   "5..",     None,                      THEIR_RATE,  REJECTED,   "the mailbox gets too much"),
    Rule(MESSAGE, "5..",     r"5\.1\.90|5\.4\.5",       None,        QUOTA,      "Exchange, Gmail: today's limit"),
    Rule(MESSAGE, "[45]..",  None,                      DAY,         QUOTA,      "our quota of messages"),
    Rule(MESSAGE, "5..",     None,                      HOUR,        QUOTA,      "our quota for the hour"),
    Rule(MESSAGE, "[45]..",  r"[45]\.7\..*",            A_QUOTA,     QUOTA,      "a policy's quota is ours"),
    Rule(MESSAGE, "5..",     r"5\.2\.25[1-3]",          None,        ACCOUNT,    "Exchange: our mailbox, licence"),
    Rule(MESSAGE, "5..",     None,                      SENT_ITEMS,  ACCOUNT,    "Exchange: our Sent Items are full"),
    Rule(MESSAGE, "5..",     None,                      HELD_BACK,   ACCOUNT,    "Exchange, Amazon: in so many words"),
    Rule(MESSAGE, "5..",     None,                      RATE,        SLOW_DOWN,  "our rate, despite the code"),
    Rule(MESSAGE, "5..",     None,                      OUR_LIMIT,   OVERLOADED, "our limit, despite the code"),

    # Our own affair, by code or in so many words. Postfix tells of it at RCPT, others after the message.
    Rule(LATER,   "5..",     r"5\.7\.1[23]\d",          None,        REJECTED,   "Exchange: from some senders only"),
    Rule(LATER,   "5..",     None,                      BLOCKED,     REJECTED,   "the recipient has blocked us"),
    Rule(MESSAGE, "5..",     r"5\.1\.[78]",             None,        OUR_SENDER, "the sender's address is refused"),
    Rule(MESSAGE, "5..",     r"5\.7\.60",               None,        OUR_SENDER, "Exchange: may not send as this"),
    Rule(MESSAGE, "5..",     r"5\.7\.(?:705|708|750)",  None,        ACCOUNT,    "Exchange: our tenant"),
    Rule(MESSAGE, "5..",     r"5\.7\.57",               None,        NO_SIGN_IN, "Exchange: we are not signed in"),
    Rule(MESSAGE, "4..",     r"4\.1\.[78]",             None,        DROPPED,    "the sender can't be verified now"),
    Rule(MESSAGE, "5..",     None,                      NO_LOGIN,    NO_SIGN_IN, "this sender has to sign in"),
    Rule(MESSAGE, "5..|403", None,                      SENDER,      OUR_SENDER, "the sender, in so many words"),
    Rule(MESSAGE, "5..",     None,                      GREETING,    OUR_NAME,   "our name, in so many words"),
    Rule(MESSAGE, "5..",     None,                      CLIENT,      OUR_CLIENT, "our address, in so many words"),
    Rule(MESSAGE, "5..",     None,                      LISTED,      OUR_CLIENT, "our address is listed", proven=False),
    Rule(MESSAGE, "5..",     r"5\.7\.(?:54|64)",        None,        NO_RELAY,   "Exchange: no relaying", proven=False),
    Rule(MESSAGE, "[45]..",  None,                      RELAYING,    NO_RELAY,   "no relaying for us", proven=False),
    Rule(MESSAGE, "5..|450", None,                      TLS_FIRST,   NO_TLS,     "TLS is wanted first", proven=False),
    Rule(MESSAGE, "[45]..",  None,                      SIGN_IN,     NO_SIGN_IN, "sign-in is wanted", proven=False),
    Rule(LATER,   "4..",     None,                      RELAYING,    RETRY_ALL,  "no relaying to this domain"),

    # Nobody's fault: slow down. A session that ends between two messages is none of it (RFC 5321 section 3.8).
    Rule(MESSAGE, "421",     None,                      A_LIMIT,     SLOW_DOWN,  "a rate or a limit is named"),
    Rule(MAIL,    "421",     None,                      None,        RENEW,      "the session ends", served=True),
    Rule(MESSAGE, "421",     None,                      None,        SLOW_DOWN,  "no service for now"),
    Rule(MESSAGE, "4..",     None,                      OUR_LIMIT,   SLOW_DOWN,  "Gmail says 4.2.1 of a relay, too"),
    Rule(MESSAGE, "4..",     None,                      GREYLIST,    RETRY,      "greylisting"),
    Rule(MESSAGE, "4..",     None,                      BAD_SENDER,  OUR_SENDER, "no waiting can change it"),
    Rule(MESSAGE, "4..",     None,                      BAD_NAME,    OUR_NAME,   "no waiting can change it"),
    Rule(LATER,   "4..",     r"4\.[12]\..*",            None,        RETRY,      "the mailbox, for now"),
    Rule(LATER,   "4..",     None,                      MAILBOX,     RETRY,      "the mailbox, for now"),
    Rule(MESSAGE, "4..",     None,                      A_LIMIT,     SLOW_DOWN,  "a rate or a limit is named"),
    Rule(MESSAGE, "4..",     None,                      SENDER,      DROPPED,    "our sender, for now"),
    Rule(MESSAGE, "4..",     None,                      GREETING,    DROPPED,    "our name is not found now"),
    Rule(MESSAGE, "4..",     None,                      CLIENT,      DROPPED,    "our address is not found now"),
    Rule(MESSAGE, "4..",     r"4\.7\.(?:28|[5-9]\d\d)", None,        SLOW_DOWN,  "Gmail, Exchange: our rate"),
    Rule(MESSAGE, "4..",     FULL,                      None,        OVERLOADED, "the server is full or busy"),
    Rule(MESSAGE, "454",     None,                      None,        SLOW_DOWN,  "Amazon's word for throttling"),

    # The sender again, where no more is said; and what of MAIL is the message's.
    Rule(MAIL,    "552",     None,                      None,        REJECTED,   "the message is too large"),
    Rule(MAIL,    "5..",     r"5\.3\.4|5\.6\.7",        None,        REJECTED,   "its size, or an address's letters"),
    Rule(MAIL,    "503",     None,                      None,        DROPPED,    "the session is out of step"),
    Rule(MAIL,    "4..",     None,                      None,        OVERLOADED, "the sender is not taken now"),
    Rule(MAIL,    "5..",     None,                      None,        OUR_SENDER, "the sender is refused"),

    # The recipient.
    Rule(RCPT,    "5..",     None,                      A_SENDER,    REFUSED_US, "a sender: ours, perhaps"),
    Rule(RCPT,    "5..",     r"5\.[124]\..*",           None,        REJECTED,   "no such mailbox, or no way there"),
    Rule(RCPT,    "5..",     r"5\.[57]\..*",            None,        REFUSED_US, "policy, protocol: may well be us"),
    Rule(RCPT,    "50.",     None,                      None,        REFUSED_US, "the command is not understood"),
    Rule(RCPT,    "5..",     None,                      NOT_FOR_US,  REFUSED_US, "the server will not act for us"),
    Rule(RCPT,    "5..",     None,                      None,        REJECTED,   "the recipient is refused"),

    # The message.
    Rule(CONTENT, "5..",     None,                      A_SENDER,    REFUSED_US, "a sender: ours, perhaps"),
    Rule(CONTENT, "5..",     r"5\.[124]\..*|5\.3\.4",   None,        REJECTED,   "the recipient, or the size"),
    Rule(CONTENT, "552",     None,                      None,        REJECTED,   "too large, or the mailbox is full"),
    Rule(CONTENT, "5..",     None,                      None,        REFUSED_US, "the message: perhaps they all are"),
    Rule(LATER,   "4..",     r"4\.3\..*",               None,        RETRY_ALL,  "the server itself is not well"),
    Rule(LATER,   "4..",     None,                      None,        RETRY,      "not now: greylisting and the like"),
)
# fmt: on


def judge(phase: Phase, reply: Reply | None, *, served: bool = False, proven: bool = False) -> Verdict:
    """Give what a reply at `phase` means. None: the connection died while `phase` was due; at BODY, after the body
    may have left (RFC 5321 section 4.5.3.2.6 names the doubt; we give it a name of its own). `served`: the connection
    had taken messages before this one. `proven`: the server has taken a message of this campaign, so that it does
    relay for us, and one that it will not relay is that recipient's matter.
    """
    if reply is None:
        return IN_DOUBT if phase is Phase.BODY else DROPPED
    if phase is Phase.BODY and reply.code == 250:  # nearly every reply of a good run
        return SENT
    for rule in TABLE:
        if rule.fits(phase, reply, served, proven):
            return rule.verdict
    return IN_DOUBT if phase is Phase.BODY else DROPPED

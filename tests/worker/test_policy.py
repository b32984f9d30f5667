"""The policy as a table: (phase, what the server said) → what becomes of the row, the rate and the run."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.model import Phase, Reply
from campaign.smtp.reply.parser import parse_reply
from campaign.worker.policy import (
    DROPPED,
    FEWER,
    IN_DOUBT,
    OVERLOADED,
    REFUSED_US,
    REJECTED,
    RENEW,
    RETRY,
    RETRY_ALL,
    SENT,
    SLOW_DOWN,
    STOP,
    TABLE,
    Action,
    Verdict,
    judge,
)
from tests.worker.test_policy_phrases import LOOK_ALIKES, ONE_RECIPIENT, STOPS

CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY = Phase
FRESH, SERVED = False, True

# What servers really say, by who says it.
CASES: list[tuple[Phase, str, Verdict]] = [
    # Taken.
    (BODY, "250 2.0.0 Ok: queued as 4XyZ", SENT),
    (BODY, "250 Ok 0100018c-000000", SENT),
    (BODY, "251 forwarded", SENT),
    (BODY, "250", SENT),
    # No session: it can't mend itself.
    (CONNECT, "554 5.7.1 Service unavailable; client host blocked", STOP),
    (CONNECT, "550 no", STOP),
    (EHLO, "550 5.7.1 Unwelcome name", STOP),
    (STARTTLS, "500 certificate not trusted", STOP),
    (STARTTLS, "502 STARTTLS is not offered", STOP),
    (AUTH, "535 5.7.8 Authentication credentials invalid", STOP),
    (AUTH, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant", STOP),
    (AUTH, "534 5.7.9 Application-specific password required", STOP),
    (AUTH, "504 not offered", STOP),
    # No session: it may.
    (CONNECT, "421 4.7.0 Too many connections", FEWER),
    (CONNECT, "421 Too many concurrent SMTP connections", FEWER),
    (CONNECT, "450 4.3.2 Not accepting messages now", OVERLOADED),
    (CONNECT, "554 5.7.1 too many connections from your address", FEWER),
    (CONNECT, "554 5.7.1 Too much mail from your address", OVERLOADED),
    (CONNECT, "250 that is no banner", OVERLOADED),
    (EHLO, "451 4.3.0 Local error", OVERLOADED),
    (STARTTLS, "454 4.7.0 TLS not available due to temporary reason", OVERLOADED),
    (AUTH, "454 4.7.0 Temporary authentication failure", OVERLOADED),
    (AUTH, "432 4.3.2 Concurrent connections limit exceeded", FEWER),
    (AUTH, "451 Authentication failed: Maximum credits exceeded", STOP),
    # Sign-in or TLS first.
    (MAIL, "530 5.7.0 Authentication required", STOP),
    (MAIL, "530 5.7.0 Must issue a STARTTLS command first", STOP),
    (RCPT, "538 5.7.11 Encryption required for requested authentication mechanism", STOP),
    (MAIL, "550 5.7.57 Client not authenticated to send mail", STOP),
    (BODY, "554 5.7.57 SMTP; Client was not authenticated", STOP),
    # The sender.
    (MAIL, "550 5.7.1 Sender refused", STOP),
    (MAIL, "553 5.1.8 Domain of sender address does not exist", STOP),
    (MAIL, "550 Unauthenticated senders not allowed", STOP),
    (MAIL, "501 5.1.7 Bad sender address syntax", STOP),
    (MAIL, "555 5.5.4 Unsupported option: SIZE", STOP),
    (RCPT, "550 5.1.8 Sender address rejected: Domain not found", STOP),
    (RCPT, "550 5.1.7 Sender address rejected", STOP),
    (BODY, "550 5.1.8 Access denied, bad outbound sender", STOP),
    (BODY, "554 5.7.60 SMTP; Client does not have permissions to send as this sender", STOP),
    (RCPT, "550 5.7.705 Access denied, tenant has exceeded threshold", STOP),
    (RCPT, "550 5.7.708 Access denied, traffic not accepted from this IP", STOP),
    (RCPT, "450 4.1.8 Sender address rejected: Domain not found", DROPPED),
    (MAIL, "450 4.1.7 Sender address rejected: unverified address", DROPPED),
    (MAIL, "451 4.3.0 Local error", OVERLOADED),
    (MAIL, "450 not now", OVERLOADED),
    (MAIL, "503 5.5.1 Error: nested MAIL command", DROPPED),
    # The sender, in so many words.
    (RCPT, "553 5.7.1 Sender address rejected: not owned by user campaigns", STOP),
    (RCPT, "550 5.1.0 Sender rejected", STOP),
    (BODY, "554 Message rejected: Email address is not verified. The following identities failed", STOP),
    (BODY, "550 The from address does not match a verified Sender Identity", STOP),
    (BODY, "554 5.2.252 SendAsDenied; not allowed to send as", STOP),
    (BODY, "550 5.7.1 Unconfigured Sending Domain <acme.example>", STOP),
    # A sender, but whose? It counts against the run, and one odd recipient can't stop it.
    (RCPT, "550 Message refused, sender is blocked", REFUSED_US),
    (BODY, "554 Message refused, sender is blocked", REFUSED_US),
    # The sender, the name or the address, which the DNS may yet find.
    (MAIL, "451 Sender verify failed for now", DROPPED),
    (RCPT, "450 4.7.1 <mx.acme.example>: Helo command rejected: Host not found", DROPPED),
    (RCPT, "450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]", DROPPED),
    # Our own limits, whatever the code says.
    (BODY, "550 5.4.5 Daily user sending limit exceeded", STOP),
    (RCPT, "550 5.7.1 Daily SMTP relay limit exceeded for customer", STOP),
    (BODY, "550 5.1.90 Your message can't be sent because you've reached your daily limit", STOP),
    (RCPT, "550 Domain acme.example has exceeded the max emails per hour (100/100) allowed", STOP),
    (MAIL, "550 5.7.1 sending quota exceeded", STOP),
    # Slow down: nobody's fault, and no try.
    (BODY, "454 Throttling failure: Maximum sending rate exceeded.", SLOW_DOWN),
    (BODY, "454 Throttling failure: Daily message quota exceeded.", STOP),
    (MAIL, "454 4.7.0 Throttling: rate exceeded", SLOW_DOWN),
    (RCPT, "454 not now", SLOW_DOWN),
    (RCPT, "450 4.7.1 Slow down", SLOW_DOWN),
    (RCPT, "450 4.2.1 Peak SMTP relay limit exceeded for customer", SLOW_DOWN),
    (MAIL, "450 4.7.1 Error: too much mail from 192.0.2.1", SLOW_DOWN),
    (RCPT, "451 4.7.1 Received too many messages from a new or untrusted IP", SLOW_DOWN),
    (RCPT, "450 too frequent connects from 192.0.2.1, please try again later.", SLOW_DOWN),
    (RCPT, "452 4.5.3 Too many recipients received this hour (throttled)", SLOW_DOWN),
    (RCPT, "420 4.7.1 Exceed Sending Limit (Daily)", STOP),
    (BODY, "450 Domain acme.example is not allowed to send: recipient limit exceeded, try again after: 51m", SLOW_DOWN),
    (RCPT, "451 4.7.500 Server busy. Please try again later from [192.0.2.1].", SLOW_DOWN),
    (RCPT, "451 4.7.650 The mail server [192.0.2.1] has been temporarily put off due to IP reputation", SLOW_DOWN),
    (RCPT, "450 4.7.28 Unusual rate of mail", SLOW_DOWN),
    (RCPT, "421 4.3.2 Service shutting down", SLOW_DOWN),
    (BODY, "421 4.7.28 Our system has detected an unusual rate of unsolicited mail", SLOW_DOWN),
    (DATA, "421 try later", SLOW_DOWN),
    (BODY, "451 4.3.2 Too fast", SLOW_DOWN),
    (BODY, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", SLOW_DOWN),
    (MAIL, "452 4.3.1 Insufficient system storage", OVERLOADED),
    (DATA, "452 4.3.1 Insufficient system resources", OVERLOADED),
    (RCPT, "451 4.4.5 Mail system congestion", OVERLOADED),
    (RCPT, "452 4.5.3 Domain policy size per transaction", OVERLOADED),
    # The message itself, as MAIL announces it.
    (MAIL, "552 5.3.4 Message size exceeds fixed limit", REJECTED),
    (MAIL, "552 Too large", REJECTED),
    (MAIL, "554 5.3.4 Message too big for system", REJECTED),
    (MAIL, "550 5.6.7 Non-ASCII address", REJECTED),
    # The recipient, for good.
    (RCPT, "550 5.1.1 No such user", REJECTED),
    (RCPT, "550 No such user here", REJECTED),
    (RCPT, "550", REJECTED),
    (RCPT, "551 User not local; please try elsewhere", REJECTED),
    (RCPT, "553 5.1.3 Bad recipient address syntax", REJECTED),
    (RCPT, "550 5.2.1 The email account that you tried to reach is disabled", REJECTED),
    (RCPT, "552 5.2.2 Mailbox full", REJECTED),
    (RCPT, "550 5.4.1 Recipient address rejected: Access denied", REJECTED),
    (RCPT, "554 5.4.4 Unable to route", REJECTED),
    (RCPT, "556 5.1.10 Recipient address has null MX", REJECTED),
    # No relaying, and nobody has been taken yet. The recipient, but it may well be us.
    (RCPT, "554 5.7.1 <p1@people.example>: Relay access denied", STOP),
    (RCPT, "550 relaying denied", STOP),
    (RCPT, "550 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example", STOP),
    (RCPT, "554 Your reputation is poor", REFUSED_US),
    (RCPT, "550 You are not permitted to send here", REFUSED_US),
    (RCPT, "550 5.7.703 messages are blocked by your organization using Tenant Allow Block List", REFUSED_US),
    (RCPT, "504 5.5.2 <laptop>: Helo command rejected: need fully-qualified hostname", STOP),
    (RCPT, "501 Syntax error", REFUSED_US),
    (RCPT, "503 5.5.1 Bad sequence of commands", REFUSED_US),
    # The recipient, for now.
    (RCPT, "450 4.2.1 Mailbox busy", RETRY),
    (RCPT, "450 4.2.1 The user you are trying to contact is receiving mail too quickly", RETRY),
    (RCPT, "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents", RETRY),
    (RCPT, "452 4.2.2 The email account that you tried to reach is over quota", RETRY),
    (RCPT, "452 mailbox has exceeded its storage limit", RETRY),
    (RCPT, "450 4.1.1 unverified address: connect to mx.people.example: timed out", RETRY),
    (RCPT, "451 4.7.1 Greylisted, try later", RETRY),
    (RCPT, "450 4.2.0 Recipient address rejected: Greylisted", RETRY),
    (RCPT, "451 Greylisting in action, too many attempts, come back in 00:05:00", RETRY),
    (RCPT, "451 4.7.1 Please try again later", RETRY),
    (RCPT, "450 try later", RETRY),
    (RCPT, "451 4.4.1 the recipient's server was temporarily unavailable", RETRY),
    (RCPT, "451 4.4.3 Temporary server error", RETRY),
    (BODY, "451 4.7.1 Try again later", RETRY),
    (BODY, "451 Temporary local problem - please try later", RETRY),
    # The server itself.
    (BODY, "451 4.3.0 Queue file write error", RETRY_ALL),
    (DATA, "451 4.3.0 Local error", RETRY_ALL),
    (RCPT, "451 4.3.5 Server configuration error", RETRY_ALL),
    # The message.
    (BODY, "554 5.7.1 Message refused", REFUSED_US),
    (BODY, "550 5.7.26 This mail is unauthenticated", REFUSED_US),
    (BODY, "554 5.6.0 Message contains a virus", REFUSED_US),
    (BODY, "554", REFUSED_US),
    (DATA, "554 5.5.1 No valid recipients", REFUSED_US),
    (BODY, "552 5.3.4 Message too big", REJECTED),
    (BODY, "554 5.3.4 Message too big", REJECTED),
    (BODY, "552 Quota", REJECTED),
    (BODY, "550 5.1.1 No such user", REJECTED),
    (BODY, "550 5.2.2 Mailbox full", REJECTED),
    # A class that does not agree counts for nothing: these are what they would be without it.
    (RCPT, "550 4.7.1 Refused", REJECTED),
    (RCPT, "450 5.1.1 Perhaps", RETRY),
    (MAIL, "450 5.3.4 Odd", OVERLOADED),
    (BODY, "554 4.2.2 Refused", REFUSED_US),
    (BODY, "250 5.0.0 Odd, but taken", SENT),
]

ON_A_CONNECTION_THAT_HAS_SERVED: list[tuple[Phase, str, Verdict]] = [
    (MAIL, "421 4.7.0 Too many messages on this connection", RENEW),
    (MAIL, "421 Max message per connection reached, closing transmission channel", RENEW),
    (RCPT, "421 too many messages in one session", RENEW),
    (MAIL, "421 4.3.2 Service shutting down", RENEW),
    (MAIL, "421 4.4.2 Timeout", RENEW),
    (MAIL, "421 4.7.0 Try again later, closing connection.", RENEW),
    (MAIL, "421 4.7.0 Too fast", SLOW_DOWN),
    (MAIL, "421 4.7.28 rate limited", SLOW_DOWN),
    (MAIL, "421 Too many concurrent SMTP connections", FEWER),
    (RCPT, "421 4.3.2 Service shutting down", SLOW_DOWN),
    (BODY, "421 4.7.0 Not now", SLOW_DOWN),
    (MAIL, "454 Throttling failure: Maximum sending rate exceeded", SLOW_DOWN),
    (RCPT, "550 5.1.1 No such user", REJECTED),
    (BODY, "250 Ok", SENT),
]

ALL_CASES = [(*case, FRESH) for case in CASES] + [(*case, SERVED) for case in ON_A_CONNECTION_THAT_HAS_SERVED]


def reply(said: str) -> Reply:
    return parse_reply([line.encode() for line in said.split("\n")])


@pytest.mark.parametrize(("phase", "said", "verdict", "served"), ALL_CASES)
def test_the_policy(phase: Phase, said: str, verdict: Verdict, served: bool) -> None:
    assert judge(phase, reply(said), served=served) == verdict


@pytest.mark.parametrize("number", range(len(TABLE)), ids=[f"{rule.code} {rule.because}" for rule in TABLE])
def test_every_line_decides_something(number: int) -> None:
    """A line that no case needs is one that nobody understands, or that another one hides."""
    decided = [
        next(index for index, rule in enumerate(TABLE) if rule.fits(phase, reply(said), served))
        for phase, said, served in [
            *((phase, said, served) for phase, said, _, served in ALL_CASES),
            *((phase, said, FRESH) for phase, said, _ in [*STOPS, *LOOK_ALIKES]),
            *((phase, said, SERVED) for phase, said, _ in ONE_RECIPIENT),
        ]
    ]
    assert number in decided


@pytest.mark.parametrize("phase", Phase)
def test_silence(phase: Phase) -> None:
    assert judge(phase, None) == (IN_DOUBT if phase is BODY else DROPPED)


def test_the_table_has_a_word_for_every_refusal() -> None:
    for phase in Phase:
        for code in range(400, 600):
            said = Reply(code=code, enhanced=None, text="")
            assert any(rule.fits(phase, said, FRESH) for rule in TABLE), (phase, code)


@given(
    st.sampled_from(Phase),
    st.integers(200, 599),
    st.one_of(st.none(), st.from_regex(r"\A[245]\.[0-9]{1,3}\.[0-9]{1,3}\Z")),
    st.text(max_size=60),
    st.booleans(),
)
def test_what_no_reply_can_do(phase: Phase, code: int, enhanced: str | None, text: str, served: bool) -> None:
    if enhanced is not None and int(enhanced[0]) != code // 100:
        enhanced = None
    verdict = judge(phase, Reply(code=code, enhanced=enhanced, text=text), served=served)
    if verdict.action is Action.SENT:
        assert phase is BODY and code // 100 == 2, "accepted without a 2xx after the message"
    if phase is BODY and code // 100 == 2:
        assert verdict == SENT
    if verdict.action is Action.REJECTED:
        assert code // 100 == 5 and phase in (MAIL, RCPT, DATA, BODY), "rejected without a 5xx of its own"
    if verdict.stop:
        assert verdict.action is Action.AGAIN, "somebody was marked for our own fault"
    if phase in (CONNECT, EHLO, STARTTLS, AUTH):
        assert verdict.action is Action.AGAIN, "a row was marked for a session that was not to be had"
    if code // 100 == 4 and not text:
        assert not verdict.stop, "a temporary failure stopped the run at once, and named nothing"
    if verdict.slow:
        assert verdict.action is Action.AGAIN, "throttling used up a try"
    if verdict == RENEW:
        assert served, "a session could be renewed for ever"


def test_it_can_be_read() -> None:
    for rule in TABLE:
        re.compile(rule.code), re.compile(rule.enhanced or ""), re.compile(rule.says or "")
        assert 5 < len(rule.because) < 40


def test_words_are_looked_for_in_a_moment() -> None:
    """Expressions that go back and forth over a hostile text would hold up the run."""
    hostile = ["exceed " * 70, "sender " * 70, "user " * 100, "message " * 60, "rate " * 100, "a" * 500, "daily " * 80]
    hostile += ["recipient " * 50, "relay " * 80, "helo " * 100, "quota " * 80, "domain is " * 50, "concurrent " * 45]
    start = time.thread_time()  # of the processor: others may have it meanwhile
    for text in hostile:
        for code in (421, 450, 550):
            judge(RCPT, Reply(code=code, enhanced=None, text=text[:500]), served=True)
    assert time.thread_time() - start < 1

"""What servers and providers really say, word for word, and what is made of it: whose fault it is, and what follows.

The texts are from the sources of Postfix, Exim, Sendmail, qmail, Haraka, Stalwart and Postal, from the providers'
documentation, and from replies that people have put into public reports; names and addresses are changed.
"""

import pytest

from campaign.model import Phase
from campaign.smtp.reply.parser import parse_reply
from campaign.worker.policy import (
    DROPPED,
    FEWER,
    OVERLOADED,
    RECONNECT,
    REFUSED_US,
    REJECTED,
    RENEW,
    RETRY,
    RETRY_ALL,
    SLOW_DOWN,
    STOP,
    About,
    Verdict,
    judge,
    refusal,
)

CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY = Phase

SENDER, CLIENT, GREETING, RELAYING, SIGN_IN, ENCRYPTION, ACCOUNT, QUOTA = About

# What names the sender, the client, its greeting, relaying or sign-in stops the run at once, whatever phase and code.
STOPS: list[tuple[Phase, str, About]] = [
    # Postfix, smtpd_check.c, with smtpd_delay_reject = yes.
    (RCPT, "553 5.7.1 <hello@acme.example>: Sender address rejected: not owned by user campaigns", SENDER),
    (RCPT, "553 5.7.1 <hello@acme.example>: Sender address rejected: not logged in", SIGN_IN),
    (RCPT, "550 5.1.8 <hello@acme.example>: Sender address rejected: Domain not found", SENDER),
    (RCPT, "550 5.1.0 <hello@acme.example>: Sender address rejected: User unknown in local recipient table", SENDER),
    (RCPT, "554 5.7.1 <hello@acme.example>: Sender address rejected: Access denied", SENDER),
    (RCPT, "504 5.5.2 <hello>: Sender address rejected: need fully-qualified address", SENDER),
    (RCPT, "450 4.5.2 <hello>: Sender address rejected: need fully-qualified address", SENDER),
    (RCPT, "554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied", CLIENT),
    (RCPT, "550 5.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]", CLIENT),
    (RCPT, "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.example", CLIENT),
    (RCPT, "550 5.7.1 Service unavailable; client [192.0.2.7] blocked using zen.example", CLIENT),
    (RCPT, "554 5.7.1 Service unavailable; Sender address [hello@acme.example] blocked using dbl.example", CLIENT),
    (RCPT, "504 5.5.2 <laptop>: Helo command rejected: need fully-qualified hostname", GREETING),
    (RCPT, "450 4.5.2 <laptop>: Helo command rejected: need fully-qualified hostname", GREETING),
    (RCPT, "501 5.5.2 <_x>: Helo command rejected: Invalid name", GREETING),
    (RCPT, "554 5.7.1 <acme.example>: Helo command rejected: Access denied", GREETING),
    (RCPT, "550 5.7.1 <mx.acme.example>: Helo command rejected: Host not found", GREETING),
    (RCPT, "554 5.7.1 <p1@people.example>: Relay access denied", RELAYING),
    (RCPT, "454 4.7.1 <p1@people.example>: Relay access denied", RELAYING),  # the default since Postfix 2.10
    # Exim.
    (RCPT, "550 relay not permitted", RELAYING),
    (RCPT, "550 relay not permitted, authentication required", RELAYING),
    (RCPT, "550 authentication required", SIGN_IN),
    (RCPT, "550 Please authenticate first", SIGN_IN),
    (RCPT, "550 mx.example is not permitted to relay through this server without authentication.", RELAYING),
    (
        RCPT,
        "550-Verification failed for <hello@acme.example>\n550-No Such User Here\n550 Sender verify failed",
        SENDER,
    ),
    # Sendmail, proto.m4.
    (RCPT, "550 5.7.1 <p1@people.example>... Relaying denied", RELAYING),
    (RCPT, "550 5.7.1 <p1@people.example>... Relaying denied. Proper authentication required.", RELAYING),
    (RCPT, "550 5.7.1 <p1@people.example>... Relaying denied. IP name lookup failed [192.0.2.7]", RELAYING),
    (MAIL, "553 5.1.8 <hello@acme.example>... Domain of sender address hello@acme.example does not exist", SENDER),
    # qmail, Haraka, MailEnable, IMail.
    (RCPT, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", RELAYING),
    (RCPT, "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)", SENDER),
    (RCPT, "550 I cannot deliver mail for <p1@people.example>", RELAYING),
    (RCPT, "503 This mail server requires authentication when attempting to send to a non-local address", SIGN_IN),
    (RCPT, "550 not local host people.example, not a gateway", RELAYING),
    # Postal, OpenSMTPD: 530 wherever it comes.
    (BODY, "530 From/Sender name is not valid", SENDER),
    (RCPT, "530 5.7.0 Authentication required", SIGN_IN),
    (MAIL, "530 5.5.1 Invalid command: Must issue an AUTH command first", SIGN_IN),
    # TLS first.
    (MAIL, "530 5.7.0 Must issue a STARTTLS command first", ENCRYPTION),
    (RCPT, "530 5.7.1 TLS required", ENCRYPTION),
    (MAIL, "530 5.7.0 Must issue a STARTTLS command before AUTH", ENCRYPTION),
    (MAIL, "530 5.7.0 Authentication required, over TLS if you like", SIGN_IN),
    (MAIL, "538 5.7.11 Encryption required for requested authentication mechanism", ENCRYPTION),
    (RCPT, "450 4.7.1 Session encryption is required", ENCRYPTION),
    (MAIL, "550 5.7.1 This server requires a TLS connection", ENCRYPTION),
    (MAIL, "554 5.7.0 Encryption required", ENCRYPTION),
    (MAIL, "550 5.7.10 Please use STARTTLS before sending mail", ENCRYPTION),
    # Exchange, Microsoft 365.
    (MAIL, "530 5.7.57 Client not authenticated to send mail", SIGN_IN),
    (MAIL, "550 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", SIGN_IN),
    (RCPT, "550 5.7.64 TenantAttribution; Relay Access Denied", RELAYING),
    (RCPT, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", RELAYING),
    (RCPT, "550 5.7.1 Unable to relay", RELAYING),
    (BODY, "550 5.7.1 Client does not have permissions to send as this sender", SENDER),
    (BODY, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", SENDER),
    (BODY, "554 5.2.252 SendAsDenied; hello@acme.example not allowed to send as news@acme.example", ACCOUNT),
    (BODY, "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", SENDER),
    (BODY, "550 5.2.251 Sender throttled due to continuous mailbox full errors", ACCOUNT),
    (BODY, "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiException", ACCOUNT),
    (BODY, "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message", ACCOUNT),
    (BODY, "554 Access denied: User `arn:aws:iam::1:user/x' is not authorized to perform `ses:SendRawEmail'", ACCOUNT),
    (RCPT, "550 5.7.708 Access denied, traffic not accepted from this IP", ACCOUNT),
    # Gmail's relay.
    (RCPT, "550 5.7.0 Mail relay denied [192.0.2.7]. Invalid credentials for relay", RELAYING),
    (BODY, "550 5.7.1 [192.0.2.7] The IP you're using to send mail is not authorized to send email directly", CLIENT),
    # Providers.
    (
        BODY,
        "554 Message rejected: Email address is not verified. The following identities failed the check in region "
        "EU-WEST-1: hello@acme.example",
        SENDER,
    ),
    (BODY, "550 The from address does not match a verified Sender Identity. Mail cannot be sent until", SENDER),
    (BODY, "403 You are not authorized to send from that email address", SENDER),
    (BODY, "550 The 'From' address you supplied is not a Sender Signature on your account", SENDER),
    (BODY, "550 Sending has been rejected because the sender you used hello@acme.example is not valid", SENDER),
    (BODY, "550 5.7.1 Unconfigured Sending Domain <acme.example>", SENDER),
    (BODY, "450 The acme.example domain is not verified. Please, add and verify your domain", SENDER),
    (BODY, "550 From header sender domain not verified (acme.example)", SENDER),
    (RCPT, "554 Domain sandbox1.acme.example is not allowed to send: Free accounts are for test purposes", SENDER),
    (BODY, "553 Relaying disallowed as hello@acme.example", SENDER),
    (MAIL, "553 Sender is not allowed to relay emails", SENDER),
    (BODY, "551 5.7.1 Not authorised to send from this header address", SENDER),
    (MAIL, "525 5.7.1 Unauthorized IP address", CLIENT),
    # The quota of the day, or of the hour.
    (BODY, "550 5.4.5 Daily user sending quota exceeded. a1 - gsmtp", QUOTA),
    (BODY, "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail", QUOTA),
    (RCPT, "550 5.7.1 Daily SMTP relay limit exceeded for customer", QUOTA),
    (BODY, "454 Throttling failure: Daily message quota exceeded.", QUOTA),
    (BODY, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", QUOTA),
    (BODY, "550 5.1.90 Your message can't be sent because you've reached your daily limit for recipients", QUOTA),
    (RCPT, "450 4.7.1 <p1@people.example>: Recipient address rejected: Policy Rejection- Quota Exceeded.", QUOTA),
    (RCPT, "554 5.7.1 <p1@people.example>: Recipient address rejected: You have exceeded your Outmail quota.", QUOTA),
    (BODY, "552 Message would take you over your relay quota of 500 Current quota used: 487", QUOTA),
    (BODY, "550 User me@acme.example has exceeded its 24-hour sending limit. Messages to 25 recipients", QUOTA),
    (DATA, "554 5.7.1 <DATA>: Data command rejected: only 10 messages per day", QUOTA),
    (RCPT, "420 4.7.1 Exceed Sending Limit (Daily)", QUOTA),
    (RCPT, "550 Domain acme.example has exceeded the max emails per hour (100/100 (100%)) allowed", QUOTA),
    (AUTH, "451 Authentication failed: Maximum credits exceeded", QUOTA),
]

# What looks like it and is not: the recipient's own, what may be either, and what is nobody's.
LOOK_ALIKES: list[tuple[Phase, str, Verdict]] = [
    (RCPT, "550 5.1.1 <p1@people.example>: Recipient address rejected: User unknown", REJECTED),
    (RCPT, "550 5.1.1 <p1@people.example>: Recipient address rejected: undeliverable address: no such user", REJECTED),
    (RCPT, "550 5.4.1 Recipient address rejected: Access denied. [AM1EUR01.example]", REJECTED),  # Microsoft: unknown
    (RCPT, "550 5.2.1 mailbox disabled", REJECTED),
    (RCPT, "552 5.2.2 mailbox full", REJECTED),
    (RCPT, "552 5.2.2 Mailbox has too many messages", REJECTED),
    (RCPT, "550 5.7.1 recipient's mailbox has blocked sender", REJECTED),
    (RCPT, "550 5.7.1 Message rejected: sender blocked by recipient", REJECTED),
    (BODY, "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required", REJECTED),
    (BODY, "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", REJECTED),
    (BODY, "550 5.7.124 Sender not in allowed-senders list", REJECTED),
    (RCPT, "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents", REJECTED),
    (RCPT, "450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend", RETRY),
    (RCPT, "450 4.2.0 <p1@people.example>: Recipient address rejected: Greylisted, see postgrey", RETRY),
    (RCPT, "450 4.7.1 <unknown[192.0.2.7]>: Client host rejected: Greylisted", RETRY),
    # May be us: Debian's submission service says so to whoever is not signed in.
    (RCPT, "554 5.7.1 <p1@people.example>: Recipient address rejected: Access denied", REFUSED_US),
    (RCPT, "504 5.5.2 <p1>: Recipient address rejected: need fully-qualified address", REFUSED_US),
    (RCPT, "550 Administrative prohibition", REFUSED_US),
    (RCPT, "550 Access denied", REFUSED_US),
    (BODY, "550 5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM", REFUSED_US),
    (BODY, "554 5.7.1 Message rated as spam", REFUSED_US),
    (BODY, "550 5.7.1 Message rejected as the sender is blocked", REFUSED_US),
    # Ours, but the DNS may be late: tried again, and never the contact's.
    (RCPT, "450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.7]", DROPPED),
    (RCPT, "450 4.7.25 Client host rejected: cannot find your reverse hostname, [192.0.2.7]", DROPPED),
    (RCPT, "450 4.7.1 <mx.acme.example>: Helo command rejected: Host not found", DROPPED),
    (RCPT, "450 4.1.8 <hello@acme.example>: Sender address rejected: Domain not found", DROPPED),
    (MAIL, "451 4.1.8 Domain of sender address hello@acme.example does not resolve", DROPPED),
    # Our rate.
    (BODY, "550 5.7.0 Requested action not taken: too many emails per second", SLOW_DOWN),
    (RCPT, "550 sorry, too many emails (#5.7.1)", SLOW_DOWN),
    (BODY, "550 5.7.1 Message submission rate for this client has exceeded the configured limit", SLOW_DOWN),
    (RCPT, "450 4.7.1 <mx[192.0.2.7]>: Client host rejected: Please try again slower", SLOW_DOWN),
    (BODY, "454 Throttling failure: Maximum sending rate exceeded.", SLOW_DOWN),
    (MAIL, "452 4.3.2 Connection rate limit exceeded.", SLOW_DOWN),
    (RCPT, "452 4.5.3 Too many recipients received this hour (throttled)", SLOW_DOWN),
    (MAIL, "550 5.7.1 Sending limit exceeded", OVERLOADED),
    # Too many connections.
    (CONNECT, "421 Too many concurrent SMTP connections; please try again later.", FEWER),
    (CONNECT, "421 4.7.0 Too many SMTP sessions for this host", FEWER),
    (AUTH, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending", FEWER),
    (BODY, "432 4.3.2 Concurrent connections limit exceeded.", FEWER),
    (MAIL, "421 Too many connections from your host.", FEWER),
    (MAIL, "554 5.7.1 Too many simultaneous connections from 192.0.2.7", FEWER),
    (MAIL, "421 4.4.5 Service unavailable, concurrency limit reached", FEWER),
    # postscreen, which lets nobody through on the connection on which it has made up its mind.
    (RCPT, "450 4.3.2 Service currently unavailable", RECONNECT),
    (MAIL, "452 4.4.5 Maximum number of messages per session exceeded.", RECONNECT),
]

FULL_SESSIONS = [
    (MAIL, "452 4.4.5 Maximum number of messages per session exceeded."),
    (MAIL, "421 Connection closed by server. Maximum message count per session reached."),
    (BODY, "451-Requested action aborted\n451 Mails per session limit"),
    (MAIL, "421 too many messages in this connection"),
    (MAIL, "452 4.5.3 Too many messages in this session"),
    (RCPT, "550 5.7.0 Too many messages in one session"),
]

ONE_RECIPIENT: list[tuple[Phase, str, Verdict]] = [
    (RCPT, "554 5.7.1 <p1@people.example>: Relay access denied", REFUSED_US),
    (RCPT, "550 relay not permitted", REFUSED_US),
    (RCPT, "550 authentication required", REFUSED_US),
    (RCPT, "454 4.7.1 <p1@people.example>: Relay access denied", RETRY_ALL),
    (RCPT, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", REFUSED_US),
    (RCPT, "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.example", REFUSED_US),
    (RCPT, "550 5.7.64 TenantAttribution; Relay Access Denied", REFUSED_US),
    # The sender, the client and the greeting are the same for everybody.
    (RCPT, "553 5.7.1 <hello@acme.example>: Sender address rejected: not owned by user campaigns", STOP),
    (RCPT, "554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied", STOP),
    (BODY, "550 The from address does not match a verified Sender Identity", STOP),
    (BODY, "550 5.4.5 Daily user sending quota exceeded. a1 - gsmtp", STOP),
]


def made_of(phase: Phase, said: str, *, served: bool = False, proven: bool = False) -> Verdict:
    return judge(phase, parse_reply([line.encode() for line in said.split("\n")]), served=served, proven=proven)


def test_there_are_enough_of_them() -> None:
    assert len(STOPS) >= 60 and len(LOOK_ALIKES) >= 40


@pytest.mark.parametrize(("phase", "said", "about"), STOPS)
def test_what_names_us_stops_the_run_at_once(phase: Phase, said: str, about: About) -> None:
    verdict = made_of(phase, said)
    assert verdict == STOP
    assert verdict.about is about


@pytest.mark.parametrize(("phase", "said", "verdict"), LOOK_ALIKES)
def test_what_only_looks_like_it(phase: Phase, said: str, verdict: Verdict) -> None:
    assert made_of(phase, said) == verdict


@pytest.mark.parametrize(("phase", "said"), FULL_SESSIONS)
def test_a_full_session_is_renewed_whatever_the_code(phase: Phase, said: str) -> None:
    assert made_of(phase, said, served=True) == RENEW
    assert made_of(phase, said) == RECONNECT, "on a connection that has carried nothing, that can't go on for ever"


@pytest.mark.parametrize(("phase", "said", "verdict"), ONE_RECIPIENT)
def test_once_mail_was_taken_no_relaying_is_one_recipients_matter(phase: Phase, said: str, verdict: Verdict) -> None:
    assert made_of(phase, said, proven=True) == verdict
    assert made_of(phase, said, served=True) == verdict, "a connection that has served is proof enough"
    assert made_of(phase, said) == STOP


@pytest.mark.parametrize(
    ("phase", "said", "what", "fix"),
    [
        (RCPT, "554 5.7.1 <p@x.example>: Relay access denied", "refuses to relay for us at RCPT: 554 <p@x", "sign in"),
        (BODY, "554 Email address is not verified", "refuses our sender after the message: 554 Email", "message.from"),
        (
            RCPT,
            "504 5.5.2 <x>: Helo command rejected: need fully",
            "name that we greet it with at RCPT",
            "smtp.ehlo_name",
        ),
        (RCPT, "554 Client host rejected: Access denied", "the address that we connect from at RCPT", "smtp.username"),
        (MAIL, "530 5.7.0 Authentication required", "refuses us without sign-in at MAIL", "CAMPAIGN_SMTP__PASSWORD"),
        (MAIL, "530 Must issue a STARTTLS command first", "us without TLS at MAIL", 'set smtp.security to "starttls"'),
        (BODY, "550 5.2.251 Sender throttled", "refuses our account after the message", "ask whoever runs the server"),
        (BODY, "550 5.4.5 Daily user sending quota exceeded", "our quota for today is used up: 550 Daily", "tomorrow"),
        (RCPT, "550 exceeded the max emails per hour (5/5)", "our quota for this hour is used up", "wait an hour"),
        (AUTH, "451 Maximum credits exceeded", "our quota is used up: 451", "ask the provider"),
        (CONNECT, "554 No", "the server refuses our mail at connect: 554 No", "ask whoever runs"),
    ],
)
def test_a_refusal_says_what_is_refused_and_what_to_do(phase: Phase, said: str, what: str, fix: str) -> None:
    reply = parse_reply([said.encode()])
    error = refusal(judge(phase, reply), phase, reply, where="smtp.host mx.example")
    assert what in error.what
    assert fix in error.fix
    assert error.where == "smtp.host mx.example"

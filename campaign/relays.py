"""Relays that many send through: what they do to a message and its signature, and what they want of the DNS.

In: smtp.host. Out: a `Relay`, or None where nobody here knows the host. Raises nothing. The guide's pages on providers
say more.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """One provider."""

    name: str
    hosts: str
    """A regular expression for smtp.host."""
    include: str
    """What the SPF record of a return path's domain includes, if its mail is to pass."""
    own_return_path: str = ""
    """What to set up so that its return path belongs to From's domain, where it puts its own in place of ours; then our
    domain's SPF is not what an inbox asks for.
    """
    selectors: tuple[str, ...] = ()
    """The DKIM selectors that it uses for every customer's domain."""
    rewritten: frozenset[bytes] = frozenset()
    """The header fields that it writes anew, by their names in lower case: signed, they would break a signature."""
    takes_two_signatures: bool = True
    """Whether it takes a message with two DKIM-Signature fields."""


RELAYS = (
    # https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-spf.html; its developer guide has the rest
    # under "Amazon SES header fields" and "Manual DKIM signing". Hosts of a private network have more in front.
    Relay(
        name="Amazon SES",
        hosts=r"(.+\.)?email-smtp(-fips)?\.[a-z0-9.-]+\.amazonaws\.com(\.cn)?",
        include="amazonses.com",
        own_return_path="a custom MAIL FROM domain",
        rewritten=frozenset({b"date", b"message-id"}),
        takes_two_signatures=False,
    ),
    # https://www.twilio.com/docs/sendgrid/ui/account-and-settings/how-to-set-up-domain-authentication
    Relay(
        name="SendGrid",
        hosts=r"smtp(\.eu)?\.sendgrid\.net",
        include="sendgrid.net",
        own_return_path="domain authentication",
        selectors=("s1", "s2"),
    ),
    # https://postmarkapp.com/developer/api/domains-api: returnPathDomain, a CNAME to pm.mtasv.net
    Relay(
        name="Postmark",
        hosts=r"smtp(-broadcasts)?\.postmarkapp\.com",
        include="spf.mtasv.net",
        own_return_path="a custom Return-Path domain",
    ),
    # https://documentation.mailgun.com/docs/mailgun/user-manual/domains/domains-verify
    Relay(
        name="Mailgun",
        hosts=r"smtp(\.eu)?\.mailgun\.org",
        include="mailgun.org",
        own_return_path="a sending domain of your own",
    ),
    # https://learn.microsoft.com/defender-office-365/email-authentication-spf-configure, …-dkim-configure
    Relay(
        name="Microsoft 365",
        hosts=r"smtp\.office365\.com|[a-z0-9-]+\.mail\.protection\.outlook\.com",
        include="spf.protection.outlook.com",
        selectors=("selector1", "selector2"),
    ),
    # https://support.google.com/a/answer/33786 (SPF), https://support.google.com/a/answer/174124 (DKIM)
    Relay(
        name="Google Workspace",
        hosts=r"smtp(-relay)?\.gmail\.com",
        include="_spf.google.com",
        selectors=("google",),
    ),
)


def relay_of(host: str) -> Relay | None:
    """Give the provider that a host name (lower case) belongs to."""
    return next((relay for relay in RELAYS if re.fullmatch(relay.hosts, host)), None)

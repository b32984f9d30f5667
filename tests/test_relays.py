"""The table of relays: each host is one provider's, and what looks alike is nobody's."""

import pytest

from campaign.relays import RELAYS, relay_of


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("email-smtp.us-east-1.amazonaws.com", "Amazon SES"),
        ("email-smtp.cn-north-1.amazonaws.com.cn", "Amazon SES"),
        ("email-smtp-fips.us-east-1.amazonaws.com", "Amazon SES"),
        ("vpce-0a1b.email-smtp.us-east-1.vpce.amazonaws.com", "Amazon SES"),
        ("smtp.sendgrid.net", "SendGrid"),
        ("smtp.postmarkapp.com", "Postmark"),
        ("smtp.mailgun.org", "Mailgun"),
        ("smtp.office365.com", "Microsoft 365"),
        ("acme-se.mail.protection.outlook.com", "Microsoft 365"),
        ("smtp-relay.gmail.com", "Google Workspace"),
        ("smtp.gmail.com", "Google Workspace"),
    ],
)
def test_a_host_tells_its_provider(host: str, name: str) -> None:
    relay = relay_of(host)
    assert relay is not None and relay.name == name
    assert [one for one in RELAYS if relay_of(host) is one] == [relay]


@pytest.mark.parametrize(
    "host",
    [
        *("", "gmail.com", "smtp.gmail.com.evil.se", "xsmtp.gmail.com", "smtpxgmail.com", "ec2-1.amazonaws.com"),
        *("email-smtp.eu-west-1.amazonaws.com.acme.example", "email-smtp.eu.notamazonaws.com"),
        *("192.0.2.1", "::1", "mail.acme.se"),
    ],
)
def test_what_looks_alike_is_nobodys(host: str) -> None:
    assert relay_of(host) is None

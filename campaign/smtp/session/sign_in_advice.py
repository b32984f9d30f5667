"""What to set where a sign-in fails: by what the server offers, what we have the means for, and what it said.

Takes names of mechanisms and replies, gives words; nothing is raised.
"""

from collections.abc import Collection, Sequence

from campaign.model import Reply
from campaign.smtp.session.mechanisms import BY_PASSWORD, BY_TOKEN, MECHANISMS
from campaign.smtp.session.server import Server

_VARIABLE = "CAMPAIGN_SMTP__PASSWORD"


def no_mechanism_advice(
    server: Server, offered: Sequence[str], means: Collection[str], *, encrypted: bool
) -> tuple[str, str]:
    """Say what is wrong, and what to do, where no mechanism is both offered and possible."""
    unwanted = f"or, if this one wants none, take smtp.{'username' if server.username else 'auth'} away"
    if not offered and not encrypted:
        return (
            "the server offers no sign-in on an open line",
            'set smtp.security to "starttls" or "tls": most servers offer sign-in only after TLS; ' + unwanted,
        )
    if not offered:
        return (
            "the server offers no sign-in",
            "check smtp.port: 25 is for mail between servers, 587 and 465 are for sign-in; " + unwanted,
        )
    listed = ", ".join(offered)
    if server.auth != "auto":
        what = f"the server does not offer the sign-in that smtp.auth asks for, {server.auth}, only {listed}"
        return what, 'set smtp.auth to "auto", or to one of these'
    what = f"the server offers no sign-in that we can use, only {listed}"
    possible = [name for name in MECHANISMS if name in offered]
    if not possible:
        return what, "ask its operator for PLAIN, LOGIN or SCRAM-SHA-256, or check smtp.host and smtp.port"
    ways = [
        (
            BY_PASSWORD,
            f"take smtp.token_command away, and set {_VARIABLE}" if means == BY_TOKEN else f"set {_VARIABLE}",
        ),
        (BY_TOKEN, f'set smtp.auth = "{_setting(possible, BY_TOKEN)}" and smtp.token_command, and unset {_VARIABLE}'),
        ({"EXTERNAL"}, 'set smtp.auth = "external" and smtp.client_cert'),
    ]
    return what, "; or ".join(words for names, words in ways if not set(names).isdisjoint(possible))


def refusal_advice(name: str, reply: Reply) -> str:
    """Say what to do where the server has refused the sign-in by the mechanism `name`."""
    if reply.code < 500:
        return ""
    if reply.code == 538 or (reply.code == 530 and "tls" in reply.text.lower()):  # RFC 4954 section 6, RFC 3207
        return 'set smtp.security to "starttls" or "tls": the server wants TLS before sign-in'
    if reply.code in (504, 534):
        return f"set smtp.auth to another than {name.lower()}, which the server does not take"
    if name in BY_TOKEN:
        return "check smtp.username, and that smtp.token_command prints a token that may send mail for it"
    if name == "EXTERNAL":
        return "check smtp.client_cert, and smtp.username if it is set: the certificate must be known to the server"
    fix = f"check smtp.username and {_VARIABLE}"
    if name in ("SCRAM-SHA-256", "CRAM-MD5"):
        fix += f'; if they are right, the server may be unable to do {name}: try smtp.auth = "plain"'
    return fix


def _setting(possible: Collection[str], names: Collection[str]) -> str:
    return next((name.lower() for name in possible if name in names), "")

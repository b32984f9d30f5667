"""Settings of [smtp] that do not go together, each with a word on which to change.

Takes the section, its values checked one by one; raises `RefusedValueError` for the first conflict.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from campaign.settings.addresses import is_this_machine
from campaign.settings.faults import RefusedValueError

if TYPE_CHECKING:
    from campaign.settings.smtp_section import SmtpSettings

_BY_TOKEN = ("xoauth2", "oauthbearer")


def refuse_conflicts(smtp: "SmtpSettings") -> None:
    """Raise `RefusedValueError` for what does not go together."""
    for setting, problem, fix in _conflicts(smtp):
        raise RefusedValueError(problem, fix=fix, setting=f"smtp.{setting}")


def _conflicts(smtp: "SmtpSettings") -> Iterator[tuple[str, str, str]]:
    """Give the setting to blame, what is wrong, and what to do."""
    named = smtp.username is not None
    if smtp.security == "none":
        if (named or smtp.password or smtp.token_command) and not is_this_machine(smtp.host):
            yield (
                "security",
                'security = "none" would send what signs us in readable by anybody on the way',
                'use security = "starttls" or "tls", or take smtp.username and the password away',
            )
        for setting in ("client_cert", "ca_file"):
            if getattr(smtp, setting) is not None:
                yield setting, 'without TLS (security = "none") it has no use', "take it out, or use TLS"
    if smtp.client_key is not None and smtp.client_cert is None:
        yield "client_key", "its certificate is missing", "set smtp.client_cert as well"
    if smtp.token_command is not None and smtp.password is not None:
        fix = "take smtp.token_command away, or unset CAMPAIGN_SMTP__PASSWORD and CAMPAIGN_SMTP__PASSWORD_FILE"
        yield "token_command", "a password is set as well", fix
    if smtp.token_command is not None and smtp.auth not in ("auto", *_BY_TOKEN):
        fix = 'set smtp.auth to "xoauth2" or "oauthbearer", or take smtp.token_command away'
        yield "auth", f"{smtp.auth} does not sign in by an access token", fix
    if smtp.token_command is not None and not named:
        yield "token_command", "smtp.username is missing", "set it to the address whose mail the token may send"
    if smtp.auth in _BY_TOKEN and smtp.token_command is None:
        fix = "set smtp.token_command to a command that prints one"
        yield "auth", f"{smtp.auth} wants an access token", fix
    if smtp.auth == "external" and smtp.client_cert is None:
        yield "auth", "external is a sign-in by certificate", "set smtp.client_cert, and smtp.client_key"
    if smtp.auth not in ("auto", "external", *_BY_TOKEN) and not named:
        yield "auth", f"{smtp.auth} wants a username", 'set smtp.username, or take smtp.auth away ("auto")'
    if smtp.protocol == "lmtp" and smtp.port == 25:
        yield "port", "25 is for SMTP only (RFC 2033 section 5)", "set the port that the LMTP server has; 24 is usual"

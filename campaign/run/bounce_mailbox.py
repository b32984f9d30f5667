"""The mailbox that bounces come to, as [bounces.mailbox] has it.

In: settings. Out: a `Mailbox`, not opened yet. Raises SettingsError for what is missing or won't do, UsageError for a
command that gives no token.
"""

import shlex
from collections.abc import Callable

from campaign.errors import SettingsError, UsageError
from campaign.settings import Settings
from campaign.settings.sections.mailbox import MailboxSettings
from campaign.settle.mail.reader import Mails
from campaign.settle.mailbox.mailbox import Mailbox
from campaign.settle.mailbox.session import MailboxPlace
from campaign.smtp.session.access_token import TokenCommand, access_token, forget_token
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.tls import client_context

_TOKEN_TIMEOUT = 60.0
_PASSWORD = "CAMPAIGN_BOUNCES__MAILBOX__PASSWORD"  # noqa: S105 - its name


def bounce_mailbox(settings: Settings, mails: Mails) -> Mailbox:
    """Give the mailbox. Open it with `with`. `mails`: who reads what is in it."""
    mailbox = settings.mailbox
    if mailbox.host is None or mailbox.username is None:
        missing = "host" if mailbox.host is None else "username"
        raise SettingsError(
            f"bounces.mailbox.{missing} is missing, and --mailbox reads that mailbox",
            where=str(settings.path),
            fix='write [bounces.mailbox], with host = "imap.acme.example" and username = "bounces" below it: '
            "campaign guide bounces",
        )
    context = None
    if mailbox.security != "none":
        context = client_context(ca_file=mailbox.ca_file, section="bounces.mailbox")
    place = MailboxPlace(
        host=mailbox.host,
        port=mailbox.actual_port,
        security=mailbox.security,
        username=mailbox.username,
        secret=_secret(settings, mailbox),
        by_token=mailbox.token_command is not None,
        context=context,
        folder=mailbox.folder,
        move_to=mailbox.move_to,
    )
    return Mailbox(place, mails)


def _secret(settings: Settings, mailbox: MailboxSettings) -> Callable[[], str]:
    if mailbox.token_command is not None:
        command = TokenCommand(arguments=tuple(shlex.split(mailbox.token_command)), folder=settings.folder)
        return lambda: _token(command)
    password = mailbox.password
    if password is None:
        raise SettingsError(
            "the password of the mailbox is missing",
            where="the environment",
            fix=f"set {_PASSWORD}, or {_PASSWORD}_FILE to the path of a file with it; or bounces.mailbox.token_command",
        )
    return password.get_secret_value


def _token(command: TokenCommand) -> str:
    try:
        token = access_token(command, timeout=_TOKEN_TIMEOUT)
    except SessionError as error:
        raise UsageError(
            f"there is no access token for the mailbox: {error.what}",
            where="bounces.mailbox.token_command",
            fix="run the command by hand, from the folder of campaign.toml: it must print the token and nothing else",
        ) from None
    forget_token(command, token)  # a mailbox is opened seldom, and smtp may have the same command
    return token

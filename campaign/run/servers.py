"""From settings to the servers that mail goes through, and to the keys that they want messages signed with.

Files of TLS and of DKIM keys are read here, so that one that won't do is found before anything begins: each raises
SettingsError. Nothing is connected to.
"""

import shlex
from pathlib import Path

from campaign.dkim import SigningKey, read_key
from campaign.errors import SettingsError
from campaign.relays import relay_of
from campaign.settings import Settings, SmtpSettings
from campaign.smtp.session.access_token import TokenCommand
from campaign.smtp.session.server import Server
from campaign.smtp.session.tls import client_context


def configured_servers(settings: Settings, *, commands_in: Path | None = None) -> tuple[Server, ...]:
    """Give the SMTP servers that the settings name. `commands_in`: the folder that `smtp.token_command` runs in, if not
    the campaign's. Raises SettingsError where a file of their TLS won't do.
    """
    several = len(settings.servers) > 1
    return tuple(
        _server(smtp, commands_in or settings.folder, smtp.name if several else "") for smtp in settings.servers
    )


def configured_server(settings: Settings) -> Server:
    """Give the only one, or the first. Raises SettingsError."""
    return configured_servers(settings)[0]


def _server(smtp: SmtpSettings, folder: Path, name: str) -> Server:
    if smtp.security != "none":
        client_context(ca_file=smtp.ca_file, client_cert=smtp.client_cert, client_key=smtp.client_key)
    arguments = () if smtp.token_command is None else tuple(shlex.split(smtp.token_command))
    return Server(
        name=name,
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        protocol=smtp.protocol,
        ehlo_name=smtp.ehlo_name,
        username=smtp.username,
        password=smtp.password.get_secret_value() if smtp.password else None,
        auth=smtp.auth,
        token_command=TokenCommand(arguments=arguments, folder=folder) if arguments else None,
        ca_file=smtp.ca_file,
        client_cert=smtp.client_cert,
        client_key=smtp.client_key,
        timeout=smtp.timeout.total_seconds(),
    )


def read_signing_keys(settings: Settings) -> tuple[SigningKey, ...]:
    """Read the keys that messages are signed with, and see that they will do. Raises SettingsError."""
    for server in settings.servers if len(settings.dkim) > 1 else ():
        relay = relay_of(server.host)
        if relay is not None and not relay.takes_two_signatures:
            raise SettingsError(
                "this relay refuses a message with two DKIM signatures",
                where=f"[[dkim]], smtp.host {server.host}",
                fix="leave one, with an RSA key, which every inbox can verify",
            )
    return tuple(read_key(key.key_file, domain=key.domain, selector=key.selector) for key in settings.dkim)

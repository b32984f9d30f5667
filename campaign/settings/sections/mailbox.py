"""[bounces.mailbox]: the IMAP mailbox that bounces and complaints come to, for `campaign settle --mailbox`.

Raises RefusedValueError for settings that do not go together. That host, username and password are there is asked for
when the mailbox is: whoever never reads it needs none of them.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, model_validator

from campaign.settings.addresses import is_loopback, smtp_host
from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import FilePath, Number, Text, command, word
from campaign.settings.sections.base import Section

_PORTS = {"tls": 993, "starttls": 143, "none": 143}
"""RFC 8314 section 7.1, RFC 9051 section 2.1."""


def _security_word(value: object) -> object:
    written = word(value)
    if written in ("ssl", "imaps", "ssl/tls"):
        raise RefusedValueError("TLS from the first byte, usually on port 993, is called tls", fix='write "tls"')
    return written


class MailboxSettings(Section):
    """[bounces.mailbox]: where it is, and how to sign in to it."""

    host: Annotated[str, PlainValidator(smtp_host)] | None = Field(
        default=None, description="a host name or an IP address", examples=['"imap.acme.example"']
    )
    port: Annotated[int, Number] | None = Field(
        default=None, ge=1, le=65535, description="a whole number from 1 to 65535", examples=["993"]
    )
    security: Annotated[Literal["tls", "starttls", "none"], BeforeValidator(_security_word)] = Field(
        default="tls", description='"tls", "starttls" or "none"', examples=['"tls"']
    )
    username: Text | None = Field(default=None, description="text", examples=['"bounces"'])
    password: SecretStr | None = Field(default=None, description="a secret")
    token_command: Annotated[str, PlainValidator(command)] | None = Field(
        default=None,
        repr=False,  # people write secrets there
        description="a command that prints an access token",
        examples=['"./access-token.sh"'],
    )
    ca_file: FilePath | None = Field(default=None, description="the path of a PEM file", examples=['"ca.pem"'])
    folder: Text = Field(default="INBOX", description="the name of a folder", examples=['"INBOX"'])
    move_to: Text | None = Field(default=None, description="the name of a folder", examples=['"Settled"'])

    @property
    def actual_port(self) -> int:
        """The port, or the usual one."""
        return self.port if self.port is not None else _PORTS[self.security]

    @model_validator(mode="after")
    def _without_conflicts(self) -> Self:
        for setting, problem, fix in _conflicts(self):
            raise RefusedValueError(problem, fix=fix, setting=f"bounces.mailbox.{setting}")
        return self


def _conflicts(mailbox: MailboxSettings) -> Iterator[tuple[str, str, str]]:
    """Give the setting to blame, what is wrong, and what to do."""
    if mailbox.security == "none":
        if mailbox.host is not None and not is_loopback(mailbox.host):
            yield (
                "security",
                'security = "none" would send what signs us in, and every mail, readable by anybody on the way',
                'use security = "tls" or "starttls"',
            )
        if mailbox.ca_file is not None:
            yield "ca_file", 'without TLS (security = "none") it has no use', "take it out, or use TLS"
    if mailbox.token_command is not None and mailbox.password is not None:
        yield (
            "token_command",
            "a password is set as well",
            "take bounces.mailbox.token_command away, or unset CAMPAIGN_BOUNCES__MAILBOX__PASSWORD and …_FILE",
        )
    if mailbox.move_to is not None and mailbox.move_to == mailbox.folder:
        yield "move_to", "that is the folder that mails are read from", "name another one, or take it out"

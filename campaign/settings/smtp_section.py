"""[smtp]: the server, how to reach it, who we are to it, and how hard to use it.

As in `campaign.settings.sections`, every field says in words what it wants. What does not go together is refused by
`campaign.settings.smtp_conflicts`; whether files are there and will do, `campaign.smtp.tls` says.
"""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, model_validator

from campaign.settings.addresses import smtp_host
from campaign.settings.host_name import own_name
from campaign.settings.section import Section
from campaign.settings.smtp_conflicts import refuse_conflicts
from campaign.settings.values import FilePath, Number, Text, between, command, security_word, word

_MILLISECOND = timedelta(milliseconds=1)

AuthWord = Literal["auto", "plain", "login", "cram-md5", "scram-sha-256", "xoauth2", "oauthbearer", "external"]


class SmtpSettings(Section):
    """[smtp]: the server that messages are handed to."""

    host: Annotated[str, PlainValidator(smtp_host)] = Field(
        description="a host name or an IP address", examples=['"smtp.acme.example"']
    )
    port: Annotated[int, Number] = Field(
        default=587, ge=1, le=65535, description="a whole number from 1 to 65535", examples=["587"]
    )
    security: Annotated[Literal["starttls", "tls", "none"], BeforeValidator(security_word)] = Field(
        default="starttls",
        description='"starttls", "tls" or "none"',
        examples=['"starttls"'],
    )
    protocol: Annotated[Literal["smtp", "lmtp"], BeforeValidator(word)] = Field(
        default="smtp", description='"smtp" or "lmtp"', examples=['"smtp"']
    )
    ehlo_name: Annotated[str, PlainValidator(own_name)] | None = Field(
        default=None, description="the full host name of this machine", examples=['"mailer.acme.example"']
    )
    username: Text | None = Field(default=None, description="text", examples=['"campaigns"'])
    password: SecretStr | None = Field(default=None, description="a secret")
    auth: Annotated[AuthWord, BeforeValidator(word)] = Field(
        default="auto",
        description='"auto", "plain", "login", "cram-md5", "scram-sha-256", "xoauth2", "oauthbearer" or "external"',
        examples=['"auto"'],
    )
    token_command: Annotated[str, PlainValidator(command)] | None = Field(
        default=None,
        repr=False,  # people write secrets there
        description="a command that prints an access token",
        examples=['"./access-token.sh"'],
    )
    ca_file: FilePath | None = Field(default=None, description="the path of a PEM file", examples=['"ca.pem"'])
    client_cert: FilePath | None = Field(default=None, description="the path of a PEM file", examples=['"client.pem"'])
    client_key: FilePath | None = Field(default=None, description="the path of a PEM file", examples=['"client.key"'])
    connections: Annotated[int, Number] = Field(
        default=10, ge=1, le=1000, description="a whole number from 1 to 1000", examples=["10"]
    )
    rate: Annotated[float, Number] | None = Field(
        default=None, gt=0, le=1_000_000, allow_inf_nan=False, description="messages a second, above 0", examples=["50"]
    )
    messages_per_connection: Annotated[int, Number] = Field(
        default=500, ge=1, le=1_000_000, description="a whole number from 1 to 1000000", examples=["500"]
    )
    minutes_per_connection: Annotated[float, Number] = Field(
        default=10.0, gt=0, le=1440, allow_inf_nan=False, description="minutes, above 0 up to 1440", examples=["10"]
    )
    pipelining: Annotated[Literal["auto", "envelope", "off"], BeforeValidator(word)] = Field(
        default="auto", description='"auto", "envelope" or "off"', examples=['"auto"']
    )
    timeout: Annotated[timedelta, between(10 * _MILLISECOND, timedelta(hours=1))] = Field(
        default=timedelta(seconds=60), description="a length of time", examples=['"60s"']
    )

    @property
    def needs_password(self) -> bool:
        """Whether a sign-in is wanted that takes a password: one by token or certificate takes none."""
        if self.username is None or self.token_command is not None or self.auth == "external":
            return False
        return self.auth != "auto" or self.client_cert is None

    @model_validator(mode="after")
    def _in_harmony(self) -> Self:
        refuse_conflicts(self)
        return self

"""[smtp], or [[smtp]] once for each server: how to reach it, who we are to it, and how hard to use it.

Settings that do not go together are refused, the first such pair with a word on which of the two to change. Whether
files are there and will do, `campaign.smtp.session.tls` says.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr, model_validator

from campaign.settings.addresses import is_loopback, smtp_host
from campaign.settings.ehlo_name import ehlo_host_name
from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import FilePath, Number, Text, between, command, security_word, server_name, word
from campaign.settings.sections.base import Section

_MILLISECOND = timedelta(milliseconds=1)

AuthWord = Literal["auto", "plain", "login", "cram-md5", "scram-sha-256", "xoauth2", "oauthbearer", "external"]
_BY_TOKEN = ("xoauth2", "oauthbearer")


class SmtpSettings(Section):
    """[smtp]: the server that messages are handed to."""

    name: Annotated[str, PlainValidator(server_name)] = Field(
        default="", description="a short name for the server", examples=['"ses"']
    )
    """Where there is one server without a name: its host."""
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
    ehlo_name: Annotated[str, PlainValidator(ehlo_host_name)] | None = Field(
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
    daily_limit: Annotated[int, Number] | None = Field(
        default=None, ge=1, le=1_000_000_000, description="messages a day, a whole number above 0", examples=["50000"]
    )
    weight: Annotated[float, Number] | None = Field(
        default=None, gt=0, le=1000, allow_inf_nan=False, description="a number above 0 up to 1000", examples=["3"]
    )
    priority: Annotated[int, Number] = Field(
        default=1, ge=0, le=1000, description="a whole number from 0 to 1000, the lowest first", examples=["2"]
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
    in_flight: Annotated[int, Number] = Field(
        default=1, ge=1, le=64, description="a whole number from 1 to 64", examples=["8"]
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

    @property
    def lacks_password(self) -> bool:
        """Whether it is wanted and not there."""
        return self.needs_password and self.password is None

    @model_validator(mode="after")
    def _without_conflicts(self) -> Self:
        for setting, problem, fix in _conflicts(self):
            raise RefusedValueError(problem, fix=fix, setting=f"smtp.{setting}")
        return self


def _conflicts(smtp: SmtpSettings) -> Iterator[tuple[str, str, str]]:
    """Give the setting to blame, what is wrong, and what to do."""
    named = smtp.username is not None
    if smtp.security == "none":
        if (named or smtp.password or smtp.token_command) and not is_loopback(smtp.host):
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
    if smtp.in_flight > 1 and smtp.pipelining != "auto":
        fix = 'set smtp.pipelining to "auto", or take smtp.in_flight away'
        yield "in_flight", f'with pipelining = "{smtp.pipelining}" each message waits for the one before it', fix
    if smtp.protocol == "lmtp" and smtp.port == 25:
        yield "port", "25 is for SMTP only (RFC 2033 section 5)", "set the port that the LMTP server has; 24 is usual"


def _tables(value: object) -> object:
    """Take one table for a list of one."""
    return [value] if isinstance(value, dict) else value


def _told_apart(servers: tuple[SmtpSettings, ...]) -> tuple[SmtpSettings, ...]:
    """Refuse servers that can't be told apart. Give them in order of priority; one alone is called as its host."""
    if not servers:
        raise RefusedValueError("there is no server", fix="write [smtp], and its host below", setting="smtp.host")
    if len(servers) == 1:
        return (servers[0].model_copy(update={"name": servers[0].name or servers[0].host}),)
    seen: set[str] = set()
    for number, server in enumerate(servers, start=1):
        if not server.name:
            raise RefusedValueError(
                f"[[smtp]] number {number} ({server.host}) has none, and with several servers each needs one",
                fix='write a short word in each: name = "ses"',
                setting="smtp.name",
            )
        if server.name.upper() in seen:
            problem = f"two servers are called {server.name} (case does not count)"
            raise RefusedValueError(problem, fix="give each a name of its own", setting="smtp.name")
        seen.add(server.name.upper())
    return tuple(sorted(servers, key=lambda server: server.priority))


Servers = Annotated[tuple[SmtpSettings, ...], BeforeValidator(_tables), AfterValidator(_told_apart)]
"""One or several, in order of priority."""

"""The sections of `campaign.toml`, one frozen model each.

Every field says in words what it takes (`description`) and how it looks in the file (`examples`): error messages are
made of them, and so can a reference be. Paths are absolute, durations `timedelta`, secrets `SecretStr` or None.
Made by `load_settings`; a model made directly checks its values but reads no file and no environment.
"""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from campaign.settings.addresses import address, host_names, link_domain, mailbox, web_address
from campaign.settings.faults import RefusedValueError
from campaign.settings.section import Section
from campaign.settings.values import (
    FilePath,
    FilePaths,
    Number,
    Text,
    between,
    closing,
    flag,
    opening,
)
from campaign.settings.values import encoding as text_encoding

_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)


class ContactsSettings(Section):
    """[contacts]: who is to be mailed."""

    file: FilePath = Field(description="the path of a CSV file", examples=['"contacts.csv"'])
    email_column: Text = Field(default="email", description="the name of a column", examples=['"email"'])
    suppress: FilePaths = Field(default=(), description="a list of files", examples=['["unsubscribed.csv"]'])
    suppress_lenient: Annotated[bool, PlainValidator(flag)] = Field(
        default=False, description="true or false", examples=["true"]
    )
    encoding: Annotated[str, PlainValidator(text_encoding)] | None = Field(
        default=None, description="the name of a text encoding", examples=['"cp1250"']
    )


class MessageSettings(Section):
    """[message]: what they are mailed, and by whom."""

    template: FilePath = Field(description="the path of a template's folder", examples=['"../templates/login_link"'])
    sender: Annotated[str, PlainValidator(mailbox)] = Field(
        alias="from", description="an address, with or without a name", examples=['"Acme <hello@acme.example>"']
    )
    reply_to: Annotated[str, PlainValidator(mailbox)] | None = Field(
        default=None, description="an address, with or without a name", examples=['"support@acme.example"']
    )
    return_path: str = Field(
        default=None, validate_default=True, description="a bare address", examples=['"bounces@acme.example"']
    )
    unsubscribe_url: Annotated[str, PlainValidator(web_address)] | None = Field(
        default=None,
        description="an https URL, which may be a template",
        examples=['"https://acme.example/unsubscribe?e={{ contact.email | urlencode }}"'],
    )
    unsubscribe_mailto: Annotated[str, PlainValidator(address)] | None = Field(
        default=None, description="a bare address", examples=['"unsubscribe@acme.example"']
    )

    @field_validator("return_path", mode="plain")
    @classmethod
    def _from_the_sender(cls, value: object, info: ValidationInfo) -> str:
        # The sender is absent here only when it was refused itself.
        return _bare(info.data.get("sender", "")) if value is None else address(value)

    @property
    def sender_domain(self) -> str:
        """The domain of `sender`, in ASCII."""
        return self.sender_address.rpartition("@")[2]

    @property
    def sender_address(self) -> str:
        """The bare address of `sender`."""
        return _bare(self.sender)


class WindowSettings(Section):
    """[window]: when to send. Naive times are local to `timezone`; `campaign.window` makes moments of them."""

    opens: Annotated[datetime, PlainValidator(opening)] | None = Field(
        default=None, description="a date and time", examples=["2026-11-23T09:00:00"]
    )
    closes: Annotated[datetime, PlainValidator(closing)] | None = Field(
        default=None, description="a date and time", examples=["2026-11-23T17:00:00"]
    )
    lasts: Annotated[timedelta, between(_SECOND, 3650 * _DAY)] | None = Field(
        default=None, description="a length of time", examples=['"8h"']
    )
    timezone: Text = Field(default="UTC", description="an IANA time zone", examples=['"America/New_York"'])

    @model_validator(mode="after")
    def _ends_once(self) -> Self:
        if self.closes is not None and self.lasts is not None:
            raise RefusedValueError("closes is given as well", fix="keep one of the two", setting="window.lasts")
        return self


class LinkSettings(Section):
    """[link]: where sign-in links lead, and how long they live after the window."""

    domain: Annotated[str, PlainValidator(link_domain)] = Field(
        description="a bare domain name", examples=['"acme.myclickfunnels.com"']
    )
    redirect_to: Annotated[str, PlainValidator(web_address)] | None = Field(
        default=None,
        description="an https URL, which may be a template",
        examples=['"https://acme.myclickfunnels.com/orders"'],
    )
    redirect_hosts: Annotated[tuple[str, ...], BeforeValidator(host_names)] = Field(
        default=(), description="a list of host names", examples=['["shop.acme.example"]']
    )
    grace: Annotated[timedelta, between(_SECOND, 366 * _DAY)] = Field(
        default=timedelta(hours=1), description="a length of time", examples=['"1h"']
    )
    min_lifetime: Annotated[timedelta, between(_SECOND, 366 * _DAY)] = Field(
        default=None,  # half of grace: the validator below fills it in
        validate_default=True,
        description="a length of time",
        examples=['"30m"'],
    )
    secret: SecretStr | None = Field(default=None, description="a secret")

    @field_validator("min_lifetime", mode="before")
    @classmethod
    def _half_of_grace(cls, value: object, info: ValidationInfo) -> object:
        # Grace is absent here only when it was refused itself.
        return info.data.get("grace", timedelta(hours=1)) / 2 if value is None else value

    @model_validator(mode="after")
    def _within_grace(self) -> Self:
        if self.min_lifetime > self.grace:
            raise RefusedValueError(
                "it is longer than link.grace, which is all that a link has where the window never closes",
                fix="make it no longer than link.grace",
                setting="link.min_lifetime",
            )
        return self


class RetrySettings(Section):
    """[retry]: how often and how long to try again, and when to stop the run."""

    tries: Annotated[int, Number] = Field(
        default=5, ge=1, le=100, description="a whole number from 1 to 100", examples=["5"]
    )
    first_wait: Annotated[timedelta, between(_MILLISECOND, _DAY)] = Field(
        default=timedelta(seconds=30), description="a length of time", examples=['"30s"']
    )
    longest_wait: Annotated[timedelta, between(_MILLISECOND, 7 * _DAY)] = Field(
        default=timedelta(minutes=15), description="a length of time", examples=['"15m"']
    )
    stop_after: Annotated[int, Number] = Field(
        default=20, ge=1, le=1_000_000, description="a whole number from 1 to 1000000", examples=["20"]
    )

    @model_validator(mode="after")
    def _waits_grow(self) -> Self:
        if self.longest_wait < self.first_wait:
            raise RefusedValueError(
                "it is shorter than retry.first_wait", fix="make it as long at least", setting="retry.longest_wait"
            )
        return self


class LedgerSettings(Section):
    """[ledger]: where it is on record who was mailed."""

    path: FilePath | None = Field(default=None, description="the path of a file", examples=['"autumn.ledger"'])


class ResultsSettings(Section):
    """[results]: how the results CSV is written."""

    spreadsheet_safe: Annotated[bool, PlainValidator(flag)] = Field(
        default=False, description="true or false", examples=["true"]
    )


def _bare(mailbox: str) -> str:
    return mailbox.rpartition("<")[2].rstrip(">")

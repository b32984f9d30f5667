"""[link]: where sign-in links lead, and how long they live."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, ValidationInfo, field_validator, model_validator

from campaign.settings.addresses import host_names, link_domain, web_address
from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import between
from campaign.settings.sections.base import Section

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


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

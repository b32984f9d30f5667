"""[limits."gmail.com"], once for each recipient domain: how hard mail may come down on it, whatever the server takes.

A domain is that of the address, compared without case, in either of its forms (IDNA 2008); domains below it are others.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from campaign.settings.addresses import full_domain
from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import Number
from campaign.settings.sections.base import Section

_MOST = 1000
"""Domains: each that is at its limit is asked about, again and again."""


class LimitSettings(Section):
    """One recipient domain's."""

    rate: Annotated[float, Number] | None = Field(
        default=None, gt=0, le=1_000_000, allow_inf_nan=False, description="messages a second, above 0", examples=["20"]
    )
    connections: Annotated[int, Number] | None = Field(
        default=None, ge=1, le=1000, description="a whole number from 1 to 1000", examples=["4"]
    )

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.rate is None and self.connections is None:
            raise RefusedValueError(
                "it limits nothing", fix="write rate = 20 or connections = 4 below it, or take it out", quote=False
            )
        return self


def _by_domain(value: object) -> object:
    """Take tables by domain; the domains come out in lower-case ASCII."""
    if not isinstance(value, Mapping):
        return value  # pydantic says what it wants
    found: dict[str, object] = {}
    for written, limit in value.items():
        name = str(written)[:300]
        domain = full_domain(name.strip().removeprefix("@").removesuffix("."))
        if domain is None:
            what = f"{name[:60]!r} is no domain of recipients"
            raise RefusedValueError(what, fix='write it like [limits."gmail.com"]', setting="limits")
        if domain in found:
            what = f"{domain} stands there twice, as {name[:60]!r} as well"
            raise RefusedValueError(what, fix="leave one of the two", setting="limits")
        found[domain] = limit
    if len(found) > _MOST:
        what = f"there are {len(found):,} domains, and {_MOST:,} are the most"
        raise RefusedValueError(what, fix="limit those that need it", setting="limits")
    return found


Limits = Annotated[Mapping[str, LimitSettings], BeforeValidator(_by_domain)]
"""By domain, in lower-case ASCII."""

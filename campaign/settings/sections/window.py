"""[window]: when mail may be sent. Naive times are local to `timezone`; `campaign.window` makes moments of them."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, PlainValidator, model_validator

from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import Text, between, closing, opening
from campaign.settings.sections.base import Section

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


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

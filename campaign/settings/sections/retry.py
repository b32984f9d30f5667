"""[retry]: how often and how long a message is tried again, and after how many failures the run stops."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import Number, between
from campaign.settings.sections.base import Section

_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)


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

"""[window]: when mail may be sent. Naive times are local to `timezone`; `campaign.window` makes moments of them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from campaign.errors import WindowError
from campaign.hours import Hours, parse_days, parse_hours
from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import Number, Text, between, closing, items, opening, word
from campaign.settings.sections.base import Section

_Value = TypeVar("_Value")


def _hours(value: object) -> Hours:
    """Take hours of the day."""
    return value if isinstance(value, Hours) else _read(value, parse_hours, '"09:00-17:00"')


def _days(value: object) -> tuple[int, ...]:
    """Take days of the week; 0 is Monday."""
    return value if isinstance(value, tuple) else tuple(sorted(_read(value, parse_days, '"mon-fri"')))


def _read(value: object, parse: Callable[[str], _Value], example: str) -> _Value:
    if not isinstance(value, str):
        raise RefusedValueError("it must be text", fix=f"write it like {example}")
    try:
        return parse(value)
    except WindowError as error:
        raise RefusedValueError(error.what, fix=error.fix) from None


_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_LONGEST_LADDER = 366

DailyNumber = Annotated[int, Number, Field(ge=1, le=1_000_000_000)]


def ladder(value: object) -> object:
    """Take one number for a list of one; a list that is empty says nothing."""
    if isinstance(value, int) or (isinstance(value, str) and value.strip().isdecimal()):
        return (value,)
    steps = items(value, kind="numbers", example="[500, 1000, 2000]")
    if not steps:
        raise RefusedValueError("it is empty", fix="write [500, 1000, 2000], or take it out")
    if len(steps) > _LONGEST_LADDER:
        raise RefusedValueError(f"it has more than {_LONGEST_LADDER} steps", fix="make it shorter: the last holds on")
    return steps


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
    hours: Annotated[Hours, PlainValidator(_hours)] | None = Field(
        default=None, description="hours of the day", examples=['"09:00-17:00"']
    )
    days: Annotated[tuple[int, ...], PlainValidator(_days)] | None = Field(
        default=None, description="days of the week", examples=['"mon-fri"']
    )
    pace: Annotated[Literal["fast", "spread"], BeforeValidator(word)] = Field(
        default="fast", description='"fast" or "spread"', examples=['"spread"']
    )
    daily_limit: Annotated[tuple[DailyNumber, ...], BeforeValidator(ladder)] | None = Field(
        default=None,
        description="messages a day: a whole number above 0, or a list of them, day by day",
        examples=["[500, 1000, 2000]"],
    )
    """The last of several holds on."""
    timezone: Text = Field(default="UTC", description="an IANA time zone", examples=['"America/New_York"'])

    @model_validator(mode="after")
    def _ends_once(self) -> Self:
        if self.closes is not None and self.lasts is not None:
            raise RefusedValueError("closes is given as well", fix="keep one of the two", setting="window.lasts")
        return self

    @model_validator(mode="after")
    def _ends_if_it_is_spread(self) -> Self:
        if self.pace == "spread" and self.closes is None and self.lasts is None:
            fix = 'set window.closes or window.lasts, or take pace away ("fast")'
            raise RefusedValueError("there is no end to spread the mail until", fix=fix, setting="window.pace")
        return self

"""[results]: how the results CSV is written."""

from typing import Annotated

from pydantic import Field, PlainValidator

from campaign.settings.field_types import flag
from campaign.settings.sections.base import Section


class ResultsSettings(Section):
    """[results]: how the results CSV is written."""

    spreadsheet_safe: Annotated[bool, PlainValidator(flag)] = Field(
        default=False, description="true or false", examples=["true"]
    )

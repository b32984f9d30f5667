"""[contacts]: the file of those who are to be mailed, and the lists of those who are not."""

from typing import Annotated

from pydantic import Field, PlainValidator

from campaign.settings.field_types import FilePath, FilePaths, Text, flag
from campaign.settings.field_types import encoding as text_encoding
from campaign.settings.sections.base import Section


class ContactsSettings(Section):
    """[contacts]: who is to be mailed."""

    file: FilePath = Field(description="the path of a CSV file", examples=['"contacts.csv"'])
    email_column: Text = Field(default="email", description="the name of a column", examples=['"email"'])
    suppress: FilePaths = Field(default=(), description="a list of files", examples=['["unsubscribed.csv"]'])
    suppress_lenient: Annotated[bool, PlainValidator(flag)] = Field(
        default=False, description="true or false", examples=["true"]
    )
    timezone_column: Text | None = Field(default=None, description="the name of a column", examples=['"timezone"'])
    encoding: Annotated[str, PlainValidator(text_encoding)] | None = Field(
        default=None, description="the name of a text encoding", examples=['"cp1250"']
    )

"""[ledger]: where it is on record who was mailed."""

from pydantic import Field

from campaign.settings.field_types import FilePath
from campaign.settings.sections.base import Section


class LedgerSettings(Section):
    """[ledger]: where it is on record who was mailed."""

    path: FilePath | None = Field(default=None, description="the path of a file", examples=['"autumn.ledger"'])
